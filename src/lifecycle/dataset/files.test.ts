import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../../test/support.ts';
import { hasCode, NodeFileSystem } from '../../base/index.ts';
import { TrainingDataset } from './dataset.ts';
import { readParquet, writeParquet } from './parquet-file.ts';
import { anyDataset, threeCodecs } from './testing/samples.ts';

// DuckDB has no build for some machines: there, and there alone, no Parquet file is written or read.
const hasDuckdb = await import('@duckdb/node-api').then(
  () => true,
  () => false,
);
const needsDuckdb = { skip: hasDuckdb ? false : '@duckdb/node-api HAS NO BUILD FOR THIS MACHINE' };

/** The data set with what stands beside its samples. */
const all = (dataset: TrainingDataset) => [
  ...[dataset.table, dataset.part, dataset.testEvaluations, dataset.digest(), dataset.featureSchema],
];

async function assertRoundTrip(folder: string, name: string, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyDataset, async (dataset) => {
      await dataset.save(`${folder}/${name}`);
      assert.deepEqual(all(await TrainingDataset.load(`${folder}/${name}`)), all(dataset));
    }),
    { numRuns },
  );
}

/** A part stays a part, looks stay counted, and what was whole goes on growing. */
async function assertParts(folder: string, ending: string): Promise<void> {
  const dataset = threeCodecs(100);
  const [train, , sealed] = dataset.split();
  const test = sealed.open();
  for (const part of [dataset, train, test]) {
    await part.save(`${folder}/part${ending}`);
    assert.deepEqual(all(await TrainingDataset.load(`${folder}/part${ending}`)), all(part));
  }
  await dataset.save(`${folder}/all${ending}`);
  const loaded = await TrainingDataset.load(`${folder}/all${ending}`);
  assert.equal(loaded.testEvaluations, 1);
  loaded.addSample([1, 2, 3], 'lz4', { cost: [1, 2, 3] });
  assert.equal(loaded.length, 101);
  assert.throws(() => loaded.addSample([1, 2, 3], 'brotli', { cost: [1, 2, 3] }), { code: 'USAGE' });
}

test('JSON: what was saved loads back equal', async (t) => {
  await assertRoundTrip(temporaryFolder(t), 'training_dataset.json', 50);
});

test('JSON: parts and counts', async (t) => {
  await assertParts(temporaryFolder(t), '.json');
});

test('JSON is for people and other tools as well', async (t) => {
  const path = `${temporaryFolder(t)}/d.json`;
  const dataset = new TrainingDataset();
  dataset.addSample({ size: 1 }, 'zstd', { group: 'f' });
  dataset.addSample({ size: Number.NaN }, 'lz4', { time: 5, weight: 0.5 });
  await dataset.save(path);
  const { samples, features, classes } = JSON.parse(readFileSync(path, 'utf8'));
  assert.deepEqual(samples, [
    [[1], 'zstd', 1, null, 'f', []],
    [[null], 'lz4', 0.5, 5, null, []],
  ]);
  assert.deepEqual([features[0].name, classes], ['size', ['zstd', 'lz4']]);
});

test('a large data set is written and read in pieces', async (t) => {
  const path = `${temporaryFolder(t)}/d.json`;
  const dataset = threeCodecs(20_000);
  await dataset.save(path);
  assert.equal((await TrainingDataset.load(path)).digest(), dataset.digest());
});

test('JSON that is no data set, or says what cannot be, is refused with a code', async (t) => {
  const path = `${temporaryFolder(t)}/d.json`;
  const dataset = threeCodecs(3);
  await dataset.save(path);
  const good = JSON.parse(readFileSync(path, 'utf8'));
  const [sample] = good.samples;
  const [x] = sample;
  const withSample = (changed: unknown) => ({ ...good, samples: [changed, ...good.samples.slice(1)] });
  const bad: readonly unknown[] = [
    null,
    [],
    7,
    'text',
    {},
    { ...good, kind: 'model' },
    { ...good, format: '1' },
    { ...good, more: 1 },
    { ...good, part: 'everything' },
    { ...good, testEvaluations: -1 },
    { ...good, testEvaluations: 0.5 },
    { ...good, moreClasses: 1 },
    { ...good, classes: ['zstd', 'none'], moreClasses: true },
    { ...good, features: [] },
    { ...good, features: [null, null, null] },
    { ...good, features: good.features.slice(1) },
    { ...good, features: good.features.map((slot: object) => ({ ...slot, unit: 7 })) },
    { ...good, featureSchema: '0'.repeat(64) },
    { ...good, classes: ['zstd'] },
    { ...good, classes: 'zstd' },
    { ...good, classes: ['zstd', 'zstd', 'none'] },
    { ...good, classes: null },
    { ...good, costs: 2 },
    { ...good, length: 4 },
    { ...good, samples: good.samples.slice(1) },
    { ...good, samples: {} },
    withSample(null),
    withSample([]),
    withSample([...sample, 1]),
    withSample([x.slice(1), ...sample.slice(1)]),
    withSample([['1', 2, 3], ...sample.slice(1)]),
    withSample([x, 'brotli', ...sample.slice(2)]),
    withSample([x, ['zstd'], ...sample.slice(2)]),
    withSample([x, 'zstd', '1', 1, 'f', [1, 2, 3]]),
    withSample([x, 'zstd', -1, 1, 'f', [1, 2, 3]]),
    withSample([x, 'zstd', 1, '1', 'f', [1, 2, 3]]),
    withSample([x, 'zstd', 1, 1, 7, [1, 2, 3]]),
    withSample([x, 'zstd', 1, 1, 'f', [1, 2]]),
    withSample([x, 'zstd', 1, 1, 'f', [1, 2, null]]),
  ];
  for (const value of bad) {
    writeFileSync(path, JSON.stringify(value));
    await assert.rejects(TrainingDataset.load(path), { code: 'DAMAGED' }, JSON.stringify(value));
  }
  const texts = [
    '',
    '{',
    JSON.stringify(good).slice(0, -2),
    '['.repeat(100_000),
    '\uFEFFx',
    '{"kind":1e999}',
  ];
  for (const text of texts) {
    writeFileSync(path, text);
    await assert.rejects(TrainingDataset.load(path), { code: 'DAMAGED' }, text.slice(0, 40));
  }
  writeFileSync(path, Buffer.from([0x22, 0xff, 0x22]));
  await assert.rejects(TrainingDataset.load(path), { code: 'DAMAGED' });
  writeFileSync(path, JSON.stringify({ ...good, format: 2, later: true }));
  await assert.rejects(TrainingDataset.load(path), { code: 'NEWER_VERSION' });
});

test('JSON with any byte changed loads, or is refused with a code', async (t) => {
  const path = `${temporaryFolder(t)}/d.json`;
  await threeCodecs(3).save(path);
  const good = readFileSync(path);
  const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(good);
      for (const { at, byte } of changes) bytes[at] = byte;
      writeFileSync(path, bytes);
      await TrainingDataset.load(path).catch((error) => assert.ok(hasCode(error), String(error)));
    }),
    { numRuns: 500 },
  );
});

test('paths: another ending, no file, a link, nothing to save', async (t) => {
  const folder = temporaryFolder(t);
  const dataset = threeCodecs(3);
  await assert.rejects(dataset.save(`${folder}/d.csv`), { code: 'USAGE' });
  await assert.rejects(TrainingDataset.load(`${folder}/d.pkl`), { code: 'USAGE' });
  await assert.rejects(TrainingDataset.load(`${folder}/absent.json`), { code: 'MISSING' });
  await assert.rejects(dataset.save(`${folder}/absent/d.json`), { code: 'MISSING' });
  await assert.rejects(new TrainingDataset().save(`${folder}/d.json`), { code: 'EMPTY' });
  await dataset.save(`${folder}/d.json`);
  symlinkSync(`${folder}/d.json`, `${folder}/link.json`);
  await assert.rejects(TrainingDataset.load(`${folder}/link.json`), { code: 'IO' });
});

test('when saving fails the old file stays and nothing lies beside it', async (t) => {
  const path = `${temporaryFolder(t)}/d.json`;
  await threeCodecs(3).save(path);
  const before = readFileSync(path);
  class FullDisk extends NodeFileSystem {
    override write(): number {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    }
  }
  await assert.rejects(threeCodecs(5).save(path, new FullDisk()), { code: 'NO_SPACE' });
  assert.deepEqual(readFileSync(path), before);
  assert.ok(!existsSync(`${path}.new`));
});

test('without DuckDB a Parquet file is refused with the name of the package', async (t) => {
  const path = `${temporaryFolder(t)}/d.parquet`;
  const table = threeCodecs(3).table;
  const load = () =>
    Promise.reject(Object.assign(new Error('no such package'), { code: 'ERR_MODULE_NOT_FOUND' }));
  const expected = { code: 'UNSUPPORTED', message: /@duckdb\/node-api/ };
  const saved = { part: 'all', testEvaluations: 0, table } as const;
  await assert.rejects(writeParquet(new NodeFileSystem(), path, saved, load), expected);
  assert.ok(!existsSync(path));
  writeFileSync(path, 'PAR1');
  await assert.rejects(readParquet(new NodeFileSystem(), path, load), expected);
});

test('Parquet: what was saved loads back equal', needsDuckdb, async (t) => {
  await assertRoundTrip(temporaryFolder(t), "it's a set.parquet", 15);
});

test('Parquet: parts and counts', needsDuckdb, async (t) => {
  await assertParts(temporaryFolder(t), '.parquet');
});

test('Parquet and JSON hold the same', needsDuckdb, async (t) => {
  const folder = temporaryFolder(t);
  const dataset = threeCodecs(5000);
  await dataset.save(`${folder}/d.parquet`);
  await dataset.save(`${folder}/d.json`);
  const [parquet, json] = [`${folder}/d.parquet`, `${folder}/d.json`];
  for (const path of [parquet, json]) assert.equal(statSync(path).mode & 0o777, 0o600, path);
  assert.deepEqual(all(await TrainingDataset.load(parquet)), all(await TrainingDataset.load(json)));
});

test('Parquet that is none, or not ours, or cut, is refused with a code', needsDuckdb, async (t) => {
  const path = `${temporaryFolder(t)}/d.parquet`;
  await threeCodecs(50).save(path);
  const good = readFileSync(path);
  const damage: readonly Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('PAR1'),
    good.subarray(0, good.length / 2),
    good.subarray(good.length / 2),
    Buffer.from(good.toString('latin1').replace('"length":50', '"length":49'), 'latin1'),
    Buffer.from(good.toString('latin1').replace('training-dataset', 'trainingxdataset'), 'latin1'),
    Buffer.from(good.toString('latin1').replaceAll('pilotfish', 'pilotfosh'), 'latin1'),
  ];
  for (const [at, bytes] of damage.entries()) {
    writeFileSync(path, bytes);
    await assert.rejects(TrainingDataset.load(path), { code: 'DAMAGED' }, String(at));
  }
  await assert.rejects(TrainingDataset.load(path.replace('/d.', '/*.')), { code: 'USAGE' });
  await assert.rejects(TrainingDataset.load(path.replace('/d.', '/absent.')), { code: 'MISSING' });
});
