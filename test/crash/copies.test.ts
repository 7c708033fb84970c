// A repository is plain files: a copy made file by file while a writer is at work opens.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, Rng, readSmallFile } from '../../src/base/index.ts';
import { type Repository, verify } from '../../src/blocks/index.ts';
import type { SimFileSystem } from '../sim/disk.ts';
import { writeFile } from '../sim/tree.ts';
import { assertRestores } from './checks.ts';
import { callsOf } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';
import { watched } from './watched.ts';
import { opened, packSource, REPOSITORY, STATE, type World } from './world.ts';

const COPY = '/copy';
const prepared = await secondPack();
const { length: callCount } = await callsOf(prepared);

type Copier = (disk: SimFileSystem) => Generator<void>;

const isThere = (disk: SimFileSystem, path: string): boolean => {
  const end = path.lastIndexOf('/');
  return disk.readDirectory(path.slice(0, end)).some((name) => name.toString() === path.slice(end + 1));
};

function copyFile(disk: SimFileSystem, path: string): void {
  // Finished with between listing and reading: every tool skips it.
  if (!isThere(disk, path)) return;
  writeFile(disk, COPY + path.slice(REPOSITORY.length), readSmallFile(disk, path, 1 << 30));
}

/** Directory by directory, each listed when its turn comes; a step per file. */
function* recursive(disk: SimFileSystem, path: string, order: 1 | -1): Generator<void> {
  disk.makeDirectory(COPY + path.slice(REPOSITORY.length));
  const names = disk.readDirectory(path).sort((a, b) => order * Buffer.compare(a, b));
  for (const name of names) {
    const child = `${path}/${name.toString()}`;
    if (!isThere(disk, child)) continue;
    if (disk.lstat(child).kind === 'directory') yield* recursive(disk, child, order);
    else copyFile(disk, child);
    yield;
  }
}

/** All files listed first, then copied in any order; empty directories are left out. */
function* shuffled(disk: SimFileSystem, rng: Rng): Generator<void> {
  const files: string[] = [];
  for (const room of disk.readDirectory(REPOSITORY)) {
    const path = `${REPOSITORY}/${room.toString()}`;
    if (disk.lstat(path).kind === 'file') files.push(path);
    else for (const name of disk.readDirectory(path)) files.push(`${path}/${name.toString()}`);
  }
  disk.makeDirectory(COPY);
  while (files.length > 0) {
    const [path] = files.splice(rng.below(files.length), 1);
    const room = must(path, 'a file is left').slice(REPOSITORY.length).split('/').slice(1, -1).join('/');
    if (room !== '' && !isThere(disk, `${COPY}/${room}`)) disk.makeDirectory(`${COPY}/${room}`);
    copyFile(disk, must(path, 'a file is left'));
    yield;
  }
}

/** Packs; from call `start` on, one file is copied before each call, the rest after the last. */
async function copyDuring(start: number, copier: Copier): Promise<World> {
  const world = prepared.world.fork(new Rng(1));
  const steps = copier(world.disk);
  const onCall = (_: string, number: number): void => {
    if (number >= start) steps.next();
  };
  await world.process((ports) => packSource({ ...ports, fs: watched(ports.fs, { below: STATE, onCall }) }));
  for (const _ of steps);
  return world;
}

/** What was committed before the copy began restores from it; says how many snapshots the copy holds. */
async function assertOpens(world: World, check: (repository: Repository) => Promise<void>): Promise<void> {
  await world.process((ports) =>
    opened(
      ports,
      'read',
      async (repository) => {
        const [first] = repository.snapshots.list((error) => assert.fail(error));
        await assertRestores(repository, must(first, 'a snapshot').id, must(prepared.before[0], 'its tree'));
        await check(repository);
      },
      COPY,
    ),
  );
  // The copy is a repository like any other.
  const { errors } = await world.process((ports) => packSource(ports, {}, COPY));
  assert.deepEqual(errors, []);
}

test('in name order, begun before any call: every snapshot in the copy is whole', async () => {
  for (let start = 1; start <= callCount; start += 1) {
    const world = await copyDuring(start, (disk) => recursive(disk, REPOSITORY, 1));
    await assertOpens(world, async (repository) => {
      assert.deepEqual((await verify(repository, { data: true })).damage, []);
      const [, second] = repository.snapshots.list((error) => assert.fail(error));
      if (second !== undefined) await assertRestores(repository, second.id, prepared.current);
    });
  }
});

test('in any other order: snapshots from before the copy restore, a later one is said to be incomplete', async () => {
  for (let start = 1; start <= callCount; start += 2) {
    for (const copier of [
      (disk: SimFileSystem) => recursive(disk, REPOSITORY, -1),
      (disk: SimFileSystem) => shuffled(disk, new Rng(start)),
    ]) {
      const world = await copyDuring(start, copier);
      await assertOpens(world, async (repository) => {
        const { damage } = await verify(repository, { data: true });
        const codes = new Set(damage.map(({ code }) => code));
        assert.ok(
          [...codes].every((code) => code === 'MISSING' || code === 'MISSING_BASE'),
          [...codes].join(' '),
        );
        const [first] = repository.snapshots.list((error) => assert.fail(error));
        const label = must(first, 'a snapshot').id.slice(0, 12);
        assert.deepEqual(
          damage.filter(({ path }) => path.startsWith(label)),
          [],
        );
      });
    }
  }
});

test('a copy without the empty directories, as some tools make it, opens and takes snapshots', async () => {
  const { world, current } = firstPack();
  await world.process((ports) => packSource(ports));
  for (const _ of shuffled(world.disk, new Rng(1)));
  assert.deepEqual(world.disk.readDirectory(COPY).map(String).sort(), ['config', 'snapshots', 'store']);
  for (const act of ['read', 'write'] as const) {
    const copy = world.fork(new Rng(1));
    await copy.process((ports) =>
      opened(ports, act, (repository) => assertRestores(repository, 'latest', current), COPY),
    );
    await copy.process((ports) => packSource(ports, {}, COPY));
  }
});
