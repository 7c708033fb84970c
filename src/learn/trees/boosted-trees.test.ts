import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import type { Batch, Snapshot } from '../contract/index.ts';
import { BoostedTrees } from './boosted-trees.ts';
import type { TreeObjective } from './model.ts';
import type { BoostedTreesOptions } from './options.ts';
import { xgboostData } from './testing/xgboost-data.ts';

const OBJECTIVES: readonly TreeObjective[] = ['reg:squarederror', 'binary:logistic', 'multi:softprob'];

const optionsFor = (
  objective: TreeObjective,
  more: Partial<BoostedTreesOptions> = {},
): BoostedTreesOptions => ({
  objective,
  rounds: 8,
  maxDepth: 4,
  ...(objective === 'multi:softprob' ? { classes: 3 } : {}),
  ...more,
});

/** Everything that uses chance, weights, missing values and early stopping. */
const restless = { subsample: 0.7, colsampleByTree: 0.6, earlyStoppingRounds: 3, seed: 5 };

const dataFor = (objective: TreeObjective, seed = 1, rows = 250): Batch =>
  xgboostData({ seed, rows, objective, missing: 0.1 });

const trained = (options: BoostedTreesOptions, batch: Batch): BoostedTrees => {
  const learner = new BoostedTrees(options);
  learner.fit(batch);
  return learner;
};

for (const objective of OBJECTIVES) {
  test(`${objective}: a training that was saved and gone on with ends with the same trees`, () => {
    const options = optionsFor(objective, restless);
    const [batch, validation] = [dataFor(objective), dataFor(objective, 2)];
    const whole = new BoostedTrees(options);
    const report = whole.fit(batch, { validation });
    for (const pause of [0, 1, 4]) {
      let learner = new BoostedTrees(options);
      const rounds = learner.train(batch, { validation });
      for (let round = 0; round < pause; round += 1) rounds.next();
      learner = BoostedTrees.restore(structuredClone(learner.snapshot()));
      const rest = learner.train(batch, { validation });
      let step = rest.next();
      while (!step.done) step = rest.next();
      assert.deepEqual(step.value, report);
      assert.deepEqual(learner.snapshot(), whole.snapshot());
    }
    // A finished training is finished, restored or not.
    for (const learner of [whole, BoostedTrees.restore(whole.snapshot())]) {
      assert.deepEqual(learner.train(batch, { validation }).next(), { done: true, value: report });
    }
  });

  test(`${objective}: same seed, same trees; another seed, other trees; nothing given is written`, () => {
    const [batch, validation] = [dataFor(objective), dataFor(objective, 2)];
    const before = structuredClone({ batch, validation });
    const fit = (seed: number) => {
      const learner = new BoostedTrees(optionsFor(objective, { ...restless, seed }));
      learner.fit(batch, { validation });
      return learner.snapshot();
    };
    assert.deepEqual(fit(5), fit(5));
    assert.notDeepEqual(fit(5).tensors, fit(6).tensors);
    assert.deepEqual({ batch, validation }, before);
  });

  test(`${objective}: fit starts from scratch, restore answers the same`, () => {
    const batch = dataFor(objective);
    const learner = trained(optionsFor(objective), batch);
    const [first, answers] = [learner.snapshot(), learner.predictMany(batch.x)];
    learner.fit(batch);
    assert.deepEqual(learner.snapshot(), first);
    assert.deepEqual(BoostedTrees.restore(first).predictMany(batch.x), answers);
    assert.deepEqual(BoostedTrees.fromModel(learner.model).predictMany(batch.x), answers);
  });
}

test('each round lowers the training loss, and the reported loss is that of the answers', () => {
  const batch = dataFor('multi:softprob');
  const learner = new BoostedTrees(optionsFor('multi:softprob'));
  const losses = Array.from(learner.train(batch), ({ trainingLoss }) => trainingLoss);
  assert.equal(losses.length, 8);
  assert.ok(losses.every((loss, round) => round === 0 || loss < (losses[round - 1] as number)));
  const { data: answers } = learner.predictMany(batch.x);
  let [loss, total] = [0, 0];
  for (let row = 0; row < batch.x.rows; row += 1) {
    const weight = batch.weights?.[row] as number;
    loss -= weight * Math.log(answers[row * 3 + (batch.y[row] as number)] as number);
    total += weight;
  }
  assert.ok(Math.abs(loss / total - (losses.at(-1) as number)) < 1e-6);
});

test('a weight of two is the sample twice, a weight of zero is no sample', () => {
  const objective = 'reg:squarederror';
  const { x, y } = xgboostData({ seed: 3, rows: 200, objective, steps: 20 });
  const weights = Float64Array.from({ length: 200 }, (_, row) => row % 3);
  const rows = [...weights].flatMap((weight, row) => new Array<number>(weight).fill(row));
  const data = Float32Array.from(rows.flatMap((row) => [...x.data.subarray(row * 5, row * 5 + 5)]));
  const repeated = { x: { rows: rows.length, columns: 5, data }, y: rows.map((row) => y[row] as number) };
  const options = optionsFor(objective, { rounds: 3 });
  const [weighted, plain] = [trained(options, { x, y, weights }), trained(options, repeated)];
  const [a, b] = [weighted.predictMany(x).data, plain.predictMany(x).data];
  assert.ok(a.every((answer, row) => Math.abs(answer - (b[row] as number)) < 1e-5));
});

test('missing values go where they lower the loss', () => {
  // y depends on whether the feature is there, and on its sign: no single cut of the present values can say so.
  const rows = 300;
  const rng = new FastRng(1);
  const data = Float32Array.from({ length: rows }, () =>
    rng.below(3) === 0 ? Number.NaN : rng.next() - 0.5,
  );
  const truth = (value: number) => (Number.isNaN(value) ? 5 : value < 0 ? 1 : 2);
  const options = optionsFor('reg:squarederror', { maxDepth: 2, rounds: 30 });
  const learner = trained(options, { x: { rows, columns: 1, data }, y: Array.from(data, truth) });
  for (const value of [Number.NaN, -0.3, 0.3]) {
    assert.ok(Math.abs((learner.predict([value])[0] as number) - truth(value)) < 0.01, `${value}`);
  }
});

test('monotone constraints hold everywhere, whatever the data say', () => {
  const rng = new FastRng(2);
  const rows = 400;
  const data = Float32Array.from({ length: rows * 2 }, () => 4 * rng.next() - 2);
  // Falls with feature 0 in one half, rises in the other.
  const y = Array.from({ length: rows }, (_, row) => {
    const [a, b] = [data[2 * row] as number, data[2 * row + 1] as number];
    return Math.sin(3 * a) * (b > 0 ? 1 : -1) + b * b + 0.3 * rng.normal();
  });
  const batch = { x: { rows, columns: 2, data }, y };
  const slopes = (monotone: readonly number[]) => {
    const learner = trained(optionsFor('reg:squarederror', { monotone, rounds: 20 }), batch);
    const found = new Set<number>();
    for (let b = -2; b <= 2; b += 0.25) {
      let before = learner.predict([-2.5, b])[0] as number;
      for (let a = -2.5; a <= 2.5; a += 0.05) {
        const answer = learner.predict([a, b])[0] as number;
        if (Math.abs(answer - before) > 1e-12) found.add(Math.sign(answer - before));
        before = answer;
      }
    }
    return [...found].sort();
  };
  assert.deepEqual(slopes([1, 0]), [1]);
  assert.deepEqual(slopes([-1, 0]), [-1]);
  assert.deepEqual(slopes([]), [-1, 1]);
});

test('depth, gamma and the weight of a child bound the trees', () => {
  const batch = dataFor('reg:squarederror');
  const nodesOf = (more: Partial<BoostedTreesOptions>) =>
    trained(optionsFor('reg:squarederror', { rounds: 2, ...more }), batch).model.trees.map(
      ({ left }) => left.length,
    );
  assert.ok(nodesOf({ maxDepth: 1 }).every((nodes) => nodes === 3));
  assert.ok(nodesOf({ gamma: 1e9 }).every((nodes) => nodes === 1));
  assert.ok(nodesOf({ alpha: 1e9 }).every((nodes) => nodes === 1));
  const { model } = trained(optionsFor('reg:squarederror', { minChildWeight: 60 }), batch);
  for (const { cover } of model.trees) assert.ok(cover.every((sum) => sum >= 60));
});

test('a constant is learnt as a constant, without a split', () => {
  const { x } = dataFor('reg:squarederror');
  const y = new Float64Array(x.rows).fill(42);
  const learner = trained(optionsFor('reg:squarederror'), { x, y });
  assert.equal(learner.predict(new Float64Array(5))[0], 42);
  assert.deepEqual(learner.importance('weight'), new Float64Array(5));
});

test('bad data and options change nothing', () => {
  const objective = 'binary:logistic';
  const good = dataFor(objective);
  const { x, y } = good;
  const refuse = (code: string, batch: Batch, more: Partial<BoostedTreesOptions> = {}) => {
    const learner = trained(optionsFor(objective), good);
    const before = learner.snapshot();
    const other = BoostedTrees.restore(before);
    assert.throws(() => other.fit(batch), { code });
    assert.deepEqual(other.snapshot(), before);
    if (Object.keys(more).length > 0) {
      assert.throws(() => new BoostedTrees(optionsFor(objective, more)).fit(batch), { code });
    }
  };
  const single = { rows: 1, columns: 5, data: new Float32Array(5) };
  refuse('EMPTY', { x: { rows: 0, columns: 5, data: new Float32Array(0) }, y: [] });
  refuse('SHAPE', { x, y: [1] });
  refuse('ONE_CLASS', { x, y: new Float64Array(x.rows) });
  refuse('USAGE', { x, y: y instanceof Float64Array ? y.map((label) => label + 0.5) : y });
  refuse('NOT_FINITE', { x: { ...x, data: x.data.map((value, i) => (i === 7 ? Infinity : value)) }, y });
  refuse('CONSTANT_FEATURE', { x: { ...x, data: x.data.map((value, i) => (i % 5 === 2 ? 1 : value)) }, y });
  refuse('LIMIT', { x, y, weights: new Float64Array(x.rows).fill(1e30) });
  const regression = (batch: Batch) => new BoostedTrees(optionsFor('reg:squarederror')).fit(batch);
  assert.throws(() => regression({ x, y: new Float64Array(x.rows).fill(1e300) }), { code: 'LIMIT' });
  const huge = { rows: 2, columns: 1, data: Float64Array.of(0, 1e39) };
  assert.throws(() => regression({ x: huge, y: [0, 1] }), { code: 'NOT_FINITE' });
  assert.equal(new BoostedTrees(optionsFor('reg:squarederror')).fit({ x: single, y: [3] }).round, 8);
});

test('options that cannot be are refused', () => {
  const refuse = (more: object) =>
    assert.throws(() => new BoostedTrees({ objective: 'reg:squarederror', ...more } as BoostedTreesOptions), {
      code: 'USAGE',
    });
  for (const more of [
    { objective: 'rank:pairwise' },
    { classes: 3 },
    { objective: 'multi:softprob' },
    { objective: 'multi:softprob', classes: 2, monotone: [1] },
    { objective: 'binary:logistic', baseScore: 1 },
    { rounds: 0 },
    { learningRate: 0 },
    { learningRate: Number.NaN },
    { maxDepth: 33 },
    { minChildWeight: -1 },
    { gamma: -1 },
    { lambda: -1 },
    { alpha: -1 },
    { subsample: 0 },
    { colsampleByTree: 1.1 },
    { maxBins: 257 },
    { monotone: [2] },
    { monotone: 'up' },
    { earlyStoppingRounds: 0 },
    { constantFeatures: 'maybe' },
    { seed: -1 },
  ]) {
    refuse(more);
  }
  const [batch, two] = [dataFor('reg:squarederror'), dataFor('binary:logistic')];
  const unsigned = new BoostedTrees(optionsFor('reg:squarederror', { monotone: [1, 1] }));
  assert.throws(() => unsigned.fit(batch), { code: 'USAGE' });
  const unwatched = new BoostedTrees(optionsFor('binary:logistic', { earlyStoppingRounds: 3 }));
  assert.throws(() => unwatched.fit(two), { code: 'USAGE' });
  const narrow = { x: { rows: 2, columns: 1, data: Float32Array.of(0, 1) }, y: [0, 1] };
  assert.throws(() => unwatched.fit(two, { validation: narrow }), { code: 'SHAPE' });
});

test('untrained trees say so', () => {
  const learner = new BoostedTrees(optionsFor('reg:squarederror'));
  assert.throws(() => learner.predict([1]), { code: 'UNTRAINED' });
  assert.throws(() => learner.model, { code: 'UNTRAINED' });
  const restored = BoostedTrees.restore(learner.snapshot());
  assert.throws(() => restored.predictMany(dataFor('reg:squarederror').x), { code: 'UNTRAINED' });
});

test('a snapshot that is none, or was tampered with, is refused', () => {
  const whole = trained(optionsFor('multi:softprob'), dataFor('multi:softprob')).snapshot();
  const refuse = (code: string, config: object, tensors: object = {}) => {
    const snapshot = {
      ...whole,
      config: { ...whole.config, ...config },
      tensors: { ...whole.tensors, ...tensors },
    } as Snapshot;
    assert.throws(() => BoostedTrees.restore(snapshot), { code }, JSON.stringify([config, tensors]));
  };
  assert.throws(() => BoostedTrees.restore({ ...whole, kind: 'mlp' }), { code: 'DAMAGED' });
  assert.throws(() => BoostedTrees.restore({ ...whole, version: 2 }), { code: 'NEWER_VERSION' });
  const options = whole.config['options'] as object;
  const model = whole.config['model'] as object;
  refuse('DAMAGED', { options: null });
  refuse('DAMAGED', { options: { ...options, objective: 'reg:squarederror', classes: undefined } });
  refuse('DAMAGED', { options: { ...options, classes: 4 } });
  refuse('USAGE', { options: { ...options, rounds: '8' } });
  refuse('DAMAGED', { model: 7 });
  refuse('DAMAGED', { model: { ...model, features: '5' } });
  refuse('DAMAGED', { model: { ...model, features: 2 } });
  refuse('UNSUPPORTED', { model: { ...model, objective: 'x' } });
  refuse('DAMAGED', { done: 'yes' });
  refuse('DAMAGED', { last: { round: 9, trainingLoss: 1, validationLoss: null } });
  refuse('DAMAGED', { last: 5 });
  refuse('DAMAGED', { last: { round: 1, trainingLoss: 1 } });
  refuse('DAMAGED', { best: { round: 1, trainingLoss: 1, validationLoss: 'low' } });
  const sizes = whole.tensors['sizes']?.data as Int32Array;
  const withSize = (size: number) => ({
    sizes: { shape: [sizes.length], data: sizes.map((old, i) => (i === 0 ? size : old)) },
  });
  for (const size of [0, -5, 2 ** 31 - 1]) refuse('DAMAGED', {}, withSize(size));
  const { shape = [] } = whole.tensors['left'] ?? {};
  const loop = new Int32Array(shape[0] as number);
  refuse('DAMAGED', {}, { left: { shape, data: loop } });
  refuse('DAMAGED', {}, { rng: { shape: [4], data: new Uint32Array(4) } });
  refuse('DAMAGED', {}, { gain: undefined });
});

test('histograms that would not fit in memory are refused before they are made', () => {
  const columns = 30_000;
  const x = { rows: 2, columns, data: new Float32Array(2 * columns).fill(1, columns) };
  const learner = new BoostedTrees(optionsFor('reg:squarederror', { maxDepth: 32 }));
  assert.throws(() => learner.fit({ x, y: [0, 1] }), { code: 'LIMIT' });
});
