/** Events as they happened, who wants to hear of them, and what is still to be told. */
export const WEBHOOK_TABLES: readonly string[] = [
  `CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, entity TEXT NOT NULL, action TEXT NOT NULL,
    data TEXT NOT NULL) STRICT`,
  `CREATE TABLE webhooks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL, description TEXT, secret TEXT,
    status TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT`,
  `CREATE TABLE deliveries (
    id TEXT PRIMARY KEY, event INTEGER NOT NULL, webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    body TEXT NOT NULL, attempts INTEGER NOT NULL, due_ms INTEGER NOT NULL, status TEXT NOT NULL, outcome TEXT NOT NULL)
    STRICT`,
  'CREATE INDEX deliveries_by_due ON deliveries (status, due_ms)',
];

/** Secrets that are sealed with the key of the artefacts, where there is one. */
export const SEALED_SECRETS: readonly string[] = ['ALTER TABLE webhooks ADD COLUMN sealed_secret BLOB'];
