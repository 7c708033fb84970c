/** What `lifecycle/drift` keeps. Times are milliseconds since the epoch. */
export const DRIFT_TABLES: readonly string[] = [];
