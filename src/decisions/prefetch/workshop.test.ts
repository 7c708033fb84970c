import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FastRng, ManualClock, sha256Hex, writeAll } from '../../base/index.ts';
import { AHEAD_SLOTS, AHEAD_STEP_WIDTH, AHEAD_STEPS } from '../../blocks/index.ts';
import { type ModelArtefact, type ModelDraft, saveArtefact } from '../artefact/index.ts';
import type { ScoreRow, ScoreSet } from '../scoreboard/index.ts';
import type { Work } from '../workshop/index.ts';
import { Fate, readWindows, type Window, writeWindows } from './judging/windows.ts';
import { advantageOn, openPrefetchModel } from './model.ts';
import { prefetchWorkshop } from './workshop.ts';

function finish<Result>(work: Work<Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** One ustar entry (POSIX.1-1988), as far as the reader looks. */
function entry(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header[156] = 0x30;
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function noise(seed: number, length: number): Uint8Array {
  const rng = new FastRng(seed);
  return Uint8Array.from({ length }, () => rng.below(256));
}

const TRACE = 'traces/loop.i32be';
const VERSIONS = 'versions/pack.tar.br';

/** Keys of a loop that no small cache holds. */
const LOOP = Buffer.concat(
  Array.from({ length: 1500 }, (_, i) => {
    const key = Buffer.alloc(4);
    key.writeInt32BE(((i % 120) * 37) % 997);
    return key;
  }),
);

/** A recorded loop and three versions of a package, both of which may be learnt from. */
function dataFolder(): SimFileSystem {
  const files = [1, 2, 3].flatMap((version) =>
    Array.from({ length: 12 }, (_, i) =>
      entry(`${version}/lib/${i}`, noise(i === 3 ? version : 100 + i, 2000)),
    ),
  );
  const archive = brotliCompressSync(Buffer.concat([...files, Buffer.alloc(1024)]));
  const contents = { [TRACE]: LOOP, [VERSIONS]: archive };
  const lines = Object.entries(contents).map(([path, content]) =>
    [path, 's', 'l', content.length, sha256Hex(content), 'train+ship', ''].join('\t'),
  );
  const fs = new SimFileSystem();
  for (const folder of ['/data', '/data/traces', '/data/versions']) fs.makeDirectory(folder);
  const list = Buffer.from(`path\tsource\tlicence\tbytes\tsha256\tuse\tnote\n${lines.join('\n')}\n`);
  for (const [path, content] of Object.entries({ ...contents, 'MANIFEST.tsv': list })) {
    const fd = fs.open(`/data/${path}`, 'create');
    writeAll(fs, fd, content, 0);
    fs.close(fd);
  }
  return fs;
}

const bench = { fs: dataFolder(), clock: new ManualClock(), warn: () => undefined };
const ORDER = { seed: 3, version: '1', date: '2026-01-01', command: 'train' };
const measured = finish(prefetchWorkshop.measure(bench, '/data', { shippable: true }));

/** A part of the table, so that training takes a moment. */
function lessons(): string {
  const lines = measured.table.trimEnd().split('\n');
  return `${lines.filter((_, i) => i < 3 || i % 16 === 0).join('\n')}\n`;
}

const table = lessons();
const draft = finish(prefetchWorkshop.train(bench, { ...ORDER, table }));

const saved = (made: ModelDraft): ModelArtefact => saveArtefact(new SimFileSystem(), '/model', made);

test('windows are written and read as they are, to a sixty-third; damage is named', () => {
  const steps = Float32Array.from({ length: AHEAD_STEPS * AHEAD_STEP_WIDTH }, (_, i) => (i % 64) / 63);
  const fates = Uint8Array.from({ length: AHEAD_SLOTS }, (_, i) => (i === 2 ? Fate.named + Fate.offered : 0));
  const windows: Window[] = [
    { set: 'a', part: 'train', steps, fates },
    { set: 'b', part: 'val', steps, fates },
  ];
  const text = writeWindows(windows);
  assert.deepEqual(readWindows(text), windows);
  for (const wrong of [
    text.replace('set', 'sets'),
    text.replace('val', 'test'),
    text.replace(/.\n$/, '\n'),
    `${text}a\n`,
  ]) {
    assert.throws(() => readWindows(wrong), { code: 'DAMAGED' });
  }
  assert.throws(() => readWindows(text.replace('train\t0', 'train\t!')), { code: 'DAMAGED' });
});

test('the table names its sets, holds no block and nothing of the sealed end, and is the same each time', () => {
  const { table: whole, rows } = measured;
  assert.deepEqual(
    whole.match(/^#set.*$/gm)?.map((line) => line.split('\t')[2]),
    [TRACE, VERSIONS],
  );
  assert.equal(finish(prefetchWorkshop.measure(bench, '/data', { shippable: true })).table, whole);
  const windows = readWindows(whole.slice(whole.indexOf('set\tpart')));
  assert.equal(windows.length, rows);
  assert.ok(windows.filter(({ set }) => set === 'loop').length <= 3 * 0.85 * 1500);
  const late = windows.filter(({ set }) => set === 'loop').slice(-50);
  const isNext = (fate: number): boolean => (fate & Fate.next) !== 0;
  assert.ok(
    late.length > 0 && late.every(({ fates }) => fates.some(isNext)),
    'in a loop what followed follows',
  );
});

test('the same table and seed give the same bytes, and a model that answers', () => {
  const again = finish(prefetchWorkshop.train(bench, { ...ORDER, table }));
  assert.deepEqual(again, draft);
  assert.equal(draft.manifest.lineage.tableSha256, sha256Hex(Buffer.from(table)));
  assert.deepEqual(draft.manifest.topology, [24, 64, 64, 32]);
  const artefact = saved(draft);
  assert.equal(prefetchWorkshop.valRegret(table, artefact), draft.manifest.metrics['valRegret']);
  const model = openPrefetchModel(artefact);
  const question = {
    ...{ chances: new Float64Array(AHEAD_SLOTS).fill(0.4), limit: 3, floor: 0 },
    steps: new Float64Array(AHEAD_STEPS * AHEAD_STEP_WIDTH).fill(0.4),
  };
  assert.ok(model.choose(question) > 0);
  for (const [gain, serves] of [
    [0.004, false],
    [0.006, true],
  ] as const) {
    const metrics = { [advantageOn('a')]: 0.2, [advantageOn('b')]: gain };
    const judged = openPrefetchModel(saved({ ...draft, manifest: { ...draft.manifest, metrics } }));
    assert.equal(judged.serves(), serves);
  }
});

test('a model of another room, other features or another shape is refused', () => {
  const open = (manifest: object, files = draft.files) =>
    openPrefetchModel(saved({ manifest: { ...draft.manifest, ...manifest }, files }));
  assert.throws(() => open({ room: 'codec' }), { code: 'DAMAGED' });
  assert.throws(() => open({ featureSchema: 'other' }), { code: 'SHAPE' });
  assert.throws(() => open({}, new Map([['other.safetensors', new Uint8Array(1)]])), { code: 'DAMAGED' });
});

/** The rows of a set by who they are of. */
const rowsOf = ({ rows }: ScoreSet): Record<string, ScoreRow> =>
  Object.fromEntries(rows.map((row) => [row.who, row]));

test('everybody is scored on every set; one serves; who learnt from a set is scored on its end', () => {
  const { sets } = finish(prefetchWorkshop.score(bench, '/data', undefined));
  assert.deepEqual(
    sets.map(({ name }) => name),
    ['loop', 'restore', 'restore-shuffled'],
  );
  for (const set of sets) {
    const rows = rowsOf(set);
    const names = [
      'heuristic',
      'lru',
      'one-block-lookahead',
      'markov-1',
      'markov-2',
      'recency-markov',
      'best-fixed',
    ];
    for (const who of [...names, 'document-rule', 'oracle', 'markov-1 unlimited']) assert.ok(rows[who], who);
    assert.equal(rows['tree-children'] !== undefined, set.name !== 'loop');
    assert.deepEqual(
      set.rows.filter(({ serving }) => serving).map(({ who }) => who),
      ['heuristic'],
    );
    for (const row of set.rows) {
      if (row['unlimited'] === true) continue;
      assert.ok(Number(row['waste']) <= 0.1 || set.n < 80, `${set.name} ${row.who}`);
      assert.ok(Number(row['hitRateLow']) <= Number(row['hitRate']));
      assert.ok(Number(row['precisionAt5']) <= Number(row['precisionAt5Ceiling']) + 1e-12);
    }
  }
  const sealed = finish(prefetchWorkshop.score(bench, '/data', saved(draft))).sets;
  assert.equal(sealed[0]?.n, 225);
  assert.ok(sealed.every((set) => rowsOf(set)['model'] !== undefined));
});

test('folders without runs, tables without rows', () => {
  const empty = new SimFileSystem();
  empty.makeDirectory('/data');
  assert.throws(() => finish(prefetchWorkshop.score({ ...bench, fs: empty }, '/data', undefined)), {
    code: 'EMPTY',
  });
  const [set = '', , header = ''] = measured.table.split('\n');
  assert.throws(() => finish(prefetchWorkshop.train(bench, { ...ORDER, table: `${set}\n${header}\n` })), {
    code: 'EMPTY',
  });
  assert.throws(() => finish(prefetchWorkshop.train(bench, { ...ORDER, table: '#set\ta\tb\n' })), {
    code: 'DAMAGED',
  });
});
