import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Batch, rowOf } from '../contract/index.ts';
import { BoostedTrees } from './boosted-trees.ts';
import { isLeaf, type Tree } from './model.ts';
import type { BoostedTreesOptions } from './options.ts';
import { treeOf, type XgboostRecord, xgboostData } from './testing/xgboost-data.ts';

const record: XgboostRecord = JSON.parse(
  readFileSync(new URL('../../../test/vectors/xgboost.json', import.meta.url), 'utf8'),
);

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

const close = (actual: number, expected: number, within: number, what: string) =>
  assert.ok(
    Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, not ${expected}`,
  );

/** Same questions, same answers, however the nodes are numbered. */
function sameTree(own: Tree, theirs: Tree, [a, b]: readonly [number, number] = [0, 0]): void {
  close(own.cover[a] as number, theirs.cover[b] as number, 1e-5, 'cover');
  assert.equal(isLeaf(own, a), isLeaf(theirs, b));
  if (isLeaf(own, a)) {
    close(own.value[a] as number, theirs.value[b] as number, 1e-4, 'leaf');
    return;
  }
  assert.equal(own.feature[a], theirs.feature[b]);
  assert.equal(own.threshold[a], theirs.threshold[b]);
  close(own.gain[a] as number, theirs.gain[b] as number, 2e-3, 'gain');
  sameTree(own, theirs, [own.left[a] as number, theirs.left[b] as number]);
  sameTree(own, theirs, [own.right[a] as number, theirs.right[b] as number]);
}

for (const { name, trees, importance, predictions } of record.exact) {
  test(`the trees of XGBoost: ${name}`, () => {
    const { options, missing = 0, weighted = false } = EXACT[name] as ExactCase;
    const { objective } = options;
    const { x, y, weights } = xgboostData({ seed: 7, rows: 400, objective, steps: 32, missing });
    const learner = new BoostedTrees(options);
    learner.fit(weighted ? { x, y, weights } : { x, y });
    const { model } = learner;
    assert.equal(model.trees.length, trees.length);
    trees.forEach((tree, index) => {
      sameTree(model.trees[index] as Tree, treeOf(tree));
    });
    for (const type of ['weight', 'gain', 'cover'] as const) {
      learner.importance(type).forEach((value, feature) => {
        close(value, importance[type][feature] as number, 2e-3, `${type} of ${feature}`);
      });
    }
    predictions.forEach((expected, row) => {
      const answer = learner.predict(rowOf(x, row));
      const theirs = typeof expected === 'number' ? [expected] : expected;
      theirs.forEach((value, i) => {
        close(answer[answer.length - theirs.length + i] as number, value, 1e-4, `row ${row}`);
      });
    });
  });
}

test('early stopping: the losses of XGBoost round by round, and the same round kept', () => {
  const data = (seed: number) =>
    xgboostData({ seed, rows: 300, objective: 'binary:logistic', steps: 16, noise: 0.6 });
  const learner = new BoostedTrees({
    objective: 'binary:logistic',
    baseScore: 0.5,
    maxDepth: 3,
    learningRate: 0.5,
    earlyStoppingRounds: 6,
  });
  const [{ x, y }, unseen] = [data(21), data(22)];
  const { losses, kept } = record.stopping;
  const validation = { x: unseen.x, y: unseen.y };
  const seen = Array.from(learner.train({ x, y }, { validation }), ({ validationLoss }) => validationLoss);
  assert.equal(seen.length, losses.length);
  losses.forEach((loss, round) => {
    close(seen[round] as number, loss, 1e-4, `round ${round}`);
  });
  assert.equal(learner.model.trees.length, kept);
  assert.deepEqual(BoostedTrees.restore(learner.snapshot()).snapshot(), learner.snapshot());
});

test('held-out loss is within 1 % of that of XGBoost', () => {
  for (const { objective, loss } of record.heldOut) {
    const data = (seed: number) => xgboostData({ seed, rows: 4000, objective, missing: 0.05 });
    const learner = new BoostedTrees({
      objective,
      ...(objective === 'multi:softprob' ? { classes: 3 } : {}),
      baseScore: 0.5,
      learningRate: 0.2,
      rounds: 30,
      seed: 4,
    });
    const [{ x, y }, unseen] = [data(31), data(32)];
    learner.fit({ x, y });
    const own = lossOn(learner, unseen);
    assert.ok(own <= 1.01 * loss, `${objective}: ${own}, XGBoost ${loss}`);
  }
});

/** Root mean squared error, or mean log-loss. */
function lossOn(learner: BoostedTrees, { x, y }: Batch): number {
  const { objective } = learner.model;
  const { data: answers, columns: width } = learner.predictMany(x);
  let sum = 0;
  for (let row = 0; row < x.rows; row += 1) {
    const target = y[row] as number;
    sum +=
      objective === 'reg:squarederror'
        ? ((answers[row] as number) - target) ** 2
        : -Math.log(answers[row * width + target] as number);
  }
  return objective === 'reg:squarederror' ? Math.sqrt(sum / x.rows) : sum / x.rows;
}
