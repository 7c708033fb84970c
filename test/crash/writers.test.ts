// Writers and readers beside each other in one repository, interleaved in one process on a simulated disk.
import assert from 'node:assert/strict';
import test from 'node:test';
import { hasCode, must, Rng, readSmallFile, writeAll } from '../../src/base/index.ts';
import {
  createRepository,
  type PackResult,
  pack,
  Repository,
  type RepositoryPorts,
  restore,
  verify,
} from '../../src/blocks/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { buildTree } from '../sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../sim/tree-state.ts';
import { assertRestores, assertSound, assertTidy, sourceState } from './checks.ts';
import { firstPack, secondPack } from './prepared.ts';
import { moveOn, twoVersions } from './versions.ts';
import { watched } from './watched.ts';
import { hastyClock, opened, packSource, REPOSITORY, SOURCE, STATE, World } from './world.ts';

/** How many calls a `pack` of the prepared world makes on the repository. */
async function callCount(world: World): Promise<number> {
  let count = 0;
  const onCall = (_: string, number: number): void => {
    count = number;
  };
  await world
    .fork(new Rng(1))
    .process((ports) => packSource({ ...ports, fs: watched(ports.fs, { below: STATE, onCall }) }));
  return count;
}

/** Packs; before call `at` on the repository something else happens. */
async function packWith(world: World, at: number, act: () => void): Promise<PackResult> {
  const onCall = (_: string, number: number): void => {
    if (number === at) act();
  };
  return world.process((ports) => packSource({ ...ports, fs: watched(ports.fs, { below: STATE, onCall }) }));
}

const second = await secondPack();

test('a writer that begins between any two calls of another keeps its files, and both commit', async () => {
  const calls = await callCount(second.world);
  for (let at = 1; at <= calls; at += 1) {
    const world = second.world.fork(new Rng(1));
    const pid = world.start();
    let other: Repository | undefined;
    let temporary = '';
    await packWith(world, at, () => {
      other = new Repository({ path: REPOSITORY }, world.ports(pid), 'write');
      temporary = other.layout.temporary(other.lock.writerId, '99');
      const fd = world.disk.open(temporary, 'create');
      writeAll(world.disk, fd, Buffer.from('half a pack'), 0);
      world.disk.close(fd);
    });
    const repository = must(other, 'the other writer began');
    assert.equal(readSmallFile(world.disk, temporary, 100).toString(), 'half a pack', `before call ${at}`);
    assert.ok(
      world.disk.readDirectory(`${REPOSITORY}/locks`).some((name) => name.includes(repository.lock.writerId)),
    );
    world.disk.unlink(temporary);
    // What the first one stored meanwhile may be unknown to it; then it is stored twice, and that is all.
    world.clock.advance(60_000);
    await pack(repository, { paths: [Buffer.from(SOURCE)] });
    repository.close();
    world.end(pid);
    const expected = { before: second.before, current: second.current, added: [2, 2] as const };
    await world.process((ports) => assertSound(ports, expected));
    assertTidy(world.disk, second.neighbours);
  }
});

test('a reader that begins between any two calls of a writer restores what was committed', async () => {
  const calls = await callCount(second.world);
  for (let at = 1; at <= calls; at += 1) {
    const world = second.world.fork(new Rng(1));
    let reader: Repository | undefined;
    const pid = world.start();
    await packWith(world, at, () => {
      reader = new Repository({ path: REPOSITORY }, world.ports(pid), 'read');
    });
    const repository = must(reader, 'the reader began');
    const [first] = repository.snapshots.list((error) => assert.fail(error));
    await assertRestores(repository, must(first, 'a snapshot').id, must(second.before[0], 'its tree'));
    // The writer is done: what it committed can be restored too, through packs this reader did not know.
    await assertRestores(repository, 'latest', second.current);
    repository.close();
  }
});

test('a second process that creates the repository between any two calls of the first: one of them is', async () => {
  const { world: empty } = firstPack();
  for (const password of [undefined, 'secret']) {
    const options = { path: REPOSITORY, password, costN: 1024 };
    for (let at = 1, reached = true; reached; at += 1) {
      const world = empty.fork(new Rng(1));
      const [a, b] = [world.ports(world.start()), world.ports(world.start())];
      reached = false;
      const ids: string[] = [];
      const create = (ports: RepositoryPorts): void => {
        try {
          ids.push(createRepository(options, ports).id);
        } catch (error) {
          assert.ok(hasCode(error, 'EXISTS'), String(error));
        }
      };
      const onCall = (_: string, number: number): void => {
        if (number !== at) return;
        reached = true;
        create(b);
      };
      create({ ...a, fs: watched(a.fs, { below: STATE, onCall }) });
      // Keys lie in the config: had it been replaced, what the first to pack sealed could not be opened.
      assert.equal(ids.length, 1, `before call ${at}`);
      const repository = new Repository(options, a, 'write');
      assert.deepEqual([repository.config.id], ids);
      repository.close();
    }
  }
});

interface Task {
  readonly source: string;
  readonly state: TreeState;
}

async function interleaved(seed: number): Promise<void> {
  const rng = new Rng(seed);
  const world = new World(new SimFileSystem());
  const tasks: Task[] = [];
  // Three trees with much in common: versions of one, and one of them twice.
  for (const source of ['/a', '/b', '/c']) {
    const versions = twoVersions(seed % 7, 5);
    buildTree(world.disk, source, versions[0]);
    if (source !== '/a') moveOn(world.disk, source, versions);
    tasks.push({ source, state: readTree(world.disk, source) });
  }
  world.disk.makeDirectory(STATE);
  createRepository({ path: REPOSITORY }, world.ports(world.start()));
  const portsOf = (): RepositoryPorts => ({
    ...world.ports(world.start()),
    clock: hastyClock(world, rng.split()),
  });
  await Promise.all(
    tasks.map(async ({ source, state }) => {
      const { snapshot, errors } = await opened(portsOf(), 'write', (repository) =>
        pack(repository, { paths: [Buffer.from(source)] }),
      );
      assert.deepEqual(errors, []);
      // The others are still writing.
      await opened(portsOf(), 'read', async (repository) => {
        const target = `/restored${source}`;
        const result = await restore(repository, { snapshot: must(snapshot, 'an id'), target, owners: true });
        assert.deepEqual(result.errors, []);
        assert.deepEqual(treeDifferences(state, readTree(world.disk, target)), []);
      });
    }),
  );
  await opened(portsOf(), 'read', async (repository) => {
    const { damage, snapshots, leftovers } = await verify(repository, { data: true });
    assert.deepEqual([damage, snapshots, leftovers], [[], tasks.length, 0]);
  });
  for (const mode of ['lost', 'power'] as const) {
    const dark = world.fork(new Rng(seed), mode);
    await opened(dark.ports(dark.start()), 'read', async (repository) => {
      assert.deepEqual((await verify(repository, { data: true })).damage, []);
      assert.equal(repository.snapshots.list((error) => assert.fail(error)).length, tasks.length);
    });
  }
}

test('three writers and readers at once: nothing is lost', async () => {
  for (let seed = 0; seed < 30; seed += 1) {
    try {
      await interleaved(seed);
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});

test('the tree of the source is still what it was', () => {
  assert.deepEqual(treeDifferences(second.current, sourceState(second.world.disk)), []);
});
