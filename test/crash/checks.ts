import assert from 'node:assert/strict';
import { exists, type FileSystem } from '../../src/base/index.ts';
import {
  type PackResult,
  type Repository,
  type RepositoryPorts,
  repositoryExists,
  restore,
  type StoredSnapshot,
  verify,
} from '../../src/blocks/index.ts';
import type { SimFileSystem } from '../sim/disk.ts';
import { readTree, type TreeState, treeDifferences } from '../sim/tree-state.ts';
import { CACHE, opened, packSource, REPOSITORY, SOURCE, type World } from './world.ts';

/** What must be true of a repository whatever happened to a `pack` that was running. */
export interface Expected {
  /** Trees of the snapshots committed before, oldest first. */
  readonly before: readonly TreeState[];
  /** The tree that was being packed: snapshots beyond `before` hold exactly this one. */
  readonly current: TreeState;
  /** Fewest and most snapshots beyond `before`. */
  readonly added: readonly [least: number, most: number];
}

let restores = 0;

/** Restores a snapshot outside of what faults strike, and compares. */
export async function assertRestores(
  repository: Repository,
  snapshot: string,
  expected: TreeState,
): Promise<void> {
  restores += 1;
  const target = `/restored/${restores}`;
  const { errors } = await restore(repository, { snapshot, target, owners: true });
  assert.deepEqual(errors, []);
  assert.deepEqual(treeDifferences(expected, readTree(repository.ports.fs, target)), []);
}

/** Lists, verifies every byte and restores each snapshot; returns how many there are beyond `before`. */
export async function assertSound(ports: RepositoryPorts, expected: Expected): Promise<number> {
  const [least, most] = expected.added;
  if (!repositoryExists(REPOSITORY, ports)) {
    assert.deepEqual([expected.before.length, least], [0, 0], 'there is no repository');
    return 0;
  }
  return opened(ports, 'read', async (repository) => {
    const found = repository.snapshots.list((error) => assert.fail(error));
    const added = found.length - expected.before.length;
    assert.ok(added >= least && added <= most, `${found.length} snapshots`);
    for (const [i, snapshot] of found.entries()) {
      await assertRestores(repository, snapshot.id, expected.before[i] ?? expected.current);
    }
    // Last: it reads pack by pack, and what it has read a restore would find in memory.
    const { damage } = await verify(repository, { data: true });
    assert.deepEqual(damage, []);
    assertLatest(repository, found);
    return added;
  });
}

/** The same for less: restores only the newest, which is of the tree that was being packed. */
export async function assertWhole(ports: RepositoryPorts, expected: Expected): Promise<void> {
  const { before, current, added } = expected;
  await opened(ports, 'read', async (repository) => {
    const count = repository.snapshots.list((error) => assert.fail(error)).length - before.length;
    assert.ok(count >= added[0] && count <= added[1], `${count} snapshots more`);
    await assertRestores(repository, 'latest', current);
    const { damage } = await verify(repository, { data: true });
    assert.deepEqual(damage, []);
  });
}

function assertLatest(repository: Repository, found: readonly StoredSnapshot[]): void {
  if (found.length > 0) assert.equal(repository.snapshots.resolve('latest').id, found.at(-1)?.id);
  else assert.throws(() => repository.snapshots.resolve('latest'), { code: 'NO_SNAPSHOT' });
}

/** A repository without a writer: no lock and no temporary file but those of the neighbours. */
export function assertTidy(fs: FileSystem, neighbours: readonly string[] = []): void {
  assert.deepEqual(workFiles(fs).sort(), [...neighbours].sort());
  assert.deepEqual(
    fs.readDirectory(CACHE).map((name) => name.subarray(32).toString()),
    ['.unchanged'],
  );
}

/** What lies in the rooms where every command keeps something while it runs. */
export const workFiles = (fs: FileSystem): string[] =>
  ['locks', 'tmp'].flatMap((room) => {
    const path = `${REPOSITORY}/${room}`;
    return exists(fs, path) ? fs.readDirectory(path).map((name) => `${room}/${name.toString()}`) : [];
  });

/** The user's next step: the same command again, by another process. It must succeed and leave nothing behind. */
export async function retry(
  world: World,
  expected: Expected,
  neighbours: readonly string[] = [],
): Promise<PackResult> {
  const result = await world.process((ports) => packSource(ports));
  assert.deepEqual(result.errors, []);
  const [least, most] = expected.added;
  await world.process((ports) => assertWhole(ports, { ...expected, added: [least + 1, most + 1] }));
  assertTidy(world.disk, neighbours);
  return result;
}

/** The tree at the source as it is. */
export const sourceState = (disk: SimFileSystem): TreeState => readTree(disk, SOURCE);
