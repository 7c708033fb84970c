import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { heapChange } from '../kernels/testing/heap-change.ts';
import { BoostedTrees } from './boosted-trees.ts';
import { FlatTrees } from './flat.ts';
import { checkTreeModel, depthOf, type TreeModel } from './model.ts';
import { randomTree } from './testing/random-trees.ts';
import { leafOf } from './walk.ts';

type Wanted = {
  readonly seed: number;
  readonly features: number;
  readonly outputs: number;
  readonly rounds: number;
  readonly splits: number;
};

function randomModel({ seed, features, outputs, rounds, splits }: Wanted): TreeModel {
  const rng = new FastRng(seed);
  const trees = Array.from({ length: rounds * outputs }, () =>
    randomTree(rng, { splits: rng.below(splits + 1), features }),
  );
  const objective = outputs === 1 ? 'reg:squarederror' : 'multi:softprob';
  return checkTreeModel({ objective, features, outputs, baseScore: 0.5, trees });
}

/** A row on, between and beyond thresholds, some of it missing. */
const randomRow = (rng: FastRng, features: number) =>
  Float64Array.from({ length: features }, () => (rng.below(5) === 0 ? Number.NaN : rng.below(40) / 16 - 1.2));

function plainMargins({ trees, outputs, baseScore }: TreeModel, row: ArrayLike<number>): number[] {
  const margins = new Array<number>(outputs).fill(baseScore);
  trees.forEach((tree, index) => {
    const output = index % outputs;
    margins[output] = (margins[output] as number) + (tree.value[leafOf(tree, row)] as number);
  });
  return margins;
}

function checkModel(model: TreeModel, rng: FastRng): void {
  const flat = new FlatTrees(model);
  for (let row = 0; row < 10; row += 1) {
    const x = randomRow(rng, model.features);
    const margins = flat.margins(x);
    plainMargins(model, x).forEach((expected, output) => {
      assert.ok(Math.abs((margins[output] as number) - expected) < 1e-9, `output ${output}`);
    });
  }
}

test('the laid out trees answer as a plain walk does, missing values included', () => {
  const wanted = fc.record({
    seed: fc.nat(),
    features: fc.constantFrom(1, 5, 127, 128, 129, 300),
    outputs: fc.constantFrom(1, 2, 3),
    rounds: fc.nat(20),
    splits: fc.constantFrom(0, 1, 6, 40),
  });
  fc.assert(
    fc.property(wanted, (sizes) => checkModel(randomModel(sizes), new FastRng(sizes.seed))),
    { numRuns: 60, seed: 3 },
  );
});

test('trees too deep to be completed are walked as they are', () => {
  const model = randomModel({ seed: 1, features: 4, outputs: 2, rounds: 12, splits: 600 });
  const depths = model.trees.map(depthOf);
  assert.ok(Math.max(...depths) > 10 && Math.min(...depths) <= 10, `${depths}`);
  checkModel(model, new FastRng(2));
});

test('answers: a value, two probabilities, a probability a class', () => {
  const model = randomModel({ seed: 4, features: 3, outputs: 1, rounds: 9, splits: 10 });
  const x = [0.3, Number.NaN, -0.2];
  const [margin] = plainMargins(model, x) as [number];
  assert.ok(Math.abs((new FlatTrees(model).predict(x)[0] as number) - margin) < 1e-12);
  const logistic = new FlatTrees({ ...model, objective: 'binary:logistic' });
  const [none = 0, one = 0] = logistic.predict(x);
  // A base score of 0.5 is a margin of 0.
  assert.ok(Math.abs(one - 1 / (1 + Math.exp(0.5 - margin))) < 1e-12);
  assert.ok(Math.abs(none + one - 1) < 1e-12);
  const many = randomModel({ seed: 5, features: 3, outputs: 4, rounds: 3, splits: 10 });
  const powers = plainMargins(many, x).map(Math.exp);
  const all = powers.reduce((sum, power) => sum + power, 0);
  new FlatTrees(many).predict(x).forEach((share, k) => {
    assert.ok(Math.abs(share - (powers[k] as number) / all) < 1e-12);
  });
});

test('many rows at once are the same rows one by one', () => {
  const model = randomModel({ seed: 6, features: 4, outputs: 3, rounds: 5, splits: 20 });
  const flat = new FlatTrees(model);
  const rng = new FastRng(8);
  const data = Float32Array.from({ length: 28 }, () => rng.next());
  const { rows, columns, data: answers } = flat.predictMany({ rows: 7, columns: 4, data });
  assert.deepEqual([rows, columns], [7, 3]);
  for (let row = 0; row < 7; row += 1) {
    const one = flat.predict(data.subarray(row * 4, row * 4 + 4));
    assert.deepEqual(answers.slice(row * 3, row * 3 + 3), one);
  }
});

test('an answer grows the heap by at most one byte', () => {
  const rng = new FastRng(9);
  const flat = new FlatTrees(randomModel({ seed: 8, features: 18, outputs: 3, rounds: 4, splits: 30 }));
  for (const row of [randomRow(rng, 18), new Float32Array(18).map(() => rng.next())]) {
    const bytes = heapChange(
      () => flat.predict(row),
      () => process.memoryUsage().heapUsed,
    );
    assert.ok(bytes <= 1, `${bytes} bytes a call`);
  }
});

test('chains are not completed: a model of them takes little more memory than it has', () => {
  const rng = new FastRng(4);
  const trees = Array.from({ length: 512 }, () => randomTree(rng, { splits: 10, features: 3, chain: true }));
  const model: TreeModel = { objective: 'multi:softprob', features: 3, outputs: 512, baseScore: 0.5, trees };
  const before = process.memoryUsage().arrayBuffers;
  checkModel(model, rng);
  // Completed, each chain would take 96 KB.
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 22);
});

test('a learner in place of its model is refused with the advice to ask it', () => {
  const learner = new BoostedTrees({ objective: 'reg:squarederror' });
  assert.throws(() => new FlatTrees(learner as never), { code: 'USAGE', message: /give its `model`/ });
});

test('a row that is no row of the model is refused', () => {
  const flat = new FlatTrees(randomModel({ seed: 7, features: 2, outputs: 1, rounds: 1, splits: 3 }));
  assert.throws(() => flat.predict([1]), { code: 'SHAPE' });
  assert.throws(() => flat.predict([1, -Infinity]), { code: 'NOT_FINITE' });
  const wide = { rows: 1, columns: 3, data: new Float32Array(3) };
  assert.throws(() => flat.predictMany(wide), { code: 'SHAPE' });
});
