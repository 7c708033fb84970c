import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CompressionPredictor } from '../../decisions/index.ts';
import { ModelEvaluator, ModelTrainer, TrainingDataset } from '../index.ts';
import { stratifiedFolds } from './folds.ts';
import { ALGORITHMS, blocks } from './testing/blocks.ts';

const FAST = { numEpochs: 15, learningRate: 0.01, logDir: null } as const;
const INLINE = { thread: 'inline' } as const;
const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a} ${b}`);

async function trained(costs: boolean, dataset = blocks(400, { costs })) {
  const model = new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: 16 });
  const [trainData, valData, testData] = dataset.split();
  await new ModelTrainer(FAST, INLINE).train({ model, trainData, valData });
  return { model, trainData, valData, testData };
}

test('figures agree with the confusion matrix and with asking the model one by one', async () => {
  const { model, valData } = await trained(false);
  const found = new ModelEvaluator().evaluate(model, valData);
  const counts = ALGORITHMS.map(() => ALGORITHMS.map(() => 0));
  for (let row = 0; row < valData.length; row += 1) {
    const { features, label } = valData.sampleAt(row);
    const line = counts[ALGORITHMS.indexOf(label as 'zstd')] as number[];
    const column = ALGORITHMS.indexOf(model.predict(features));
    line[column] = (line[column] as number) + 1;
  }
  assert.deepEqual(found.confusionMatrix, counts);
  assert.deepEqual(found.classes, ALGORITHMS);
  assert.equal(found.samples, valData.length);
  const right = counts.reduce((sum, line, at) => sum + (line[at] as number), 0);
  close(found.accuracy, right / valData.length);
  const zstd = found.perClass['zstd'];
  const predicted = counts.reduce((sum, line) => sum + (line[0] as number), 0);
  close(zstd?.precision ?? -1, (counts[0]?.[0] ?? 0) / predicted);
  const mean = ALGORITHMS.reduce((sum, name) => sum + (found.perClass[name]?.f1 ?? 0), 0) / 4;
  close(found.f1, mean);
  assert.ok((found.calibration?.expectedError ?? 1) < 0.5);
  assert.equal(found.regret, null);
});

test('where costs were measured regret is told; a model of costs has no probabilities to calibrate', async () => {
  const { model, valData } = await trained(true);
  const { regret, calibration } = new ModelEvaluator().evaluate(model, valData);
  let [spent, best] = [0, 0];
  for (let row = 0; row < valData.length; row += 1) {
    const { features, cost } = valData.sampleAt(row);
    spent += cost?.[ALGORITHMS.indexOf(model.predict(features))] ?? Number.NaN;
    best += Math.min(...(cost ?? []));
  }
  close(regret ?? -1, spent / best - 1);
  assert.equal(calibration, null);
});

test('each look at a sealed part is counted in the lineage; an opened part is refused', async () => {
  const { model, valData, testData } = await trained(false);
  const evaluator = new ModelEvaluator();
  assert.equal(model.provenance?.testEvaluations, 0);
  evaluator.evaluate(model, valData);
  assert.equal(model.provenance?.testEvaluations, 0);
  const { accuracy, samples } = evaluator.evaluate(model, testData);
  assert.equal(samples, testData.length);
  evaluator.evaluate(model, testData);
  assert.equal(testData.evaluations, 2);
  const { lineage, metrics } = model.draft().manifest;
  assert.equal(lineage.testEvaluations, 2);
  assert.equal(lineage.sealedGroups, testData.groups.length);
  assert.equal(metrics['testAccuracy'], accuracy);
  assert.throws(() => evaluator.evaluate(model, testData.open()), { code: 'REFUSED' });
});

test('a model that has not learnt is refused before the sealed part is opened', () => {
  const [, , testData] = blocks(100).split();
  const model = new CompressionPredictor({ name: 'compression_predictor' });
  assert.throws(() => new ModelEvaluator().evaluate(model, testData), { code: 'UNTRAINED' });
  assert.equal(testData.evaluations, 0);
});

test('folds are a partition, keep groups whole and classes in proportion', () => {
  const arbitrary = fc.record({
    groups: fc.integer({ min: 6, max: 30 }),
    kFolds: fc.integer({ min: 2, max: 6 }),
    seed: fc.nat(1000),
    size: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ groups, kFolds, seed, size }) => {
      const dataset = new TrainingDataset();
      for (let i = 0; i < groups * size; i += 1) {
        dataset.addSample({ value: i }, i % 3 ? 'a' : 'b', { group: `g${i % groups}` });
      }
      const folds = stratifiedFolds(dataset, kFolds, seed);
      const rows = folds.flat().sort((a, b) => a - b);
      assert.deepEqual(
        rows,
        Array.from({ length: dataset.length }, (_, row) => row),
      );
      const homes = new Map(folds.flatMap((fold, at) => fold.map((row) => [row, at])));
      for (const row of rows) assert.equal(homes.get(row), homes.get(row % groups));
      assert.ok(folds.every((fold) => fold.length > 0));
      assert.deepEqual(stratifiedFolds(dataset, kFolds, seed), folds);
    }),
    { numRuns: 50 },
  );
  const even = new TrainingDataset();
  for (let i = 0; i < 300; i += 1)
    even.addSample({ value: i }, i < 240 ? 'often' : 'rare', { group: `g${i}` });
  for (const fold of stratifiedFolds(even, 5, 1)) {
    assert.equal(fold.length, 60);
    assert.equal(fold.filter((row) => row >= 240).length, 12);
  }
});

test('samples without a group that cannot be told apart lie in one fold', () => {
  const dataset = new TrainingDataset();
  for (let i = 0; i < 60; i += 1) dataset.addSample({ value: i % 20 }, i % 2 ? 'a' : 'b');
  const folds = stratifiedFolds(dataset, 4, 1);
  const homes = new Map(folds.flatMap((fold, at) => fold.map((row) => [row, at])));
  for (let row = 20; row < 60; row += 1) assert.equal(homes.get(row), homes.get(row - 20));
});

test('cross-validation trains anew each time and tells mean and standard deviation', async () => {
  const request = {
    ...{ modelClass: CompressionPredictor, dataset: blocks(300, { costs: false }), kFolds: 3 },
    ...{ modelOptions: { hiddenDim: 16 }, config: FAST },
  };
  const found = await new ModelEvaluator(INLINE).crossValidate(request);
  const accuracies = found.folds.map(({ accuracy }) => accuracy);
  assert.equal(accuracies.length, 3);
  const mean = accuracies.reduce((sum, each) => sum + each, 0) / 3;
  close(found.meanAccuracy, mean);
  const squares = accuracies.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  close(found.stdAccuracy, Math.sqrt(squares / 2));
  assert.equal(
    found.folds.reduce((sum, { samples }) => sum + samples, 0),
    300,
  );
  assert.deepEqual(await new ModelEvaluator(INLINE).crossValidate(request), found);
  const [, , testData] = request.dataset.split();
  await assert.rejects(new ModelEvaluator(INLINE).crossValidate({ ...request, dataset: testData.open() }), {
    code: 'REFUSED',
  });
});

test('a group of more samples than a call has arguments is one fold', () => {
  const dataset = new TrainingDataset();
  const rows = 140_000;
  for (let row = 0; row < rows; row += 1) {
    dataset.addSample({ row }, row % 2 === 0 ? 'a' : 'b', { group: row < rows - 2 ? 'large' : 'small' });
  }
  assert.deepEqual(
    stratifiedFolds(dataset, 2, 1).map(({ length }) => length),
    [rows - 2, 2],
  );
});
