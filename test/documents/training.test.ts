// The code blocks of document 001 that concern what exists, translated: snake_case becomes camelCase, keyword arguments
// one options object.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../../examples/train-codec.ts';
import { ManualClock } from '../../src/base/index.ts';
import {
  CompressionPredictor,
  FeatureExtractor,
  HyperparameterTuner,
  ModelEvaluator,
  ModelTrainer,
  SummaryWriter,
  TelemetryCollector,
  TrainingConfig,
  TrainingDataset,
  TrainingScheduler,
} from '../../src/index.ts';
import { temporaryFolder } from '../support.ts';
import { recordBlocks } from './telemetry.ts';

const INLINE = { thread: 'inline' } as const;
/** The label is the algorithm that was logged, here by a rule on size: the gate would take that for leakage. */
const quality = { singleFeatureSkillMax: 1 };
const modelConfig = { name: 'compression_predictor', modelType: 'classification', device: 'cuda' } as const;

/** Sections 1 to 3 of Data Collection on recorded blocks. */
function datasetOf(dbPath: string): TrainingDataset {
  const collector = new TelemetryCollector({ dbPath });
  const telemetryEvents = collector.getEvents({ eventType: 'BLOCK_STORED', limit: 10_000 });
  collector.close();
  const extractor = new FeatureExtractor();
  const dataset = new TrainingDataset();
  for (const event of telemetryEvents) {
    const features = extractor.extractFeatures(event);
    const label = event.compressionAlgorithm ?? 'none';
    dataset.addSample(features, label, { group: event.blockHash });
  }
  return dataset;
}

test('Data Collection: telemetry, features, data set', async (t) => {
  const folder = temporaryFolder(t);
  const collector = new TelemetryCollector({ dbPath: join(folder, 'telemetry.db') });
  collector.record({
    eventType: 'BLOCK_STORED',
    blockHash: 'abc123...',
    blockSize: 10_000,
    blockDepth: 5,
    compressionAlgorithm: 'zstd',
    compressionRatio: 0.5,
  });
  const accessEvents = collector.getEvents({ blockHash: 'abc123...' });
  collector.close();

  const extractor = new FeatureExtractor();
  const features = extractor.extractBlockFeatures({
    ...{ blockHash: 'abc123', blockSize: 10_000, blockDepth: 5, compressionRatio: 0.5, accessCount: 10 },
  });
  // An outcome is no feature: the ratio of this block counts for the blocks after it.
  assert.equal(features['compression_ratio'], undefined);
  const accessFeatures = extractor.extractAccessPatternFeatures({
    ...{ blockHash: 'abc123...', accessHistory: accessEvents },
  });
  assert.ok(Object.values(accessFeatures).every(Number.isFinite));

  recordBlocks(join(folder, 'telemetry.db'), 100);
  const dataset = datasetOf(join(folder, 'telemetry.db'));
  const [trainData, valData, testData] = dataset.split({ trainRatio: 0.7, valRatio: 0.15, testRatio: 0.15 });
  assert.equal(trainData.length + valData.length + testData.length, dataset.length);
  await dataset.save(join(folder, 'training_dataset.json'));
  assert.equal(
    (await TrainingDataset.load(join(folder, 'training_dataset.json'))).digest(),
    dataset.digest(),
  );
});

test('Training, Evaluation: the compression predictor', async (t) => {
  const folder = temporaryFolder(t);
  recordBlocks(join(folder, 'telemetry.db'), 700);
  const [trainData, valData, testData] = datasetOf(join(folder, 'telemetry.db')).split();

  const model = new CompressionPredictor(modelConfig);
  const trainingConfig = new TrainingConfig({
    learningRate: 0.001,
    batchSize: 32,
    numEpochs: 50,
    earlyStoppingPatience: 3,
    checkpointDir: join(folder, 'checkpoints/compression'),
    logDir: join(folder, 'runs'),
  });
  const trainer = new ModelTrainer(trainingConfig, INLINE);
  const metrics = await trainer.train({ model, trainData, valData, quality });
  assert.ok(metrics.accuracy > 0.7, `Final accuracy: ${metrics.accuracy}`);
  assert.deepEqual(metrics.device, { requested: 'cuda', ran: 'cpu' });

  // `.pt` names our own artefact, a directory; no pickle is written or read.
  model.save(join(folder, 'models/compression_predictor.pt'));
  const loaded = new CompressionPredictor(modelConfig);
  loaded.load(join(folder, 'models/compression_predictor.pt'));
  const { features } = trainData.sampleAt(0);
  assert.equal(loaded.predict(features), model.predict(features));

  const evaluator = new ModelEvaluator(INLINE);
  const found = evaluator.evaluate(model, testData);
  for (const share of [found.accuracy, found.precision, found.recall, found.f1])
    assert.ok(share >= 0 && share <= 1);
  assert.equal(
    found.confusionMatrix.flat().reduce((sum, count) => sum + count, 0),
    testData.length,
  );
  for (const [className, { precision, recall }] of Object.entries(found.perClass)) {
    assert.ok(model.classes.includes(className as 'zstd') && precision <= 1 && recall <= 1);
  }
});

test('Hyperparameter Tuning, Cross-Validation', async (t) => {
  const folder = temporaryFolder(t);
  recordBlocks(join(folder, 'telemetry.db'), 200);
  const fullDataset = datasetOf(join(folder, 'telemetry.db'));
  const [trainData, valData] = fullDataset.split();
  const config = { numEpochs: 6 };
  const tuner = new HyperparameterTuner(
    { ...{ modelClass: CompressionPredictor, trainData, valData, nTrials: 3 }, config, quality },
    INLINE,
  );
  const bestParams = await tuner.tune(
    {
      learningRate: ['float', 1e-4, 1e-2, true],
      batchSize: ['int', 16, 128],
      hiddenDim: ['categorical', [64, 128, 256]],
    },
    { metric: 'accuracy', direction: 'maximize' },
  );
  assert.ok((tuner.bestValue ?? 0) > 0.3);

  // The document gives all of them to TrainingConfig; topology belongs to the model, and the error says so.
  assert.throws(() => new TrainingConfig(bestParams), { code: 'USAGE', message: /belongs to the model/ });
  const { hiddenDim, ...training } = bestParams;
  const model = new CompressionPredictor(modelConfig, { hiddenDim: Number(hiddenDim) });
  const trainer = new ModelTrainer(new TrainingConfig({ ...config, ...training, logDir: null }), INLINE);
  await trainer.train({ model, trainData, valData, quality });

  const evaluator = new ModelEvaluator(INLINE);
  const { meanAccuracy, stdAccuracy } = await evaluator.crossValidate({
    ...{ modelClass: CompressionPredictor, dataset: fullDataset, kFolds: 5 },
    ...{ config: { numEpochs: 20, learningRate: 0.01 }, quality, modelOptions: { hiddenDim: 32 } },
  });
  assert.ok(meanAccuracy > 0.5 && stdAccuracy < 0.5, `${meanAccuracy} ± ${stdAccuracy}`);
});

test('Continuous Training: the scheduler trains what is due', async (t) => {
  const folder = temporaryFolder(t);
  recordBlocks(join(folder, 'telemetry.db'), 300);
  const clock = new ManualClock();
  const scheduler = new TrainingScheduler({
    ...{
      dbPath: join(folder, 'training.db'),
      modelsDir: join(folder, 'models'),
      ports: { ...INLINE, clock },
    },
  });
  t.after(() => scheduler.close());
  scheduler.scheduleJob({
    modelName: 'compression_predictor',
    datasetPath: join(folder, 'telemetry.db'),
    checkpointPath: join(folder, 'checkpoints/compression'),
    schedule: 'daily',
    priority: 1,
    config: { numEpochs: 10, logDir: null },
  });
  // The document's loop sleeps an hour between two looks.
  let trained = 0;
  for (let hour = 0; hour < 25; hour += 1) {
    const job = await scheduler.runNextJob();
    if (job !== null) {
      trained += 1;
      assert.equal(job.modelName, 'compression_predictor');
      assert.ok(job.metrics.accuracy > 0.3);
    }
    clock.advance(3_600_000);
  }
  assert.equal(trained, 2);
});

test('Monitoring Training: scalars for TensorBoard', (t) => {
  const folder = temporaryFolder(t);
  const writer = new SummaryWriter(join(folder, 'runs/compression_experiment'));
  for (let epoch = 0; epoch < 3; epoch += 1) {
    writer.addScalar('Loss/train', 1 / (1 + epoch), epoch);
    writer.addScalar('Loss/val', 1.1 / (1 + epoch), epoch);
    writer.addScalar('Accuracy/train', 0.5 + 0.1 * epoch, epoch);
    writer.addScalar('Accuracy/val', 0.4 + 0.1 * epoch, epoch);
  }
  writer.close();
  const [name] = readdirSync(join(folder, 'runs/compression_experiment'));
  assert.match(name ?? '', /^events\.out\.tfevents\.\d+\./);
});

test('Example Training Script', async (t) => {
  const folder = temporaryFolder(t);
  const [dbPath, modelPath] = [join(folder, 'telemetry.db'), join(folder, 'models/compression_predictor.pt')];
  recordBlocks(dbPath, 300);
  const lines: string[] = [];
  await main({ dbPath, modelPath }, { numEpochs: 10, logDir: join(folder, 'runs') }, (line) =>
    lines.push(line),
  );
  assert.equal(lines[0], 'Trained on cpu (auto was asked for)');
  assert.match(lines.at(-3) ?? '', /^Test Accuracy: \d+\.\d%$/);
  assert.match(lines.at(-2) ?? '', /^Test F1: \d\.\d{3}$/);
  assert.equal(lines.at(-1), 'Model saved successfully!');
  const model = new CompressionPredictor(modelConfig);
  model.load(modelPath);
  assert.equal(model.provenance?.testEvaluations, 1);
});
