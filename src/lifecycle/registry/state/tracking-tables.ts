/** Experiments, runs and what they logged. A metric that is no number has `is_nan` 1 and value 0. */
export const TRACKING_TABLES: readonly string[] = [
  `CREATE TABLE experiments (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, artifact_location TEXT NOT NULL, lifecycle_stage TEXT NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT`,
  `CREATE TABLE experiment_tags (
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (experiment, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE runs (
    id TEXT PRIMARY KEY, experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE, name TEXT NOT NULL,
    user_id TEXT NOT NULL, status TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER, artifact_uri TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL, deleted_ms INTEGER) STRICT`,
  'CREATE INDEX runs_by_experiment ON runs (experiment, start_ms, id)',
  `CREATE TABLE run_tags (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE params (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE metrics (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, key TEXT NOT NULL, timestamp_ms INTEGER NOT NULL,
    step INTEGER NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL, model_id TEXT,
    PRIMARY KEY (run, key, timestamp_ms, step, value, is_nan)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE latest_metrics (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, key TEXT NOT NULL, timestamp_ms INTEGER NOT NULL,
    step INTEGER NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL,
    PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE datasets (
    id INTEGER PRIMARY KEY, experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE, name TEXT NOT NULL,
    digest TEXT NOT NULL, source_type TEXT NOT NULL, source TEXT NOT NULL, schema TEXT, profile TEXT,
    UNIQUE (experiment, name, digest)) STRICT`,
  `CREATE TABLE run_inputs (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, dataset INTEGER NOT NULL REFERENCES datasets (id),
    tags TEXT NOT NULL, context TEXT NOT NULL, PRIMARY KEY (run, dataset)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE run_models (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, direction TEXT NOT NULL, model_id TEXT NOT NULL,
    step INTEGER NOT NULL, PRIMARY KEY (run, direction, model_id)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE logged_models (
    id TEXT PRIMARY KEY, experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE, name TEXT NOT NULL,
    model_type TEXT NOT NULL, status TEXT NOT NULL, status_message TEXT NOT NULL, source_run_id TEXT NOT NULL,
    artifact_uri TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
    lifecycle_stage TEXT NOT NULL) STRICT`,
  'CREATE INDEX logged_models_by_experiment ON logged_models (experiment, created_ms, id)',
  `CREATE TABLE logged_model_tags (
    model TEXT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (model, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE logged_model_params (
    model TEXT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (model, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE logged_model_metrics (
    model TEXT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE, key TEXT NOT NULL, run TEXT NOT NULL,
    dataset_name TEXT NOT NULL, dataset_digest TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, step INTEGER NOT NULL,
    value REAL NOT NULL, is_nan INTEGER NOT NULL,
    PRIMARY KEY (model, key, run, dataset_name, dataset_digest, timestamp_ms, step)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE artifacts (
    root TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    PRIMARY KEY (root, path)) STRICT, WITHOUT ROWID`,
  'CREATE INDEX artifacts_by_hash ON artifacts (sha256)',
  "INSERT INTO experiments VALUES (0, 'Default', '', 'active', 0, 0)",
];
