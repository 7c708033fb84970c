/** Registered models, their versions, the evidence and the log of changes. Times are milliseconds since the epoch. */
export const MODEL_TABLES: readonly string[] = [
  `CREATE TABLE models (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, policy TEXT NOT NULL, description TEXT, deployment_job_id TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, last_number INTEGER NOT NULL) STRICT`,
  `CREATE TABLE model_tags (
    model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (model, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE versions (
    id TEXT PRIMARY KEY, model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    version TEXT, status TEXT NOT NULL, health TEXT NOT NULL, source TEXT NOT NULL, origin TEXT NOT NULL,
    algorithm TEXT NOT NULL, framework TEXT NOT NULL, description TEXT, metrics TEXT NOT NULL, parameters TEXT NOT NULL,
    training TEXT, lineage TEXT, run_id TEXT NOT NULL, run_link TEXT NOT NULL, logged_model_id TEXT, user_id TEXT,
    file_hash TEXT, file_bytes INTEGER NOT NULL, manifest TEXT, signature BLOB,
    created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
    UNIQUE (model, number), UNIQUE (model, version)) STRICT`,
  'CREATE INDEX versions_by_status ON versions (model, status, number)',
  'CREATE INDEX versions_by_time ON versions (updated_ms)',
  'CREATE INDEX versions_by_run ON versions (run_id)',
  `CREATE TABLE version_tags (
    version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (version, key)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE version_files (
    version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE, name TEXT NOT NULL, sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL, PRIMARY KEY (version, name)) STRICT, WITHOUT ROWID`,
  'CREATE INDEX version_files_by_hash ON version_files (sha256)',
  `CREATE TABLE aliases (
    model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE, alias TEXT NOT NULL,
    version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE, PRIMARY KEY (model, alias)) STRICT, WITHOUT ROWID`,
  'CREATE INDEX aliases_by_version ON aliases (version)',
  `CREATE TABLE evidence (
    id INTEGER PRIMARY KEY, version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE, kind TEXT NOT NULL,
    passed INTEGER NOT NULL, summary TEXT NOT NULL, report TEXT NOT NULL, actor TEXT NOT NULL,
    created_ms INTEGER NOT NULL) STRICT`,
  'CREATE INDEX evidence_by_version ON evidence (version, kind)',
  `CREATE TABLE promotions (
    id INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    version TEXT NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    replaced TEXT REFERENCES versions (id) ON DELETE SET NULL, undone INTEGER NOT NULL) STRICT`,
  'CREATE INDEX promotions_by_model ON promotions (model, undone, id)',
  `CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    reason TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, hash TEXT NOT NULL) STRICT`,
  'CREATE INDEX audit_by_subject ON audit (subject, seq)',
  `CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, signature BLOB NOT NULL) STRICT`,
];
