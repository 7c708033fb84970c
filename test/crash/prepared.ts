import assert from 'node:assert/strict';
import { SimFileSystem } from '../sim/disk.ts';
import { buildTree, writeFile } from '../sim/tree.ts';
import type { TreeState } from '../sim/tree-state.ts';
import { sourceState } from './checks.ts';
import { moveOn, syncTree, twoVersions } from './versions.ts';
import { packSource, REPOSITORY, SOURCE, STATE, World } from './world.ts';

/** A world in which a `pack` is about to run. */
export interface Prepared {
  readonly name: string;
  readonly world: World;
  /** Trees of the snapshots that are committed. */
  readonly before: readonly TreeState[];
  /** The tree at the source. */
  readonly current: TreeState;
  /** What living processes beside it keep in the repository. */
  readonly neighbours: readonly string[];
  /** The same after a power cut: what processes of other machines keep. */
  readonly remoteNeighbours: readonly string[];
}

const TREE_SEED = 3;

function newWorld(): { world: World; versions: ReturnType<typeof twoVersions> } {
  const disk = new SimFileSystem();
  const versions = twoVersions(TREE_SEED);
  buildTree(disk, SOURCE, versions[0]);
  disk.makeDirectory(STATE);
  disk.sync();
  return { world: new World(disk), versions };
}

/** No repository yet: the first `pack` creates it. */
export function firstPack(): Prepared {
  const { world } = newWorld();
  const current = sourceState(world.disk);
  return { name: 'first pack', world, before: [], current, neighbours: [], remoteNeighbours: [] };
}

/** A snapshot is committed, the tree has changed since, and others are at work in the repository. */
export async function secondPack(): Promise<Prepared> {
  const { world, versions } = newWorld();
  const first = sourceState(world.disk);
  const { errors } = await world.process((ports) => packSource(ports));
  assert.deepEqual(errors, []);
  moveOn(world.disk, SOURCE, versions);
  // Of the source everything is durable; of the repository what `pack` made so.
  syncTree(world.disk, SOURCE);
  const current = sourceState(world.disk);
  const remoteNeighbours = [
    'locks/read.elsewhere.5.1.00000000000000aa',
    'locks/write.elsewhere.6.1.00000000000000bb',
    'tmp/00000000000000bb-0',
  ];
  const neighbours = [
    ...remoteNeighbours,
    'locks/write.host.77.77.00000000000000cc',
    'tmp/00000000000000cc-0',
    'tmp/00000000000000cc-snapshot',
  ];
  world.start(77);
  const leftovers = ['locks/write.host.66.66.00000000000000dd', 'tmp/00000000000000dd-4', 'tmp/stray'];
  for (const path of [...neighbours, ...leftovers]) writeFile(world.disk, `${REPOSITORY}/${path}`, '');
  for (const path of remoteNeighbours) {
    world.disk.setMtime(`${REPOSITORY}/${path}`, BigInt(world.clock.nowMs()) * 1_000_000n);
  }
  // Other machines do not lose their files when the power of this one fails.
  for (const room of ['locks', 'tmp']) world.disk.fsyncDirectory(`${REPOSITORY}/${room}`);
  return { name: 'second pack', world, before: [first], current, neighbours, remoteNeighbours };
}
