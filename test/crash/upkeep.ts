// Repositories on which `forget`, `prune`, `optimize`, `repair` and `copy` are about to run, and what must be true
// whatever happened to them.
import assert from 'node:assert/strict';
import { type FileSystem, KIB, MIB, must, Rng, readSmallFile, sha256Hex } from '../../src/base/index.ts';
import {
  copySnapshots,
  createRepository,
  forget,
  optimize,
  prune,
  Repository,
  type RepositoryPorts,
  repair,
  repositoryExists,
  verify,
} from '../../src/blocks/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { edited, text } from '../sim/file-bytes.ts';
import { noise } from '../sim/noise.ts';
import { buildTree, type Source, writeFile } from '../sim/tree.ts';
import { readTree, type TreeState } from '../sim/tree-state.ts';
import { assertRestores } from './checks.ts';
import { packSource, REPOSITORY, STATE, World } from './world.ts';

const COPY = `${STATE}/copy/repository`;
const HOUR_MS = 3_600_000;
const MTIME_NS = 1_650_000_000_000_000_000n;
/** A pack for every few records, so that each rests on others. */
const SIZES = { arenaBytes: 20 * MIB, resemblanceBytes: MIB / 64, packBytes: 12 * KIB };

/** A command about to run, and what it owes. */
export interface Upkeep {
  readonly name: string;
  readonly world: World;
  /** Snapshots by id, with their trees, that are there whatever happens. */
  readonly kept: ReadonlyMap<string, TreeState>;
  /** Paths, as `verify` names them, of files that are lost for good; undefined = nothing is damaged at any time. */
  readonly lost: readonly string[] | undefined;
  run(ports: RepositoryPorts): Promise<void>;
  /** What must be true once it has succeeded. */
  done(ports: RepositoryPorts): Promise<void>;
}

/** Ports of a process with the sizes of this matrix. */
const small = (ports: RepositoryPorts): RepositoryPorts => ({
  ...ports,
  sizes: SIZES,
  cacheDirectory: undefined,
});

/** Runs `work` on the open repository at `path` and closes it. */
export async function opened<T>(
  ports: RepositoryPorts,
  mode: 'read' | 'write' | 'exclusive',
  work: (repository: Repository) => Promise<T> | T,
  path = REPOSITORY,
): Promise<T> {
  const repository = new Repository({ path }, small(ports), mode);
  try {
    return await work(repository);
  } finally {
    repository.close();
  }
}

/** Three versions of a little tree: plain, delta and grouped blocks, each version resting on the ones before. */
function versions(): Source[][] {
  const rng = new Rng(7);
  const file = (path: string, bytes: Buffer | string): Source => ({ path, bytes, mtimeNs: MTIME_NS });
  const code = [text(rng, 17_000)];
  while (code.length < 3) code.push(edited(rng, must(code.at(-1), 'a version')));
  const [old, common] = [noise(rng, 13_000), noise(rng, 13_000)];
  return [
    [file('code.ts', must(code[0], 'v1')), file('old.gz', old), file('note', 'one')],
    [file('code.ts', must(code[1], 'v2')), file('common.gz', common), file('note', 'two')],
    [file('code.ts', must(code[2], 'v3')), file('common.gz', common), file('more', text(rng, 900))],
  ];
}

const sourceOf = (version: number): string => `/source/v${version}`;

/** A world with a snapshot of each version; ids and trees, oldest first. */
async function newWorld(): Promise<{ world: World; snapshots: [id: string, tree: TreeState][] }> {
  const disk = new SimFileSystem();
  disk.makeDirectory(STATE);
  const world = new World(disk);
  const snapshots: [string, TreeState][] = [];
  for (const [i, sources] of versions().entries()) {
    buildTree(disk, sourceOf(i), sources);
    disk.sync();
    const { snapshot } = await world.process((ports) => packVersion(ports, i));
    snapshots.push([must(snapshot, 'a snapshot'), readTree(disk, sourceOf(i))]);
  }
  return { world, snapshots };
}

const packVersion = (ports: RepositoryPorts, version: number) =>
  packSource(small(ports), { paths: [Buffer.from(sourceOf(version))] });

async function forgetThese(ports: RepositoryPorts, snapshots: readonly string[]): Promise<void> {
  await opened(ports, 'write', (repository) => forget(repository, { snapshots }));
}

async function pruneNow(ports: RepositoryPorts, options: Parameters<typeof prune>[1]): Promise<void> {
  await opened(ports, 'exclusive', (repository) => prune(repository, options));
}

/** Nothing is stored that no snapshot needs, and nothing waits. */
async function assertLean(ports: RepositoryPorts): Promise<void> {
  await opened(ports, 'read', async (repository) => {
    assert.equal((await verify(repository)).unusedPacks, 0);
    assert.ok(!namesIn(ports.fs, REPOSITORY).includes('doomed'), 'no packs wait to be deleted');
    assert.equal(namesIn(ports.fs, `${REPOSITORY}/store`).length, repository.packs.packNames().length);
  });
}

const namesIn = (fs: FileSystem, path: string): string[] => fs.readDirectory(path).map(String).sort();

type Part = Pick<Upkeep, 'name' | 'run' | 'done'>;

/** A command on what is left when all but the newest `last` snapshots are forgotten. */
async function after(last: number, part: Part): Promise<Upkeep> {
  const { world, snapshots } = await newWorld();
  await world.process((ports) =>
    forgetThese(
      ports,
      snapshots.slice(0, -last).map(([id]) => id),
    ),
  );
  world.disk.sync();
  return { world, kept: new Map(snapshots.slice(-last)), lost: undefined, ...part };
}

const rewriting = (): Promise<Upkeep> =>
  after(1, {
    name: 'prune that rewrites',
    run: (ports) => pruneNow(ports, { maxUnusedShare: 0 }),
    done: assertLean,
  });

const optimizing = (): Promise<Upkeep> =>
  after(2, {
    name: 'optimize',
    run: async (ports) => {
      await opened(ports, 'exclusive', (repository) => optimize(repository));
    },
    done: assertLean,
  });

const waiting = (): Promise<Upkeep> =>
  after(1, {
    name: 'prune with a grace time',
    run: (ports) => pruneNow(ports, { maxUnusedShare: 0, graceMs: HOUR_MS }),
    done: async (ports) => {
      await opened(ports, 'read', ({ packs }) => {
        assert.ok(namesIn(ports.fs, `${REPOSITORY}/store`).length > packs.packNames().length, 'packs wait');
      });
      await pruneAtOnce(ports);
    },
  });

/** What still waits goes. */
async function pruneAtOnce(ports: RepositoryPorts): Promise<void> {
  await pruneNow(ports, { maxUnusedShare: 0 });
  await assertLean(ports);
}

/** All packs of a snapshot that shares nothing are dead; nothing is rewritten. */
async function deleting(): Promise<Upkeep> {
  const { world, snapshots } = await newWorld();
  buildTree(world.disk, '/source/alone', [
    { path: 'x', bytes: noise(new Rng(1), 30_000), mtimeNs: MTIME_NS },
  ]);
  const paths = [Buffer.from('/source/alone')];
  await world.process((ports) => packSource(small(ports), { paths }));
  await world.process((ports) => forgetThese(ports, ['latest']));
  world.disk.sync();
  const run = (ports: RepositoryPorts): Promise<void> => pruneNow(ports, { maxUnusedShare: 1 });
  return {
    name: 'prune of dead packs',
    world,
    kept: new Map(snapshots),
    lost: undefined,
    run,
    done: assertLean,
  };
}

/** The packs were replaced an hour ago. */
async function secondPhase(): Promise<Upkeep> {
  const { world, ...rest } = await waiting();
  await world.process((ports) => pruneNow(ports, { maxUnusedShare: 0, graceMs: HOUR_MS }));
  world.clock.advance(HOUR_MS);
  world.disk.sync();
  const run = (ports: RepositoryPorts): Promise<void> =>
    pruneNow(ports, { maxUnusedShare: 0, graceMs: HOUR_MS });
  return { ...rest, world, name: 'second phase of prune', run, done: pruneAtOnce };
}

async function forgetting(): Promise<Upkeep> {
  const { world, snapshots } = await newWorld();
  world.disk.sync();
  const [[gone] = ['']] = snapshots;
  return {
    name: 'forget',
    world,
    kept: new Map(snapshots.slice(1)),
    lost: undefined,
    run: async (ports) => {
      // The second time it is no longer there to be named.
      const isThere = await opened(ports, 'read', ({ snapshots: store }) => store.diskIds().includes(gone));
      if (isThere) await forgetThese(ports, [gone]);
    },
    done: (ports) =>
      opened(ports, 'read', ({ snapshots: store }) => assert.ok(!store.diskIds().includes(gone))),
  };
}

/** One pack lost its footer, of another a block is spoilt that only one file needs. */
async function repairing(): Promise<Upkeep> {
  const { world, snapshots } = await newWorld();
  const [[id] = ['']] = snapshots;
  const { lonely, other } = await world.process((ports) =>
    opened(ports, 'read', ({ packs, reader }) => {
      const [old] = versions()[0]?.filter(({ path }) => path === 'old.gz') ?? [];
      const place = must(packs.locate(sha256Hex(bytesOf(old))), 'the file is one block');
      const at =
        must(place.table.offsets[must(place.table.recordOf[place.block], 'a record')], 'an offset') + 100;
      reader.forget();
      return {
        lonely: { name: place.pack, at },
        other: packs.packNames().filter((name) => name !== place.pack),
      };
    }),
  );
  spoil(world, lonely.name, lonely.at);
  for (const name of other.slice(0, 2)) spoil(world, name, -25);
  world.disk.sync();
  const lost = [`${id.slice(0, 12)}:old.gz`];
  return {
    name: 'repair',
    world,
    kept: new Map(snapshots.slice(1)),
    lost,
    run: async (ports) => {
      await opened(ports, 'exclusive', (repository) => repair(repository));
    },
    done: (ports) =>
      opened(ports, 'read', async (repository) => {
        const { damage } = await verify(repository, { data: true });
        assert.deepEqual(
          damage.map(({ path }) => path),
          lost,
        );
        for (const [sound, tree] of snapshots.slice(1)) await assertRestores(repository, sound, tree);
      }),
  };
}

const bytesOf = (source: Source | undefined): Uint8Array =>
  source !== undefined && 'bytes' in source ? Buffer.from(source.bytes) : assert.fail('no file');

/** Changes a byte of a pack; a negative position counts from its end. */
function spoil({ disk }: World, name: string, at: number): void {
  const path = `${REPOSITORY}/store/${name}.pack`;
  const bytes = readSmallFile(disk, path, MIB);
  const position = at < 0 ? bytes.length + at : at;
  bytes[position] = (bytes[position] as number) ^ 1;
  writeFile(disk, path, bytes);
}

async function copying(): Promise<Upkeep> {
  const { world, snapshots } = await newWorld();
  world.disk.sync();
  const kept = new Map(snapshots);
  return {
    name: 'copy',
    world,
    kept,
    lost: undefined,
    run: async (ports) => {
      if (!repositoryExists(COPY, ports)) createRepository({ path: COPY }, ports);
      // The target's lock is a process's second one.
      await opened(ports, 'read', (from) => opened(ports, 'write', (to) => copySnapshots(from, to), COPY));
    },
    done: async (ports) => {
      await assertHolds(ports, COPY, kept);
    },
  };
}

/** Every command with a repository of its own. */
export const UPKEEP: readonly (() => Promise<Upkeep>)[] = [
  forgetting,
  rewriting,
  deleting,
  waiting,
  secondPhase,
  optimizing,
  repairing,
  copying,
];

/** Opens; all that must be there is there and restores, and nothing there is damaged. */
async function assertHolds(
  ports: RepositoryPorts,
  path: string,
  kept: ReadonlyMap<string, TreeState>,
): Promise<void> {
  await opened(
    ports,
    'read',
    async (repository) => {
      const found = repository.snapshots.list((error) => assert.fail(error)).map(({ id }) => id);
      for (const id of kept.keys()) assert.ok(found.includes(id), `snapshot ${id} is gone`);
      for (const [id, tree] of kept) await assertRestores(repository, id, tree);
      assert.deepEqual((await verify(repository, { data: true })).damage, []);
    },
    path,
  );
}

/** What the next process finds. */
export async function assertSurvived(ports: RepositoryPorts, { kept, lost, name }: Upkeep): Promise<void> {
  if (lost === undefined) await assertHolds(ports, REPOSITORY, kept);
  else
    await opened(ports, 'read', ({ snapshots }) => assert.ok(snapshots.list(assert.fail).length > kept.size));
  if (name === 'copy' && repositoryExists(COPY, ports)) await assertCopyIsWhole(ports, kept);
}

/** What a copy holds so far is whole. */
async function assertCopyIsWhole(
  ports: RepositoryPorts,
  kept: ReadonlyMap<string, TreeState>,
): Promise<void> {
  await opened(
    ports,
    'read',
    async (repository) => {
      for (const { id } of repository.snapshots.list((error) => assert.fail(error))) {
        const tree = kept.get(id);
        if (tree !== undefined) await assertRestores(repository, id, tree);
      }
      assert.deepEqual((await verify(repository, { data: true })).damage, []);
    },
    COPY,
  );
}

/**
 * The user's next steps: what was forgotten is packed again, which may find its blocks still there, and the command is
 * run again, which must succeed and leave nothing behind.
 */
export async function retry(world: World, upkeep: Upkeep): Promise<void> {
  const { kept, lost, run, done } = upkeep;
  let all = kept;
  if (lost === undefined) {
    const { errors, snapshot } = await world.process((ports) => packVersion(ports, 0));
    assert.deepEqual(errors, []);
    all = new Map([...kept, [must(snapshot, 'a snapshot'), readTree(world.disk, sourceOf(0))]]);
  }
  const again = { ...upkeep, kept: all };
  await world.process((ports) => assertSurvived(ports, again));
  await world.process(run);
  if (upkeep.name !== 'copy') await world.process(done);
  if (lost === undefined) await world.process((ports) => assertSurvived(ports, again));
  await assertSwept(world, upkeep);
}

/** The next writer sweeps what killed ones left. */
async function assertSwept(world: World, { lost, name }: Upkeep): Promise<void> {
  const paths = name === 'copy' ? [REPOSITORY, COPY] : [REPOSITORY];
  for (const path of paths) {
    const isSwept = path === REPOSITORY && lost === undefined;
    const again = { paths: [Buffer.from(sourceOf(0))] };
    if (!isSwept) await world.process((ports) => packSource(small(ports), again, path));
    for (const room of ['locks', 'tmp']) assert.deepEqual(namesIn(world.disk, `${path}/${room}`), []);
  }
}
