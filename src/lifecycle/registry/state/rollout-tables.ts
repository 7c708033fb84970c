/**
 * What `lifecycle/rollout` keeps. `control` says where a rollout stands, `evidence` what was observed; `token` names who
 * feeds it, and grows whenever another takes over; `told` is what the registry knows of its end. Times are milliseconds
 * since the epoch.
 */
export const ROLLOUT_TABLES: readonly string[] = [
  `CREATE TABLE rollouts (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, model TEXT NOT NULL, version INTEGER NOT NULL, phase TEXT NOT NULL,
    plan TEXT NOT NULL, control TEXT NOT NULL, evidence TEXT NOT NULL, revision INTEGER NOT NULL, token INTEGER NOT NULL,
    is_attached INTEGER NOT NULL, told TEXT NOT NULL, salt TEXT NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL) STRICT`,
  'CREATE INDEX rollouts_by_model ON rollouts (model, seq)',
  `CREATE TABLE rollout_events (
    rollout TEXT NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE, seq INTEGER NOT NULL, time_ms INTEGER NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (rollout, seq)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE rollout_batches (
    rollout TEXT NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE, id TEXT NOT NULL, time_ms INTEGER NOT NULL,
    PRIMARY KEY (rollout, id)) STRICT, WITHOUT ROWID`,
];
