import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { BoostedTrees, depthOf, FlatTrees, isLeaf, type Tree, type TreeModel } from '../trees/index.ts';
import { randomTree } from '../trees/testing/random-trees.ts';
import { treeOf, type XgboostRecord, xgboostData } from '../trees/testing/xgboost-data.ts';
import { TreeShap } from './tree-shap.ts';

const record: XgboostRecord = JSON.parse(
  readFileSync(new URL('../../../test/vectors/xgboost.json', import.meta.url), 'utf8'),
);

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((all, value) => all + value, 0);

/** The mean answer of a tree of which only the features in the set `known` are told: the definition. */
function answerFor(tree: Tree, row: ArrayLike<number>, known: number, node = 0): number {
  if (isLeaf(tree, node)) return tree.value[node] as number;
  const [left, right] = [tree.left[node] as number, tree.right[node] as number];
  const feature = tree.feature[node] as number;
  if ((known >> feature) & 1) {
    const value = row[feature] as number;
    const goesLeft = Number.isNaN(value)
      ? tree.defaultLeft[node] === 1
      : Math.fround(value) < (tree.threshold[node] as number);
    return answerFor(tree, row, known, goesLeft ? left : right);
  }
  const share = (child: number) => (tree.cover[child] as number) / (tree.cover[node] as number);
  return share(left) * answerFor(tree, row, known, left) + share(right) * answerFor(tree, row, known, right);
}

/** Shapley values by all coalitions. */
function bruteForce(tree: Tree, row: ArrayLike<number>): number[] {
  const features = row.length;
  const answers = Array.from({ length: 2 ** features }, (_, known) => answerFor(tree, row, known));
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const ones = (bits: number): number => (bits === 0 ? 0 : (bits & 1) + ones(bits >>> 1));
  return Array.from({ length: features }, (_, feature) => {
    let value = 0;
    for (let known = 0; known < answers.length; known += 1) {
      if ((known >> feature) & 1) continue;
      const size = ones(known);
      const weight = (factorial(size) * factorial(features - 1 - size)) / factorial(features);
      value += weight * ((answers[known | (1 << feature)] as number) - (answers[known] as number));
    }
    return value;
  });
}

const modelOf = (trees: readonly Tree[], features: number): TreeModel => ({
  objective: 'reg:squarederror',
  features,
  outputs: 1,
  baseScore: 0.25,
  trees,
});

test('TreeSHAP equals the Shapley values by all coalitions', () => {
  const value = fc.oneof(fc.constant(Number.NaN), fc.float({ min: -1, max: 1, noNaN: true }));
  const row = fc.array(value, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.nat(), fc.nat(25), row, (seed, splits, x) => {
      // Up to 25 splits over few features: most paths ask for the same one again.
      const tree = randomTree(new FastRng(seed), { splits, features: x.length });
      const { base, values } = new TreeShap(modelOf([tree], x.length)).explain(x);
      bruteForce(tree, x).forEach((expected, feature) => {
        assert.ok(Math.abs((values[0]?.[feature] as number) - expected) < 1e-9, `feature ${feature}`);
      });
      assert.ok(Math.abs((base[0] as number) - 0.25 - answerFor(tree, x, 0)) < 1e-9);
    }),
    { numRuns: 150, seed: 5 },
  );
});

test('trained trees of ten features: equal to all coalitions', () => {
  const rows = 200;
  const data = Float32Array.from({ length: rows * 10 }, (_, i) => Math.sin(i * i));
  const y = Float64Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = [data[row * 10] as number, data[row * 10 + 4] as number, data[row * 10 + 9] as number];
    return a * b + c * c;
  });
  const learner = new BoostedTrees({ objective: 'reg:squarederror', rounds: 2, maxDepth: 6 });
  learner.fit({ x: { rows, columns: 10, data }, y });
  const shap = new TreeShap(learner.model);
  for (const row of [0, 1]) {
    const x = data.subarray(row * 10, (row + 1) * 10);
    const { values } = shap.explain(x);
    const expected = learner.model.trees.map((tree) => bruteForce(tree, x));
    for (let feature = 0; feature < 10; feature += 1) {
      const all = sum(expected.map((tree) => tree[feature] as number));
      assert.ok(Math.abs((values[0]?.[feature] as number) - all) < 1e-9);
    }
  }
});

test('pred_contribs of XGBoost', () => {
  for (const recorded of record.contributions) {
    const { objective, baseScore, rows, contributions } = recorded;
    const outputs = contributions[0]?.length ?? 0;
    const { x } = xgboostData({ seed: 11, rows: 300, objective, missing: 0.15 });
    const trees = recorded.trees.map(treeOf);
    const model = { objective, baseScore, outputs, features: x.columns, trees };
    const [shap, flat] = [new TreeShap(model), new FlatTrees(model)];
    for (let row = 0; row < rows; row += 1) {
      const sample = x.data.subarray(row * x.columns, (row + 1) * x.columns);
      const { base, values } = shap.explain(sample);
      contributions[row]?.forEach((expected, output) => {
        const own = [...(values[output] ?? []), base[output] as number];
        own.forEach((value, i) => {
          const wanted = expected[i] as number;
          assert.ok(
            Math.abs(value - wanted) <= 1e-5,
            `${recorded.name}, row ${row}: ${value}, not ${wanted}`,
          );
        });
        assert.ok(Math.abs(sum(own) - (flat.margins(sample)[output] as number)) < 1e-6);
      });
    }
  }
});

test('a feature nobody asks for gets nothing, a lone leaf is all base', () => {
  const tree = randomTree(new FastRng(1), { splits: 0, features: 3 });
  const { base, values } = new TreeShap(modelOf([tree], 3)).explain([1, Number.NaN, 3]);
  assert.deepEqual(values, [new Float64Array(3)]);
  assert.equal(base[0], 0.25 + (tree.value[0] as number));
});

test('long paths stay exact: values add up', () => {
  const tree = randomTree(new FastRng(2), { splits: 60, features: 40, chain: true });
  assert.equal(depthOf(tree), 60);
  const x = Array.from({ length: 40 }, (_, i) => Math.cos(i));
  const { base, values } = new TreeShap(modelOf([tree], 40)).explain(x);
  const all = (base[0] as number) + sum(values[0] ?? []);
  assert.ok(Math.abs(all - 0.25 - answerFor(tree, x, -1)) < 1e-9, `${all}`);
});

test('bad input is refused', () => {
  const tree = randomTree(new FastRng(3), { splits: 3, features: 2 });
  const shap = new TreeShap(modelOf([tree], 2));
  assert.throws(() => shap.explain([1]), { code: 'SHAPE' });
  assert.throws(() => shap.explain([1, Infinity]), { code: 'NOT_FINITE' });
  assert.throws(() => shap.explain([1, 1e300]), { code: 'NOT_FINITE' });
  const uncovered = { ...tree, cover: new Float32Array(7) };
  assert.throws(() => new TreeShap(modelOf([uncovered], 2)), { code: 'DAMAGED' });
  assert.throws(() => new TreeShap(modelOf([tree], 0)), { code: 'DAMAGED' });
});

test('trees whose tables would not fit are refused before they are made', () => {
  const rng = new FastRng(5);
  const deep = randomTree(rng, { splits: 1000, features: 1000, chain: true });
  const large = randomTree(rng, { splits: 20_000, features: 1000 });
  assert.throws(() => new TreeShap(modelOf([deep, large], 1000)), { code: 'LIMIT' });
});

test('more trees than a call can have arguments are explained', () => {
  const stump = randomTree(new FastRng(1), { splits: 0, features: 1 });
  const { base, values } = new TreeShap(modelOf(new Array<Tree>(150_000).fill(stump), 1)).explain([0]);
  assert.ok(Math.abs((base[0] as number) - 0.25 - 150_000 * (stump.value[0] as number)) < 1e-6);
  assert.deepEqual(values, [Float64Array.of(0)]);
});
