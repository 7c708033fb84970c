import { type Clock, PilotfishError } from '../../../base/index.ts';
import type { AuditLog, Change } from '../audit/log.ts';
import type { RegistryState, Sql } from '../state/port.ts';
import type { ArtefactStore } from './store.ts';

type GarbagePorts = {
  readonly state: RegistryState;
  readonly store: ArtefactStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
};

/** What was deleted, or would be. */
export type GarbageReport = { readonly files: number; readonly bytes: number };

export type GarbageOptions = Change & {
  /** Only counts. */
  readonly isDryRun?: boolean;
  readonly signal?: AbortSignal;
};

/** A file that was stored, or stored again, within this time may be about to be named. */
const GRACE_MS = 3_600_000;
/** Files of one transaction: others may write in between. */
const BATCH = 200;
/** Whoever names a file of the store. */
const NAMED = 'SELECT sha256 FROM version_files UNION SELECT sha256 FROM artifacts';
const IS_NAMED = `SELECT sha256 FROM version_files WHERE sha256 = ?
  UNION ALL SELECT sha256 FROM artifacts WHERE sha256 = ? LIMIT 1`;

/**
 * Deletes files that no version, run or logged model names, and whose last upload was an hour ago. It looks once more within
 * the transaction that deletes: whoever wants to name one of them comes before, or learns that it is gone.
 * @throws PilotfishError `REFUSED` where another registry keeps files in the same folder; `LOCKED` while uploads or backups
 * are under way; `INTERRUPTED`, `IO`.
 */
export async function collectGarbage(ports: GarbagePorts, options: GarbageOptions): Promise<GarbageReport> {
  const { state, store } = ports;
  const { isDryRun = false, signal, ...change } = options;
  store.uploads.removeStale();
  refuseOthers(store);
  refuseUploads(store);
  const rows = await state.read((sql) => sql.all(NAMED));
  const named = new Set(rows.map((row) => String(row['sha256'])));
  const found = store.list().filter((sha256) => !named.has(sha256) && isOld(ports, sha256));
  if (isDryRun) return total(found.map((sha256) => store.stat(sha256)?.bytes ?? 0));
  const deleted: number[] = [];
  for (let at = 0; at < found.length; at += BATCH) {
    if (signal?.aborted === true)
      throw new PilotfishError('INTERRUPTED', 'collecting was stopped: run it again for the rest');
    deleted.push(
      ...(await state.write((sql) => deleteUnnamed(ports, sql, [found.slice(at, at + BATCH), change]))),
    );
  }
  return total(deleted);
}

const total = (sizes: readonly number[]): GarbageReport => ({
  files: sizes.length,
  bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
});

/** What nobody here names may be named there. */
function refuseOthers({ owners: { others } }: ArtefactStore): void {
  if (others.length > 0)
    throw new PilotfishError(
      'REFUSED',
      `other registries have used this folder of artefacts (${others.join(', ')}): give each its own; of one that is gone delete the file of its id in owners/`,
    );
}

function refuseUploads({ uploads }: ArtefactStore): void {
  if (uploads.areUnderWay)
    throw new PilotfishError(
      'LOCKED',
      'uploads or a backup are under way, or were cut off within a day: try again later',
    );
}

function isOld({ store, clock }: GarbagePorts, sha256: string): boolean {
  const file = store.stat(sha256);
  return file !== undefined && clock.nowMs() - file.storedMs > GRACE_MS;
}

/** Should the commit fail, no more is lost than files that nobody named. @returns the sizes of what was deleted */
async function deleteUnnamed(
  ports: GarbagePorts,
  sql: Sql,
  [candidates, change]: readonly [readonly string[], Change],
): Promise<number[]> {
  refuseUploads(ports.store);
  const gone: { readonly sha256: string; readonly bytes: number }[] = [];
  for (const sha256 of candidates) {
    const isNamed = (await sql.get(IS_NAMED, sha256, sha256)) !== undefined;
    if (!isNamed && isOld(ports, sha256)) gone.push({ sha256, bytes: ports.store.stat(sha256)?.bytes ?? 0 });
  }
  if (gone.length === 0) return [];
  const entry = { action: 'artefacts.collect', subject: 'artefacts', before: gone, after: null };
  await ports.audit.append(sql, entry, change);
  for (const { sha256 } of gone) ports.store.remove(sha256);
  return gone.map(({ bytes }) => bytes);
}
