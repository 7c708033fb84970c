/** What `lifecycle/rollout` keeps. Times are milliseconds since the epoch. */
export const ROLLOUT_TABLES: readonly string[] = [];
