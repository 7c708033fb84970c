/**
 * API keys: of the secret only its hash. Directories of earlier versions may have the table already, because the server
 * made it itself; its columns are the same.
 */
export const KEY_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, models TEXT, hash BLOB NOT NULL,
    created_ms INTEGER NOT NULL)`,
];
