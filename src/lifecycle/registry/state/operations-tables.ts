/**
 * What is told to a server from outside: alerts that were acted upon, and rows that were sent in bulk. Times are
 * milliseconds since the epoch.
 */
export const OPERATIONS_TABLES: readonly string[] = [
  // `version`: what was in production when the alert was first told.
  `CREATE TABLE alert_actions (
    fingerprint TEXT NOT NULL, starts_ms INTEGER NOT NULL, alert TEXT NOT NULL, model TEXT NOT NULL,
    action TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, version TEXT, time_ms INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, starts_ms)) STRICT`,
  // `definition`: what a row of the source must be, as JSON.
  `CREATE TABLE ingest_sources (
    name TEXT PRIMARY KEY, definition TEXT NOT NULL, rows INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT`,
  // `kind`: sample, features or outcome; features and the outcome of the same id are a sample. `is_right` and the
  // costs: of a decision that was judged, by the version of the model that made it.
  `CREATE TABLE ingest_rows (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    version TEXT, is_right INTEGER, cost REAL, rule_cost REAL, time_ms INTEGER NOT NULL, UNIQUE (source, kind, id)) STRICT`,
  'CREATE INDEX ingest_rows_by_source ON ingest_rows (source, seq)',
  'CREATE INDEX ingest_rows_judged ON ingest_rows (source, seq) WHERE is_right IS NOT NULL',
];
