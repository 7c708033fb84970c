import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../../base/index.ts';
import { CODEC_FEATURES, CODEC_SCHEMA } from '../../../decisions/index.ts';
import {
  BetaThompson,
  BoostedTrees,
  encodeSnapshot,
  encodeXgboostJson,
  HoeffdingTree,
  type Learner,
  LinearRegression,
  LogisticRegression,
  Mlp,
  matrixOf,
  NaiveBayes,
  type Predicts,
  SoftmaxRegression,
} from '../../../learn/index.ts';
import { draftOf, sourced } from '../testing/models.ts';
import { isNative, nativeRunner, signatureOf } from './native.ts';
import { labelOf } from './runner.ts';

const ROWS = 40;
const FEATURES = 3;

/** Two classes that a line tells apart, nearly. */
function samples(): { x: ReturnType<typeof matrixOf>; y: number[] } {
  const rng = new FastRng(3);
  const rows = Array.from({ length: ROWS }, () => [rng.normal(), rng.normal(), rng.normal()]);
  return { x: matrixOf(rows), y: rows.map(([a = 0, b = 0]) => Number(a + b > 0)) };
}

function taught<L extends { fit(batch: ReturnType<typeof samples>): unknown }>(learner: L): L {
  learner.fit(samples());
  return learner;
}

const mlp = (seed: number): Mlp =>
  taught(new Mlp({ inputs: FEATURES, outputs: 2, hidden: [8], loss: { kind: 'cross-entropy' }, seed }));

function hoeffding(): HoeffdingTree {
  const tree = new HoeffdingTree({ features: FEATURES, classes: 2 });
  const { x, y } = samples();
  for (const [row, label] of y.entries()) tree.learnOne({ x: x.data.slice(row * 3, row * 3 + 3), y: label });
  return tree;
}

const LEARNERS: readonly (readonly [string, () => Learner & Predicts])[] = [
  ['mlp', () => mlp(1)],
  ['boosted-trees', () => taught(new BoostedTrees({ objective: 'binary:logistic', rounds: 5 }))],
  ['linear-regression', () => taught(new LinearRegression({ features: FEATURES }))],
  ['logistic-regression', () => taught(new LogisticRegression({ features: FEATURES }))],
  ['softmax-regression', () => taught(new SoftmaxRegression({ features: FEATURES, classes: 2 }))],
  ['naive-bayes', () => taught(new NaiveBayes({ features: FEATURES, classes: 2 }))],
  ['hoeffding-tree', hoeffding],
];

const weights = (learner: Learner): Uint8Array => encodeSnapshot(learner.snapshot());

for (const [kind, make] of LEARNERS) {
  test(`${kind}: what is served answers as the learner does, bit for bit, alone and in batches`, async () => {
    const learner = make();
    assert.equal(learner.kind, kind);
    const model = sourced({ 'model.safetensors': weights(learner) });
    assert.ok(isNative(model));
    const runner = nativeRunner(model);
    const data = Float64Array.from(samples().x.data);
    const many = (await runner.run(data, ROWS)).slice();
    for (let row = 0; row < ROWS; row += 1) {
      const x = data.subarray(row * FEATURES, (row + 1) * FEATURES);
      const expected = learner.predict(x).slice();
      assert.deepEqual(runner.predict?.(x), expected);
      assert.deepEqual(many.slice(row * runner.outputs, (row + 1) * runner.outputs), expected);
    }
    assert.deepEqual([runner.inputs, runner.platform], [FEATURES, 'pilotfish']);
  });
}

test('several parts answer their mean, in batches the same bits', async () => {
  const parts = [mlp(1), mlp(2), mlp(3)];
  const names = ['model.safetensors', 'model-2.safetensors', 'model-3.safetensors'];
  const runner = nativeRunner(sourced(Object.fromEntries(parts.map((part, i) => [names[i], weights(part)]))));
  const x = Float64Array.of(0.5, -1, 2, 0, 0, 0);
  const many = await runner.run(x, 2);
  for (const row of [0, 1]) {
    const one = x.subarray(row * 3, row * 3 + 3);
    const sums = parts.map((part) => part.predict(one).slice());
    const mean = [0, 1].map((i) => sums.reduce((sum, values) => sum + (values[i] as number), 0) / 3);
    assert.deepEqual(Array.from(runner.predict?.(one) ?? []), mean);
    assert.deepEqual(Array.from(many.slice(row * 2, row * 2 + 2)), mean);
  }
});

test("XGBoost's JSON answers as the trees it was written from, missing values too", () => {
  const trees = taught(new BoostedTrees({ objective: 'binary:logistic', rounds: 5 }));
  const runner = nativeRunner(sourced({ 'model.json': encodeXgboostJson(trees.model) }));
  assert.deepEqual([runner.platform, runner.missing, runner.outputs], ['xgboost', 'allow', 2]);
  for (const x of [
    [1, 2, 3],
    [Number.NaN, -1, Number.NaN],
  ]) {
    // The base score is written with nine digits.
    const [got, expected] = [runner.predict?.(x)[1] ?? Number.NaN, trees.predict(x)[1] as number];
    assert.ok(Math.abs(got - expected) < 1e-7, `${got} where ${expected}`);
  }
});

test('what answers no rows, does not fit together or is damaged is refused', () => {
  const bandit = weights(new BetaThompson({ arms: 2 }));
  assert.throws(() => nativeRunner(sourced({ 'model.safetensors': bandit })), { code: 'UNSUPPORTED' });
  const other = taught(new LogisticRegression({ features: FEATURES }));
  const wide = new LogisticRegression({ features: FEATURES + 1 });
  for (const second of [wide, taught(new LinearRegression({ features: FEATURES }))]) {
    const files = { 'model.safetensors': weights(other), 'model-2.safetensors': weights(second) };
    assert.throws(() => nativeRunner(sourced(files)), { code: 'DAMAGED', message: /do not fit/ });
  }
  assert.throws(() => nativeRunner(sourced({ 'model.json': Buffer.from('{}') })), { code: 'DAMAGED' });
  const untrained = new Mlp({ inputs: 2, outputs: 1, hidden: [4], loss: { kind: 'mse' } });
  assert.throws(() => nativeRunner(sourced({ 'model.safetensors': weights(untrained) })), {
    code: 'UNTRAINED',
  });
});

test('a model of the codec room names its features and its classes; the lowest cost wins', () => {
  const { manifest, files } = draftOf(mlp(1), { room: 'codec' });
  const described = {
    ...manifest,
    files: {},
    format: 1 as const,
    family: 'mlp',
    featureSchema: CODEC_SCHEMA,
  };
  const signature = signatureOf({ manifest: described, files, digest: '' });
  assert.deepEqual(signature, {
    ...{ features: CODEC_FEATURES, classes: ['zstd', 'lz4', 'snappy', 'none'], scoresAre: 'costs' },
  });
  assert.equal(labelOf([3, 1, 2, 4], signature), 'lz4');
  assert.equal(labelOf([3, 1, 2, 4], { ...signature, scoresAre: 'probabilities' }), 'none');
  assert.equal(labelOf([3, 1], { ...signature, classes: null }), null);
  const unknown = signatureOf({ manifest: { ...described, featureSchema: 'other' }, files, digest: '' });
  assert.deepEqual(unknown, { features: null, classes: null, scoresAre: 'values' });
});
