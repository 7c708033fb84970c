import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_FEATURES } from '../telemetry/index.ts';
import { checkTrainable, TrainingDataset } from './dataset.ts';
import { anyDataset, threeCodecs } from './testing/samples.ts';

test('samples come back as they were added', () => {
  const dataset = new TrainingDataset();
  dataset.addSample({ size: 1, depth: 2 }, 'zstd', { group: 'f', time: 7, weight: 2, cost: [3, 4] });
  dataset.addSample({ depth: 5, size: Number.NaN }, 'lz4', { cost: [5, 6] });
  assert.equal(dataset.length, 2);
  assert.deepEqual(dataset.classes, ['zstd', 'lz4']);
  assert.deepEqual(dataset.sampleAt(0), {
    ...{ features: Float64Array.of(1, 2), label: 'zstd', group: 'f', time: 7, weight: 2 },
    cost: Float64Array.of(3, 4),
  });
  assert.deepEqual(dataset.sampleAt(1), {
    ...{ features: Float64Array.of(Number.NaN, 5), label: 'lz4', group: null, time: Number.NaN, weight: 1 },
    cost: Float64Array.of(5, 6),
  });
  assert.deepEqual(dataset.batch(), {
    x: { rows: 2, columns: 2, data: Float64Array.of(1, 2, Number.NaN, 5) },
    y: Float64Array.of(0, 1),
    weights: Float64Array.of(2, 1),
  });
  assert.deepEqual(dataset.costs(), { rows: 2, columns: 2, data: Float64Array.of(3, 4, 5, 6) });
});

test('labels that are numbers are values, and weights that are all 1 are left out of a batch', () => {
  const dataset = new TrainingDataset({ features: BLOCK_FEATURES });
  dataset.addSample([1, 2, 3, 4], 0.5);
  dataset.addSample(Float32Array.of(1, 2, 3, 4), -1);
  assert.equal(dataset.classes, null);
  assert.deepEqual(dataset.batch(), {
    x: { rows: 2, columns: 4, data: Float64Array.of(1, 2, 3, 4, 1, 2, 3, 4) },
    y: Float64Array.of(0.5, -1),
  });
  assert.equal(dataset.costs(), null);
});

test('what is no sample is refused, and nothing of it is kept', () => {
  const dataset = new TrainingDataset({ classes: ['a', 'b'] });
  dataset.addSample({ x: 1 }, 'a', { cost: [1] });
  const before = dataset.digest();
  const bad: readonly [unknown, unknown, object, string][] = [
    [{ x: 1, y: 2 }, 'a', { cost: [1] }, 'SHAPE'],
    [{ y: 1 }, 'a', { cost: [1] }, 'USAGE'],
    [{ x: '1' }, 'a', { cost: [1] }, 'USAGE'],
    [{ x: Infinity }, 'a', { cost: [1] }, 'NOT_FINITE'],
    [[1, 2], 'a', { cost: [1] }, 'SHAPE'],
    [{ x: 1 }, 'c', { cost: [1] }, 'USAGE'],
    [{ x: 1 }, 1, { cost: [1] }, 'SHAPE'],
    [{ x: 1 }, '', { cost: [1] }, 'USAGE'],
    [{ x: 1 }, 'a', {}, 'SHAPE'],
    [{ x: 1 }, 'a', { cost: [1, 2] }, 'SHAPE'],
    [{ x: 1 }, 'a', { cost: [Number.NaN] }, 'NOT_FINITE'],
    [{ x: 1 }, 'a', { cost: [1], time: Number.NaN }, 'NOT_FINITE'],
    [{ x: 1 }, 'a', { cost: [1], weight: -1 }, 'USAGE'],
    [{ x: 1 }, 'a', { cost: [1], weight: '1' }, 'USAGE'],
    [{ x: 1 }, 'a', { cost: [1], group: '' }, 'USAGE'],
    [{ x: 1 }, 'a', { cost: [1], group: '\ud800' }, 'USAGE'],
    [{ x: 1 }, 'a', { cost: [1], group: 'x'.repeat(257) }, 'USAGE'],
  ];
  for (const [features, label, options, code] of bad) {
    const add = () => dataset.addSample(features as { x: number }, label as string, options);
    assert.throws(add, { code }, JSON.stringify([features, label, options]));
  }
  assert.equal(dataset.digest(), before);
  assert.throws(() => new TrainingDataset().addSample([1], 'a'), { code: 'USAGE' });
  assert.throws(() => new TrainingDataset().addSample({}, 'a'), { code: 'EMPTY' });
  const values = new TrainingDataset();
  values.addSample({ x: 1 }, 1);
  assert.throws(() => values.addSample({ x: 1 }, 'a'), { code: 'SHAPE' });
  assert.throws(() => values.addSample({ x: 1 }, Number.NaN), { code: 'NOT_FINITE' });
  assert.throws(() => values.sampleAt(1), { code: 'USAGE' });
});

test('slots and classes that make no sense are refused', () => {
  const named = (...names: string[]) => names.map((name) => ({ name, unit: '-', scale: 'x', neutral: 0 }));
  for (const names of [['a', 'A'], ['1'], ['a b'], ['_label'], ['x'.repeat(65)], ['__proto__']]) {
    assert.throws(() => new TrainingDataset({ features: named(...names) }), { code: 'USAGE' }, names.join());
  }
  assert.throws(() => new TrainingDataset({ features: [] }), { code: 'EMPTY' });
  for (const classes of [[], ['a'], ['a', 'a'], ['a', 'b', '']]) {
    assert.throws(() => new TrainingDataset({ classes }), { code: 'USAGE' });
  }
  const many = Array.from({ length: 5000 }, (_, i) => `n${i}`);
  assert.throws(() => new TrainingDataset({ features: named(...many) }), { code: 'LIMIT' });
  assert.throws(() => new TrainingDataset({ classes: many }), { code: 'LIMIT' });
});

test('inputs are not kept: changing them later changes nothing', () => {
  const dataset = new TrainingDataset({ features: BLOCK_FEATURES.slice(0, 1) });
  const [features, cost] = [[1], [2]];
  dataset.addSample(features, 'a', { cost });
  features[0] = 9;
  cost[0] = 9;
  assert.deepEqual([dataset.sampleAt(0).features[0], dataset.sampleAt(0).cost?.[0]], [1, 2]);
});

test('a thousand samples divide 70, 15, 15 with whole groups, the same way whatever their order', () => {
  const dataset = threeCodecs(1000);
  const [train, val, test] = dataset.split();
  assert.deepEqual([train.length, val.length, test.length], [700, 150, 150]);
  assert.deepEqual([train.part, val.part], ['train', 'val']);
  const groupsOf = (part: TrainingDataset) => new Set(part.table.groups);
  const opened = test.open();
  for (const [a, b] of [
    [train, val],
    [train, opened],
    [val, opened],
  ] as const) {
    assert.equal(groupsOf(a).intersection(groupsOf(b)).size, 0);
  }
  assert.deepEqual([...groupsOf(opened)].sort(), [...test.groups].sort());
  const shuffled = dataset.take(Array.from({ length: 1000 }, (_, i) => (i * 77) % 1000));
  const again = shuffled.split();
  assert.deepEqual(groupsOf(again[0]), groupsOf(train));
  assert.deepEqual(again[2].groups.toSorted(), test.groups.toSorted());
  assert.notDeepEqual(dataset.split({ seed: 43 })[2].groups.toSorted(), test.groups.toSorted());
});

test('every sample is in exactly one part, and groups are whole: any data set, any ratios', () => {
  const ratios = fc.constantFrom(
    [0.7, 0.15, 0.15],
    [0.5, 0.25, 0.25],
    [0.8, 0, 0.2],
    [0.6, 0.4, 0],
    [1, 0, 0],
  );
  fc.assert(
    fc.property(anyDataset, ratios, fc.nat(1000), (dataset, [trainRatio, valRatio, testRatio], seed) => {
      const options = { trainRatio, valRatio, testRatio, seed, duplicates: 'drop' } as const;
      try {
        const [train, val, test] = dataset.split(options);
        const parts = [train, val, test.open()];
        const digests = parts.flatMap((part) => [...part.digests()]);
        assert.equal(new Set(digests).size, digests.length, 'no observation in two parts');
        assert.deepEqual(new Set(digests), new Set(dataset.digests()));
        const groups = parts.map((part) => new Set(part.table.groups.filter((group) => group !== null)));
        const all = groups.reduce((sum, set) => sum + set.size, 0);
        assert.equal(new Set(groups.flatMap((set) => [...set])).size, all);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'EMPTY', String(error));
      }
    }),
  );
});

test('samples without a group that cannot be told apart stay together', () => {
  const dataset = new TrainingDataset();
  for (let i = 0; i < 300; i += 1) dataset.addSample({ x: i % 30 }, i % 2 === 0 ? 'a' : 'b', { time: i });
  const [train, val, test] = dataset.split();
  const seen = [train, val, test.open()].map((part) => new Set(part.table.x));
  assert.equal(
    seen.reduce((sum, set) => sum + set.size, 0),
    30,
  );
});

test('by time the last are tested on, and moments are not divided', () => {
  const dataset = threeCodecs(100);
  const [train, val, test] = dataset.split({ by: 'time' });
  assert.deepEqual([train.length, val.length, test.length], [70, 15, 15]);
  assert.ok(Math.max(...train.table.times) < Math.min(...val.table.times));
  assert.ok(Math.max(...val.table.times) < Math.min(...test.open().table.times));
  const ties = new TrainingDataset();
  for (let i = 0; i < 100; i += 1) ties.addSample({ x: i }, 'a', { time: Math.floor(i / 30) });
  const parts = ties.split({ by: 'time', trainRatio: 0.5, valRatio: 0.2, testRatio: 0.3 });
  assert.deepEqual(
    parts.map((part) => part.length),
    [60, 30, 10],
  );
});

test('splits that cannot be are refused', () => {
  const dataset = threeCodecs(100);
  const bad: readonly [object, string][] = [
    [{ trainRatio: 0.8 }, 'USAGE'],
    [{ trainRatio: 1.15, valRatio: -0.15, testRatio: 0 }, 'USAGE'],
    [{ trainRatio: Number.NaN }, 'USAGE'],
    [{ seed: 0.5 }, 'USAGE'],
    [{ by: 'time', sealedGroups: ['file-1'] }, 'USAGE'],
  ];
  for (const [options, code] of bad)
    assert.throws(() => dataset.split(options), { code }, JSON.stringify(options));
  const two = dataset.take([0, 1]);
  assert.throws(() => two.split(), { code: 'EMPTY' });
  assert.throws(() => dataset.split()[0].split(), { code: 'REFUSED' });
  const timeless = new TrainingDataset();
  timeless.addSample({ x: 1 }, 'a');
  assert.throws(() => timeless.split({ by: 'time' }), { code: 'USAGE' });
});

test('an observation entered under two groups is found when it would stand in two parts', () => {
  const dataset = threeCodecs(100);
  const [train, , test] = dataset.split();
  const twin = test.open().sampleAt(0);
  const options = { time: twin.time, cost: twin.cost ?? [] };
  dataset.addSample(twin.features, twin.label, { ...options, group: train.table.groups[0] ?? '' });
  assert.throws(() => dataset.split(), { code: 'REFUSED' });
  const dropped = dataset.split({ duplicates: 'drop' });
  assert.equal(
    dropped.reduce((sum, part) => sum + part.length, 0),
    100,
  );
  assert.ok(dropped[2].digests().isDisjointFrom(dropped[0].digests()));
});

test('groups that were sealed once stay sealed when data are added', () => {
  const [, , sealed] = threeCodecs(400).split();
  const sealedGroups = [...sealed.groups, 'a group that is no longer there'];
  const [train, val, test] = threeCodecs(1000, 2).split({ seed: 9, sealedGroups });
  assert.ok(new Set(test.groups).isSupersetOf(new Set(sealed.groups)));
  for (const part of [train, val])
    assert.ok(part.table.groups.every((group) => !sealed.groups.includes(group ?? '')));
});

test('each look at a test part is counted, over all splits of a data set', () => {
  const dataset = threeCodecs(100);
  const [first, second] = [dataset.split()[2], dataset.split({ seed: 7 })[2]];
  assert.equal(dataset.testEvaluations, 0);
  first.open();
  second.open();
  first.open();
  assert.deepEqual([dataset.testEvaluations, first.evaluations, second.evaluations], [3, 3, 3]);
  assert.deepEqual([first.length, first.groups.length > 0, first.digests().size], [15, true, 15]);
  assert.equal(dataset.testEvaluations, 3, 'none of these is a look');
});

test('trainers and tuners refuse the test part, sealed or open, and whatever is made of it', () => {
  const [train, val, test] = threeCodecs(100).split();
  assert.equal(checkTrainable(train, 'the tuner'), train);
  assert.equal(checkTrainable(val, 'the tuner'), val);
  const opened = test.open();
  for (const data of [test, opened, opened.take([0, 1]), opened.mapFeatures((x) => x)]) {
    assert.throws(() => checkTrainable(data, 'the tuner'), { code: 'REFUSED', message: /^the tuner/ });
  }
  assert.throws(() => checkTrainable([], 'the tuner'), { code: 'USAGE' });
  assert.throws(() => opened.addSample([1, 2, 3], 'zstd'), { code: 'REFUSED' });
});

test('features can be changed, one by one, and checked again', () => {
  const dataset = threeCodecs(10);
  const doubled = dataset.mapFeatures((features) => features.map((value) => 2 * value));
  assert.deepEqual(
    doubled.table.x,
    dataset.table.x.map((value) => 2 * value),
  );
  assert.deepEqual(doubled.table.y, dataset.table.y);
  assert.throws(() => dataset.mapFeatures(() => [1]), { code: 'SHAPE' });
  assert.throws(() => dataset.mapFeatures((x) => x.map(() => Infinity)), { code: 'NOT_FINITE' });
});

test('a part stays as it is when the whole grows', () => {
  const dataset = new TrainingDataset();
  for (let i = 0; i < 40; i += 1) dataset.addSample({ x: i }, i % 2 === 0 ? 'a' : 'b', { group: `g${i}` });
  const parts = [dataset.split()[0], dataset.take([0, 1]), dataset.mapFeatures((x) => x)];
  const before = parts.map((part) => part.digest());
  for (let i = 0; i < 100; i += 1) dataset.addSample({ x: -i }, 'c', { group: 'more' });
  assert.deepEqual(
    parts.map((part) => part.digest()),
    before,
  );
});

test('the digest names the samples: equal data, equal digest; any change, another one', () => {
  const make = (change: Partial<Record<'x' | 'time' | 'weight', number>> = {}, label = 'a', group = 'g') => {
    const dataset = new TrainingDataset({ classes: ['a', 'b'] });
    const { x = 1, time = 2, weight = 3 } = change;
    dataset.addSample({ x }, label, { time, weight, group, cost: [1] });
    return dataset.digest();
  };
  const all = [
    make(),
    make({ x: 2 }),
    make({ time: 1 }),
    make({ weight: 1 }),
    make({}, 'b'),
    make({}, 'a', 'h'),
  ];
  assert.equal(new Set(all).size, all.length);
  assert.equal(make(), all[0]);
});

test('slots and features that are none are refused with a code', () => {
  for (const slot of [{ unit: '-' }, { name: 7 }, null]) {
    assert.throws(() => new TrainingDataset({ features: [slot] as never }), { code: 'USAGE' });
  }
  for (const features of [null, undefined, 'text']) {
    assert.throws(() => new TrainingDataset().addSample(features as never, 'zstd'), { code: 'USAGE' });
  }
});

test('a group of more samples than a call has arguments is split like any other', () => {
  const dataset = new TrainingDataset();
  const rows = 140_000;
  for (let row = 0; row < rows; row += 1) {
    dataset.addSample({ row }, row % 2 === 0 ? 'a' : 'b', {
      group: row < rows - 8 ? 'large' : `small-${row}`,
    });
  }
  const [train, val, test] = dataset.split({ trainRatio: 0, valRatio: 0.01, testRatio: 0.99 });
  assert.equal(train.length + val.length + test.length, rows);
});
