/**
 * What `lifecycle/drift` keeps: a baseline is the values in rising order, 8 bytes each; windows are what was recorded since
 * and not yet judged at every size. Times are milliseconds since the epoch.
 */
export const DRIFT_TABLES: readonly string[] = [
  `CREATE TABLE drift_streams (
    type TEXT NOT NULL, feature TEXT NOT NULL, models TEXT NOT NULL, source TEXT NOT NULL, baseline BLOB NOT NULL,
    windows BLOB, revision INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
    PRIMARY KEY (type, feature)) STRICT`,
  `CREATE TABLE drift_alerts (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, feature TEXT NOT NULL, severity TEXT NOT NULL,
    detected_ms INTEGER NOT NULL, alert TEXT NOT NULL) STRICT`,
  'CREATE INDEX drift_alerts_by_time ON drift_alerts (detected_ms, seq)',
  'CREATE TABLE drift_totals (severity TEXT PRIMARY KEY, alerts INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE TABLE drift_credit (id INTEGER PRIMARY KEY, alarms REAL NOT NULL, at_ms INTEGER NOT NULL) STRICT',
];
