/** What `lifecycle/online` and `lifecycle/jobs` keep. Times are milliseconds since the epoch. */
export const ONLINE_TABLES: readonly string[] = [
  `CREATE TABLE work_jobs (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, request TEXT NOT NULL, priority REAL NOT NULL, dedupe_key TEXT,
    status TEXT NOT NULL, token INTEGER NOT NULL, worker TEXT, lease_until_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL, result TEXT, error TEXT, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL) STRICT`,
  'CREATE INDEX work_jobs_by_status ON work_jobs (status, due_ms)',
  'CREATE INDEX work_jobs_by_key ON work_jobs (dedupe_key)',
  `CREATE TABLE online_pipelines (
    id TEXT PRIMARY KEY, settings TEXT NOT NULL, status TEXT NOT NULL, error TEXT, failures INTEGER NOT NULL,
    retry_ms INTEGER NOT NULL, last_seq INTEGER NOT NULL, carried_seq INTEGER NOT NULL, origin TEXT NOT NULL,
    origin_seq INTEGER NOT NULL, checkpoint TEXT NOT NULL, checkpoint_seq INTEGER NOT NULL,
    duplicates INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT`,
  `CREATE TABLE online_events (
    pipeline TEXT NOT NULL REFERENCES online_pipelines (id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    time_ms INTEGER NOT NULL, kind TEXT NOT NULL, sample_id TEXT, body TEXT NOT NULL,
    PRIMARY KEY (pipeline, seq)) STRICT, WITHOUT ROWID`,
  'CREATE UNIQUE INDEX online_events_by_sample ON online_events (pipeline, kind, sample_id)',
  `CREATE TABLE online_updates (
    pipeline TEXT NOT NULL REFERENCES online_pipelines (id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    number INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, report TEXT NOT NULL,
    created_ms INTEGER NOT NULL, PRIMARY KEY (pipeline, seq, number)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE online_policies (
    id TEXT PRIMARY KEY, settings TEXT NOT NULL, snapshot BLOB NOT NULL, choices INTEGER NOT NULL,
    explored INTEGER NOT NULL, rewarded INTEGER NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT`,
  `CREATE TABLE online_choices (
    policy TEXT NOT NULL REFERENCES online_policies (id) ON DELETE CASCADE, seq INTEGER NOT NULL,
    context TEXT NOT NULL, legal TEXT, arm INTEGER NOT NULL, propensity REAL NOT NULL, reward REAL,
    time_ms INTEGER NOT NULL, rewarded_ms INTEGER, PRIMARY KEY (policy, seq)) STRICT, WITHOUT ROWID`,
];
