import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPOSITORY, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { pack } from '../backup/index.ts';
import { type ForgetOptions, type ForgetResult, forget } from './forget.ts';

interface Made {
  readonly bench: Workbench;
  /** By the name given. */
  readonly ids: Readonly<Record<string, string>>;
}

interface Wanted {
  readonly host?: string;
  readonly tags?: string[];
  readonly paths?: string[];
}

/** Snapshots a minute apart, in this order. */
async function made(wanted: Readonly<Record<string, Wanted>>): Promise<Made> {
  const bench = new Workbench();
  for (const root of [SOURCE, '/other']) bench.build([{ path: 'file', bytes: root }], root);
  const ids: Record<string, string> = {};
  for (const [name, { paths = [SOURCE], ...options }] of Object.entries(wanted)) {
    bench.clock.advance(60_000);
    const bytes = paths.map((path) => Buffer.from(path));
    const { snapshot = '' } = await bench.open((to) => pack(to, { paths: bytes, ...options }), 'write');
    ids[name] = snapshot;
  }
  return { bench, ids };
}

const run = ({ bench }: Made, options: ForgetOptions): Promise<ForgetResult> =>
  bench.open((repository) => forget(repository, options), 'write');

/** The names of what is left, and that the result says so. */
async function left(world: Made, options: ForgetOptions): Promise<string[]> {
  const { forgotten, kept } = await run(world, options);
  const names = (ids: readonly string[]): string[] =>
    Object.keys(world.ids).filter((name) => ids.includes(world.ids[name] ?? ''));
  const there = await world.bench.open(({ snapshots }) => snapshots.diskIds());
  assert.deepEqual(names(kept), names(there));
  assert.equal(forgotten.length + kept.length, Object.keys(world.ids).length);
  return names(there);
}

const THREE = { one: {}, two: {}, three: {} };

test('those named by id, prefix or `latest`, each once', async () => {
  const world = await made(THREE);
  const { one = '', three = '' } = world.ids;
  assert.deepEqual(await left(world, { snapshots: [one, one.slice(0, 8), 'latest', three] }), ['two']);
});

test('one that is not there: nothing is forgotten', async () => {
  const world = await made(THREE);
  await assert.rejects(run(world, { snapshots: ['latest', 'ffffffff'] }), { code: 'NO_SNAPSHOT' });
  assert.equal((await run(world, { snapshots: [] })).kept.length, 3);
});

test('the rules count in each group of one host and one set of paths', async () => {
  const world = await made({
    'a-1': { host: 'a' },
    'b-1': { host: 'b' },
    'other-1': { host: 'a', paths: ['/other'] },
    'both-1': { host: 'a', paths: [SOURCE, '/other'] },
    'a-2': { host: 'a', tags: ['whatever'] },
    'b-2': { host: 'b' },
    'both-2': { host: 'a', paths: ['/other', SOURCE] },
  });
  assert.deepEqual(await left(world, { keep: { last: 1 } }), ['other-1', 'a-2', 'b-2', 'both-2']);
});

test('a path and two that look like it joined are not the same', async () => {
  const world = await made({
    one: { host: 'a' },
    two: { host: `a\0${Buffer.from(SOURCE).toString('hex')}`, paths: [] },
  });
  assert.equal((await left(world, { keep: { last: 1 } })).length, 2);
});

test('only those of a host, or with all the tags, are looked at', async () => {
  const wanted = {
    one: { host: 'a', tags: ['x', 'y'] },
    two: { host: 'a', tags: ['x'] },
    three: { host: 'a', tags: ['x', 'y'] },
    four: { host: 'b' },
    five: { host: 'b' },
  };
  assert.deepEqual(await left(await made(wanted), { keep: { last: 1 }, host: 'b' }), [
    'one',
    'two',
    'three',
    'five',
  ]);
  assert.deepEqual(await left(await made(wanted), { keep: { last: 1 }, tags: ['x', 'y'] }), [
    'two',
    'three',
    'four',
    'five',
  ]);
  assert.deepEqual(await left(await made(wanted), { keep: { tags: ['y'] }, host: 'a' }), [
    'one',
    'three',
    'four',
    'five',
  ]);
});

test('without anything to keep it refuses: a typing error must not forget all', async () => {
  const world = await made(THREE);
  const nothing: ForgetOptions[] = [{}, { keep: {} }, { keep: { last: 0, tags: [] } }, { host: 'golden' }];
  for (const options of nothing) await assert.rejects(run(world, options), { code: 'USAGE' });
  assert.equal((await run(world, { keep: { last: 9 } })).kept.length, 3);
});

test('a tag to keep that no snapshot has is refused: it would keep nothing', async () => {
  const world = await made({ 'a-1': { host: 'a', tags: ['gold'] }, 'a-2': { host: 'a' } });
  const before = world.bench.hashes();
  await assert.rejects(run(world, { keep: { tags: ['golf'] } }), { code: 'USAGE', message: /golf/ });
  assert.deepEqual(world.bench.hashes(), before);
});

test('a dry run says the same and forgets nothing', async () => {
  const world = await made(THREE);
  const before = world.bench.hashes();
  const said = await run(world, { keep: { last: 1 }, dryRun: true });
  assert.deepEqual(world.bench.hashes(), before);
  assert.deepEqual(await run(world, { keep: { last: 1 } }), said);
  assert.equal(said.forgotten.length, 2);
});

test('the last one too, when it is named; blocks stay', async () => {
  const world = await made({ one: {} });
  const packs = [...world.bench.files().keys()].filter((name) => name.startsWith('store/'));
  assert.deepEqual(await left(world, { snapshots: ['latest'] }), []);
  assert.deepEqual([...world.bench.files().keys()], ['config', ...packs]);
});

test('a snapshot that cannot be read is neither kept nor forgotten', async () => {
  const world = await made(THREE);
  const path = `${REPOSITORY}/snapshots/${world.ids['two']}`;
  writeFile(world.bench.fs, path, 'damage');
  const { forgotten, kept } = await run(world, { keep: { last: 1 } });
  assert.deepEqual([forgotten, kept], [[world.ids['one']], [world.ids['three']]]);
  assert.ok(world.bench.files().has(`snapshots/${world.ids['two']}`));
});
