import { asRepositoryError, PilotfishError } from '../../base/index.ts';
import type { StoredSnapshot } from '../repo/index.ts';
import type { Repository } from '../session/index.ts';
import { type RetentionRules, snapshotsToKeep } from './retention.ts';

export interface ForgetOptions {
  /** Forget exactly these (ids, prefixes or `latest`). */
  readonly snapshots?: readonly string[];
  /** Or forget what these rules do not keep, in each group of snapshots of one host and one set of paths. */
  readonly keep?: RetentionRules;
  /** Only snapshots with this host. */
  readonly host?: string;
  /** Only snapshots with all these tags. */
  readonly tags?: readonly string[];
  readonly dryRun?: boolean;
}

export interface ForgetResult {
  readonly forgotten: readonly string[];
  readonly kept: readonly string[];
}

/** Removes snapshots. Their blocks stay until `prune`. */
export function forget(repository: Repository, options: ForgetOptions): ForgetResult {
  const all = repository.snapshots.list(() => undefined);
  const doomed =
    options.snapshots === undefined ? byRules(all, options) : byName(repository, options.snapshots);
  if (options.dryRun !== true) for (const snapshot of doomed) remove(repository, snapshot);
  return {
    forgotten: [...doomed].map(({ id }) => id),
    kept: all.filter(({ id }) => ![...doomed].some((gone) => gone.id === id)).map(({ id }) => id),
  };
}

function byName(repository: Repository, names: readonly string[]): Set<StoredSnapshot> {
  const found = new Map(names.map((name) => repository.snapshots.resolve(name)).map((one) => [one.id, one]));
  return new Set(found.values());
}

function byRules(all: readonly StoredSnapshot[], options: ForgetOptions): Set<StoredSnapshot> {
  const { keep, host, tags } = options;
  if (
    keep === undefined ||
    !Object.values(keep).some((rule) => (Array.isArray(rule) ? rule.length > 0 : rule > 0))
  ) {
    throw new PilotfishError(
      'USAGE',
      'nothing says what to keep: name snapshots, or give --keep-last and the like',
    );
  }
  const asked = all.filter(
    (snapshot) =>
      (host === undefined || snapshot.host === host) &&
      (tags ?? []).every((tag) => snapshot.tags.includes(tag)),
  );
  const unknown = (keep.tags ?? []).find((tag) => !all.some((snapshot) => snapshot.tags.includes(tag)));
  // A mistyped tag would keep nothing, which nobody means.
  if (unknown !== undefined) {
    throw new PilotfishError(
      'USAGE',
      `no snapshot has the tag ${unknown} that is to be kept: see \`pilotfish snapshots\``,
    );
  }
  const doomed = new Set<StoredSnapshot>();
  for (const group of groups(asked)) {
    const kept = snapshotsToKeep(group, keep);
    for (const snapshot of group) if (!kept.has(snapshot)) doomed.add(snapshot);
  }
  return doomed;
}

/** Snapshots of one host and one set of paths replace each other; others are independent. */
function groups(snapshots: readonly StoredSnapshot[]): StoredSnapshot[][] {
  const found = new Map<string, StoredSnapshot[]>();
  for (const snapshot of snapshots) {
    const paths = snapshot.paths.map((path) => Buffer.from(path).toString('hex')).sort();
    const key = JSON.stringify([snapshot.host, ...paths]);
    found.set(key, [...(found.get(key) ?? []), snapshot]);
  }
  return [...found.values()];
}

function remove(repository: Repository, snapshot: StoredSnapshot): void {
  const { ports, layout, sealer } = repository;
  const path = layout.snapshot(sealer.diskId(snapshot.id));
  try {
    ports.fs.unlink(path);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
  repository.syncDirectory(layout.snapshots);
}
