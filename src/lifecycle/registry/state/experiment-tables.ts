/** What `lifecycle/experiments` keeps. Times are milliseconds since the epoch. */
export const EXPERIMENT_TABLES: readonly string[] = [];
