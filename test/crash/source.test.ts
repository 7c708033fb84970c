import assert from 'node:assert/strict';
import test from 'node:test';
import { type FileSystem, Rng } from '../../src/base/index.ts';
import { type PackResult, restore } from '../../src/blocks/index.ts';
import { removeTree } from '../sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../sim/tree-state.ts';
import { assertRestores, assertSound, sourceState } from './checks.ts';
import { packUnder } from './matrix.ts';
import { firstPack } from './prepared.ts';
import { replaced, watched } from './watched.ts';
import { opened, packSource, SOURCE, type World } from './world.ts';

const prepared = firstPack();

/** A path of a tree state as `pack` names it. */
const shown = (path: string): string => `${SOURCE}/${Buffer.from(path, 'latin1').toString('utf8')}`;

/** Paths of the tree that a report excuses: its own, those below, and other names of the same file. */
function excusedBy(reported: string): (path: string) => boolean {
  const links = [...prepared.current]
    .filter(([path]) => shown(path) === reported)
    .map(([, { sameAs }]) => sameAs);
  return (path) => {
    const { sameAs } = prepared.current.get(path) ?? {};
    const isLink = sameAs !== undefined && links.includes(sameAs);
    return (
      reported === SOURCE || isLink || shown(path) === reported || shown(path).startsWith(`${reported}/`)
    );
  };
}

async function restored(world: World): Promise<TreeState> {
  return world.process((ports) =>
    opened(ports, 'read', async (repository) => {
      const { errors } = await restore(repository, { snapshot: 'latest', target: '/restored', owners: true });
      assert.deepEqual(errors, []);
      return readTree(ports.fs, '/restored');
    }),
  );
}

/** What is not restored as it was is exactly what was reported. */
async function assertOthersStored(world: World, result: PackResult): Promise<void> {
  const state = await restored(world);
  const excuses = result.errors.map(({ path }) => excusedBy(path));
  for (const [path, expected] of prepared.current) {
    if (excuses.some((excuses) => excuses(path))) continue;
    const actual = state.get(path);
    const found = new Map(actual === undefined ? [] : [[path, actual] as const]);
    const lines = treeDifferences(new Map([[path, expected]]), found);
    // A file whose first name was not stored has another first name.
    assert.deepEqual(
      lines.filter((line) => excuses.length === 0 || !line.includes(': sameAs was ')),
      [],
    );
  }
  assert.equal(result.isIncomplete, result.errors.length > 0);
}

/** Calls on the source in an undisturbed run. */
async function sourceCalls(): Promise<string[]> {
  const calls: string[] = [];
  const world = prepared.world.fork(new Rng(1));
  const fs = watched(world.disk, { below: SOURCE, onCall: (call) => calls.push(call) });
  await world.process((ports) => packSource(ports), fs);
  return calls;
}

const calls = await sourceCalls();

/** Packs with something done before call `at` on the source. */
async function packWith(
  at: number,
  act: (world: World, path: string) => void,
): Promise<{ world: World; result: PackResult }> {
  const world = prepared.world.fork(new Rng(1));
  const onCall = (call: string, number: number): void => {
    if (number === at) act(world, call.slice(call.indexOf(' ') + 1));
  };
  const fs = watched(world.disk as FileSystem, { below: SOURCE, onCall });
  return { world, result: await world.process((ports) => packSource(ports), fs) };
}

test('EIO at any call on the source: reported, and everything else is stored', async () => {
  for (let at = 1; at <= calls.length; at += 1) {
    const outcome = await packUnder(prepared, { at, fault: 'EIO', below: SOURCE });
    if (at === 1) {
      // The path itself cannot be looked at: nothing to pack.
      assert.equal((outcome.error as { code?: string }).code, 'UNREADABLE');
      continue;
    }
    const call = calls[at - 1] ?? '';
    assert.equal(outcome.error, undefined, call);
    assert.ok(outcome.result);
    assert.equal(outcome.result.errors.length, call.startsWith('close') ? 0 : 1, call);
    await assertOthersStored(outcome.world, outcome.result);
  }
});

test('what vanishes before any call on it is reported or stored, and everything else is stored', async () => {
  for (const [i, call] of calls.entries()) {
    if (i === 0) continue;
    const { world, result } = await packWith(i + 1, ({ disk }, path) => {
      if (disk.lstat(path).kind === 'directory') removeTree(disk, path);
      else disk.unlink(path);
    });
    const codes = new Set(result.errors.map(({ code }) => code));
    assert.ok(codes.size === 0 || (codes.size === 1 && codes.has('VANISHED')), call);
    await assertOthersStored(world, result);
  }
});

test('a file that grows while it is read is reported; what was read is stored', async () => {
  for (const [i, call] of calls.entries()) {
    if (!call.startsWith('read ')) continue;
    const { world, result } = await packWith(i + 1, ({ disk }, path) => {
      const fd = disk.open(path, 'update');
      disk.write(fd, Buffer.from('more'), { offset: 0, length: 4, position: disk.stat(fd).sizeBytes });
      disk.close(fd);
    });
    assert.deepEqual(
      result.errors.map(({ code }) => code),
      ['CHANGED'],
    );
    await assertOthersStored(world, result);
  }
});

test('reads that give less than asked for are asked again', async () => {
  const world = prepared.world.fork(new Rng(1));
  const { disk } = world;
  const read: FileSystem['read'] = (fd, into, range) =>
    disk.read(fd, into, { ...range, length: Math.min(range.length, 700) });
  const fs = replaced(disk, { read });
  const result = await world.process((ports) => packSource(ports), fs);
  assert.deepEqual(result.errors, []);
  const expected = { before: [], current: prepared.current, added: [1, 1] as const };
  await world.process((ports) => assertSound(ports, expected));
});

test('the same tree gives the same root, whatever failed before', async () => {
  const world = prepared.world.fork(new Rng(1));
  const clean = await world.process((ports) => packSource(ports));
  const outcome = await packUnder(prepared, { at: calls.length - 3, fault: 'EIO', below: SOURCE });
  const again = await outcome.world.process((ports) => packSource(ports));
  assert.equal(again.root.toString(), clean.root.toString());
  await outcome.world.process((ports) =>
    opened(ports, 'read', (repository) =>
      assertRestores(repository, 'latest', sourceState(outcome.world.disk)),
    ),
  );
});
