/** What `lifecycle/online` keeps. Times are milliseconds since the epoch. */
export const ONLINE_TABLES: readonly string[] = [];
