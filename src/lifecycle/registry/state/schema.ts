import type { DatabaseSync } from 'node:sqlite';
import { PilotfishError } from '../../../base/index.ts';
import { DRIFT_TABLES } from './drift-tables.ts';
import { EXPERIMENT_TABLES } from './experiment-tables.ts';
import { KEY_TABLES } from './key-tables.ts';
import { MODEL_TABLES } from './model-tables.ts';
import { ONLINE_TABLES } from './online-tables.ts';
import { OPERATIONS_TABLES } from './operations-tables.ts';
import { ROLLOUT_TABLES } from './rollout-tables.ts';
import { TRACKING_TABLES } from './tracking-tables.ts';
import { SEALED_SECRETS, WEBHOOK_TABLES } from './webhook-tables.ts';

/** `PFRG` in ASCII. */
const APPLICATION_ID = 0x50465247;

/** Step n brings a state of version n to version n + 1. Steps are added at the end; those released never change. */
const STEPS: readonly (readonly string[])[] = [
  MODEL_TABLES,
  TRACKING_TABLES,
  WEBHOOK_TABLES,
  [
    ...EXPERIMENT_TABLES,
    ...ROLLOUT_TABLES,
    ...DRIFT_TABLES,
    ...ONLINE_TABLES,
    ...KEY_TABLES,
    ...SEALED_SECRETS,
    ...OPERATIONS_TABLES,
  ],
];

/** The version this program writes. */
export const STATE_VERSION: number = STEPS.length;

/**
 * Makes the tables, or those an older version lacks. `upTo` is for tests of that.
 * @throws PilotfishError `DAMAGED` for another application's file, `NEWER_VERSION`.
 */
export function prepareSchema(db: DatabaseSync, upTo: number = STATE_VERSION): void {
  // Looked at before anything is changed: the path may be a mistake, and the file someone else's.
  versionOf(db);
  db.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
  try {
    for (const step of STEPS.slice(versionOf(db), upTo)) for (const sql of step) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${upTo}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** 0 for an empty file. */
function versionOf(db: DatabaseSync): number {
  const pragma = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (tables === 0) return 0;
  if (pragma('application_id') !== APPLICATION_ID) {
    throw new PilotfishError('DAMAGED', 'this is no registry of Pilotfish: name another file');
  }
  const version = pragma('user_version');
  if (version <= STATE_VERSION) return version;
  throw new PilotfishError('NEWER_VERSION', `this registry is of version ${version}: update Pilotfish`);
}
