import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoostedTrees } from './boosted-trees.ts';
import { depthOf, isLeaf, type Tree } from './model.ts';
import type { BoostedTreesOptions } from './options.ts';
import { treeOf, xgboostData, xgboostRecord } from './testing/xgboost-data.ts';

const record = xgboostRecord();

type ExactCase = {
  readonly options: BoostedTreesOptions;
  readonly missing?: number;
  readonly weighted?: boolean;
};

const common = { baseScore: 0.5, maxDepth: 4, rounds: 5 };

const EXACT: Readonly<Record<string, ExactCase>> = {
  'penalties and weights': {
    options: {
      ...common,
      objective: 'reg:squarederror',
      alpha: 0.5,
      gamma: 0.7,
      lambda: 2,
      minChildWeight: 5,
      learningRate: 0.2,
    },
    weighted: true,
  },
  'missing values': { options: { ...common, objective: 'reg:squarederror' }, missing: 0.2 },
  monotone: {
    options: { ...common, objective: 'reg:squarederror', monotone: [0, 0, 1, -1, 1] },
    missing: 0.1,
  },
  'two classes': { options: { ...common, objective: 'binary:logistic', maxDepth: 5 }, missing: 0.1 },
  'three classes': {
    options: { ...common, objective: 'multi:softprob', classes: 3 },
    missing: 0.1,
    weighted: true,
  },
};

/** The splits and leaves of a tree, independent of how its nodes are numbered. */
function shape(tree: Tree, node = 0): unknown {
  if (isLeaf(tree, node)) return Number((tree.value[node] as number).toFixed(4));
  return {
    feature: tree.feature[node],
    threshold: tree.threshold[node],
    cover: Number((tree.cover[node] as number).toPrecision(5)),
    left: shape(tree, tree.left[node]),
    right: shape(tree, tree.right[node]),
  };
}
for (const { name, trees, importance, predictions } of record.exact) {
  test(`same trees as XGBoost: ${name}`, () => {
    const { options, missing = 0, weighted = false } = EXACT[name] as ExactCase;
    const { x, y, weights } = xgboostData({
      seed: 7,
      rows: 400,
      objective: options.objective,
      steps: 32,
      missing,
    });
    const learner = new BoostedTrees(options);
    learner.fit(weighted ? { x, y, weights } : { x, y });
    assert.deepEqual(
      learner.model.trees.map((t) => shape(t)),
      trees.map((tree) => shape(treeOf(tree))),
    );
  });
}
