/**
 * What `lifecycle/experiments` keeps; MLflow's experiments are another thing. Times are milliseconds since the epoch,
 * units and records are known by hashes, arms and metrics by their place in the definition, which never changes.
 */
export const EXPERIMENT_TABLES: readonly string[] = [
  `CREATE TABLE ab_experiments (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, definition TEXT NOT NULL,
    coverage REAL NOT NULL, note TEXT NOT NULL, created_ms INTEGER NOT NULL, started_ms INTEGER, ended_ms INTEGER,
    updated_ms INTEGER NOT NULL, records INTEGER NOT NULL, split TEXT NOT NULL, horizon TEXT) STRICT`,
  'CREATE INDEX ab_experiments_by_status ON ab_experiments (status, seq)',
  `CREATE TABLE ab_records (
    experiment INTEGER NOT NULL REFERENCES ab_experiments (seq) ON DELETE CASCADE, id BLOB NOT NULL,
    content BLOB NOT NULL, PRIMARY KEY (experiment, id)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE ab_units (
    experiment INTEGER NOT NULL REFERENCES ab_experiments (seq) ON DELETE CASCADE, unit BLOB NOT NULL,
    arm INTEGER NOT NULL, metric INTEGER NOT NULL, treated INTEGER NOT NULL, numerator REAL NOT NULL,
    denominator REAL NOT NULL, PRIMARY KEY (experiment, unit, arm, metric, treated)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE ab_sums (
    experiment INTEGER NOT NULL REFERENCES ab_experiments (seq) ON DELETE CASCADE, arm INTEGER NOT NULL,
    metric INTEGER NOT NULL, treated INTEGER NOT NULL, units INTEGER NOT NULL, numerator REAL NOT NULL,
    denominator REAL NOT NULL, numerator_m2 REAL NOT NULL, denominator_m2 REAL NOT NULL, comoment REAL NOT NULL,
    PRIMARY KEY (experiment, arm, metric, treated)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE ab_bins (
    experiment INTEGER NOT NULL REFERENCES ab_experiments (seq) ON DELETE CASCADE, arm INTEGER NOT NULL,
    metric INTEGER NOT NULL, treated INTEGER NOT NULL, bin INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (experiment, arm, metric, treated, bin)) STRICT, WITHOUT ROWID`,
];
