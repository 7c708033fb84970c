import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoostedTrees } from './boosted-trees.ts';
import { xgboostData } from './testing/xgboost-data.ts';

const objective = 'binary:logistic';

test('a report names its losses as nets do, with null for none held out', () => {
  const batch = xgboostData({ seed: 3, rows: 200, objective, steps: 20 });
  const learner = new BoostedTrees({ objective, rounds: 2 });
  const alone = learner.fit(batch);
  assert.equal(alone.validationLoss, null);
  const { round, trainingLoss, validationLoss } = learner.fit(batch, { validation: batch });
  assert.deepEqual([round, trainingLoss], [2, alone.trainingLoss]);
  assert.equal(validationLoss, trainingLoss);
  const restored = BoostedTrees.restore(learner.snapshot());
  assert.deepEqual(restored.train(batch).next().value, { round, trainingLoss, validationLoss });
});

test('a model from elsewhere brings no losses: the report has those of its answers', () => {
  const batch = xgboostData({ seed: 3, rows: 200, objective, steps: 20 });
  const learner = new BoostedTrees({ objective, rounds: 2 });
  const { trainingLoss } = learner.fit(batch);
  const adopted = () => BoostedTrees.fromModel(learner.model);
  const report = { round: 2, trainingLoss, validationLoss: null };
  assert.deepEqual(adopted().train(batch).next().value, report);
  const watched = adopted().train(batch, { validation: batch }).next().value;
  assert.deepEqual(watched, { ...report, validationLoss: trainingLoss });
});

test('without the number of classes softprob says what is missing', () => {
  const options = { objective: 'multi:softprob' } as const;
  assert.throws(() => new BoostedTrees(options), { code: 'USAGE', message: /needs the number of classes/ });
});
