import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { BoostedTrees } from './boosted-trees.ts';
import { featureImportance } from './importance.ts';
import { checkTreeModel, classesOf, depthOf, type Tree, type TreeModel } from './model.ts';
import { randomTree } from './testing/random-trees.ts';

/** A root that asks for feature 1, and on its right a node that asks for feature 0. */
const small = (): Tree => ({
  left: Int32Array.of(1, -1, 3, -1, -1),
  right: Int32Array.of(2, -1, 4, -1, -1),
  feature: Int32Array.of(1, 0, 0, 0, 0),
  threshold: Float32Array.of(0.5, 0, 2, 0, 0),
  defaultLeft: Uint8Array.of(1, 0, 0, 0, 0),
  value: Float32Array.of(0, 1, 0, 2, 3),
  gain: Float32Array.of(6, 0, 2, 0, 0),
  cover: Float32Array.of(10, 4, 6, 1, 5),
});

const modelOf = (changes: Partial<Tree> = {}, more: Partial<TreeModel> = {}): TreeModel => ({
  objective: 'reg:squarederror',
  features: 2,
  outputs: 1,
  baseScore: 0.5,
  trees: [{ ...small(), ...changes }],
  ...more,
});

test('a sound model passes and keeps its identity', () => {
  const model = modelOf();
  assert.equal(checkTreeModel(model), model);
  assert.equal(depthOf(small()), 2);
  assert.equal(classesOf(model), 0);
  assert.equal(classesOf({ objective: 'binary:logistic', outputs: 1 }), 2);
  assert.equal(classesOf({ objective: 'multi:softprob', outputs: 7 }), 7);
});

test('importance by hand', () => {
  const model = modelOf({}, { trees: [small(), small()], features: 3 });
  assert.deepEqual(featureImportance(model, 'weight'), Float64Array.of(2, 2, 0));
  assert.deepEqual(featureImportance(model, 'gain'), Float64Array.of(2, 6, 0));
  assert.deepEqual(featureImportance(model, 'cover'), Float64Array.of(6, 10, 0));
});

const BROKEN: Readonly<Record<string, [string, Partial<Tree>, Partial<TreeModel>?]>> = {
  'a cycle': ['DAMAGED', { left: Int32Array.of(1, -1, 0, -1, -1) }],
  'a node that is its own child': ['DAMAGED', { left: Int32Array.of(1, -1, 2, -1, -1) }],
  'a child out of range': ['DAMAGED', { right: Int32Array.of(2, -1, 5, -1, -1) }],
  'two parents': ['DAMAGED', { left: Int32Array.of(1, -1, 4, -1, -1) }],
  'no parent': [
    'DAMAGED',
    { left: Int32Array.of(-1, -1, 3, -1, -1), right: Int32Array.of(-1, -1, 4, -1, -1) },
  ],
  'half a leaf': ['DAMAGED', { right: Int32Array.of(2, -1, -1, -1, -1) }],
  'a feature it does not have': ['DAMAGED', { feature: Int32Array.of(2, 0, 0, 0, 0) }],
  'a negative feature': ['DAMAGED', { feature: Int32Array.of(-1, 0, 0, 0, 0) }],
  'short arrays': ['DAMAGED', { cover: Float32Array.of(1) }],
  'a value of NaN': ['NOT_FINITE', { value: Float32Array.of(0, Number.NaN, 0, 0, 0) }],
  'an infinite threshold': ['NOT_FINITE', { threshold: Float32Array.of(Infinity, 0, 0, 0, 0) }],
  'an objective that is no word': ['UNSUPPORTED', {}, { objective: { toString: null } as never }],
  'an unknown objective': ['UNSUPPORTED', {}, { objective: 'rank:ndcg' as never }],
  'too many features': ['LIMIT', {}, { features: 2 ** 15 + 1 }],
  'no features': ['DAMAGED', {}, { features: 0 }],
  'half a feature': ['DAMAGED', {}, { features: 1.5 }],
  'two outputs of a regression': ['LIMIT', {}, { outputs: 2 }],
  'one class': ['DAMAGED', {}, { objective: 'multi:softprob' }],
  'rounds that are not whole': ['DAMAGED', {}, { objective: 'multi:softprob', outputs: 2 }],
  'a base score of NaN': ['NOT_FINITE', {}, { baseScore: Number.NaN }],
  'a base score that is no probability': ['DAMAGED', {}, { objective: 'binary:logistic', baseScore: 1 }],
};

for (const [what, [code, tree, more]] of Object.entries(BROKEN)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => checkTreeModel(modelOf(tree, more)), { code });
  });
}

test('a tree may be 1024 deep and no deeper', () => {
  const chain = (splits: number) =>
    modelOf({}, { trees: [randomTree(new FastRng(1), { splits, features: 2, chain: true })] });
  assert.ok(checkTreeModel(chain(1024)));
  assert.throws(() => checkTreeModel(chain(1025)), { code: 'LIMIT' });
});

test('random trees keep the rules', () => {
  const rng = new FastRng(1);
  for (let splits = 0; splits < 30; splits += 1) {
    const trees = [randomTree(rng, { splits, features: 2 })];
    assert.equal(checkTreeModel(modelOf({}, { trees })).trees[0]?.left.length, 2 * splits + 1);
  }
});

test('nothing done to a model reaches the learner it went to or came from', () => {
  const given = modelOf();
  const learner = BoostedTrees.fromModel(given);
  const saved = learner.snapshot();
  for (const { left, value } of [...given.trees, ...learner.model.trees]) {
    left.fill(0);
    value.fill(9);
  }
  assert.deepEqual(learner.snapshot(), saved);
});

test('options that are objects with words of their own are refused with a code', () => {
  const odd = { toString: null } as never;
  assert.throws(() => new BoostedTrees({ objective: odd }), { code: 'USAGE' });
  const options = { objective: 'binary:logistic', constantFeatures: odd } as const;
  assert.throws(() => new BoostedTrees(options), { code: 'USAGE' });
});
