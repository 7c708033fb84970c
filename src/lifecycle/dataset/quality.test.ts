import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { BLOCK_FEATURES } from '../telemetry/index.ts';
import { TrainingDataset } from './dataset.ts';
import { singleFeatureSkill } from './leakage.ts';
import { checkQuality, type QualityOptions, requireQuality } from './quality.ts';
import { threeCodecs } from './testing/samples.ts';

/** `check severity feature` of every finding. */
const found = (dataset: TrainingDataset, options?: QualityOptions) =>
  checkQuality(dataset, options).map(({ check, severity, feature = '' }) =>
    `${check} ${severity} ${feature}`.trim(),
  );

/** 400 samples; `row` gives features and label from a number and three independent draws. */
function made(
  row: (i: number, rng: FastRng) => readonly [Record<string, number>, string | number],
): TrainingDataset {
  const [dataset, rng] = [new TrainingDataset(), new FastRng(5)];
  for (let i = 0; i < 400; i += 1) dataset.addSample(...row(i, rng));
  return dataset;
}
const coin = (rng: FastRng) => (rng.next() < 0.5 ? 'a' : 'b');

test('a sound data set has no findings', () => {
  assert.deepEqual(checkQuality(threeCodecs(400)), []);
  assert.deepEqual(requireQuality(threeCodecs(400)), []);
});

test('few samples are a warning, none an error', () => {
  assert.deepEqual(found(threeCodecs(49)), ['size warning']);
  assert.throws(() => checkQuality(new TrainingDataset()), { code: 'EMPTY' });
});

test('values out of range', () => {
  const dataset = made((i, rng) => [{ x: i === 7 ? 1.01 : rng.next() }, coin(rng)]);
  assert.deepEqual(found(dataset), []);
  assert.deepEqual(found(dataset, { ranges: { x: [0, 1] } }), ['range error x']);
  assert.deepEqual(found(dataset, { ranges: { x: [0, 1.01] } }), []);
  assert.throws(() => checkQuality(dataset, { ranges: { y: [0, 1] } }), { code: 'USAGE' });
});

test('missing and constant features', () => {
  const dataset = made((i, rng) => [
    {
      always: Number.NaN,
      often: i % 4 === 0 ? Number.NaN : rng.next(),
      rarely: i % 10 === 0 ? Number.NaN : rng.next(),
      flat: 3,
    },
    coin(rng),
  ]);
  assert.deepEqual(found(dataset), [
    'missing error always',
    'missing warning often',
    'constant warning flat',
  ]);
});

test('classes out of balance', () => {
  const rare = made((i, rng) => [{ x: rng.next() }, i < 3 ? 'a' : 'b']);
  assert.deepEqual(found(rare), ['balance warning']);
  const single = made((_, rng) => [{ x: rng.next() }, 'a']);
  assert.deepEqual(found(single), ['balance error']);
  const flat = made((_, rng) => [{ x: rng.next() }, 4]);
  assert.deepEqual(found(flat), ['balance error']);
});

test('repeated samples, and observations that stand in another part', () => {
  const repeated = made((i, rng) => [{ x: i % 50 }, coin(rng)]);
  assert.deepEqual(found(repeated), ['duplicates warning']);
  const dataset = threeCodecs(400);
  const [train, val, test] = dataset.split();
  assert.deepEqual(found(train, { siblings: [val, test] }), []);
  assert.deepEqual(found(train, { siblings: [dataset, val] }), ['duplicates error']);
  assert.equal(dataset.testEvaluations, 0, 'looking for duplicates is no evaluation');
});

test('outcomes are known by name, however it is written', () => {
  for (const name of [
    'compressionRatio',
    'compression_ratio',
    'CompressedSize',
    'latency_ms',
    'label',
    'seconds',
  ]) {
    const dataset = made((_, rng) => [{ x: rng.next(), [name]: rng.next() }, coin(rng)]);
    assert.deepEqual(found(dataset), [`leakage error ${name}`]);
  }
  const dataset = made((_, rng) => [{ sold: rng.next() }, coin(rng)]);
  assert.deepEqual(found(dataset), []);
  assert.deepEqual(found(dataset, { outcomes: ['Sold'] }), ['leakage error sold']);
});

test('no feature of telemetry has the name of an outcome', () => {
  const dataset = new TrainingDataset({ features: BLOCK_FEATURES });
  const rng = new FastRng(3);
  for (let i = 0; i < 60; i += 1)
    dataset.addSample(
      BLOCK_FEATURES.map(() => rng.next()),
      coin(rng),
    );
  assert.deepEqual(found(dataset), []);
});

test('a feature that predicts the label alone is found, whatever its scale and for values too', () => {
  const leaks: readonly ((truth: number) => number)[] = [
    (y) => y,
    (y) => -1e9 * y ** 3,
    (y) => (y > 1 ? Number.NaN : y),
  ];
  const leaksIn = (...given: Parameters<typeof found>) =>
    found(...given).filter((finding) => finding.startsWith('leakage'));
  for (const leak of leaks) {
    const classes = made((_, rng) => {
      const truth = rng.below(3);
      return [{ x: rng.next(), leak: leak(truth) }, `class-${truth}`];
    });
    assert.deepEqual(leaksIn(classes), ['leakage error leak']);
    assert.deepEqual(leaksIn(classes, { singleFeatureSkillMax: 1 }), ['leakage warning leak']);
    assert.throws(() => requireQuality(classes), { code: 'REFUSED', message: /leak alone predicts/ });
    assert.doesNotThrow(() => requireQuality(classes, { singleFeatureSkillMax: 1 }));
  }
  const values = made((_, rng) => {
    const truth = rng.next();
    return [{ x: rng.next(), leak: Math.exp(5 * truth) }, truth];
  });
  assert.deepEqual(found(values), ['leakage error leak']);
  const strong = made((_, rng) => {
    const truth = rng.below(2);
    return [{ strong: rng.next() < 0.97 ? truth : 1 - truth }, `class-${truth}`];
  });
  assert.deepEqual(leaksIn(strong), ['leakage warning strong']);
});

test('skill: 0 for noise even where every value is different, 1 for the label, in between as it should be', () => {
  const skillOf = (feature: (truth: number, rng: FastRng) => number): number => {
    const [dataset, rng] = [new TrainingDataset(), new FastRng(11)];
    for (let i = 0; i < 4000; i += 1) {
      const truth = rng.below(2);
      dataset.addSample({ x: feature(truth, rng) }, `class-${truth}`);
    }
    return singleFeatureSkill(dataset.table, 0);
  };
  assert.ok(skillOf((_, rng) => rng.next()) < 0.1);
  assert.equal(
    skillOf((truth) => truth),
    1,
  );
  // Right in 80 % of cases, where saying the commonest class is right in 50 %.
  const partly = skillOf((truth, rng) => (rng.next() < 0.8 ? truth : 1 - truth));
  assert.ok(Math.abs(partly - 0.6) < 0.05, String(partly));
});

test('the gate names every error', () => {
  const dataset = made((_, rng) => [{ ok: rng.next(), none: Number.NaN }, 'a']);
  assert.throws(
    () => requireQuality(dataset),
    (error: Error) => {
      for (const part of ['none is always missing', 'one class', 'ok is an outcome'])
        assert.ok(error.message.includes(part));
      return true;
    },
  );
});
