// Document 001's training script: from recorded telemetry to a saved compression predictor.
//
//   node examples/train-codec.ts [telemetry.db] [model]
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  CompressionPredictor,
  FeatureExtractor,
  hasCode,
  ModelEvaluator,
  ModelTrainer,
  TelemetryCollector,
  TrainingConfig,
  TrainingDataset,
  type TrainingOptions,
} from '../src/index.ts';

const DB_PATH = './telemetry.db';
const MODEL_PATH = './models/compression_predictor.pt';

export type Paths = { readonly dbPath?: string; readonly modelPath?: string };

export async function main(
  { dbPath = DB_PATH, modelPath = MODEL_PATH }: Paths = {},
  options: TrainingOptions = {},
  print: (line: string) => void = console.log,
): Promise<void> {
  // 1. Load telemetry
  const collector = new TelemetryCollector({ dbPath });
  const events = collector.getEvents({ eventType: 'BLOCK_STORED', limit: 10_000 });
  collector.close();

  // 2. Extract features: what was known before each block; its own ratio is history for the next one only
  const extractor = new FeatureExtractor();
  const dataset = new TrainingDataset();
  for (const { blockHash, blockSize, blockDepth, compressionRatio, accessCount, ...event } of events) {
    if (event.compressionAlgorithm === undefined) continue;
    const features = extractor.extractBlockFeatures({
      ...{ blockHash, blockSize, blockDepth: blockDepth ?? 0, accessCount: accessCount ?? 0 },
      ...(compressionRatio === undefined ? {} : { compressionRatio }),
    });
    dataset.addSample(features, event.compressionAlgorithm, { group: blockHash, time: event.timeMs });
  }

  // 3. Split data: by group, the test part sealed
  const [trainData, valData, testData] = dataset.split({ duplicates: 'drop' });

  // 4. Create model
  const model = new CompressionPredictor({
    name: 'compression_predictor',
    modelType: 'classification',
    device: 'auto',
  });

  // 5. Train
  const trainingConfig = new TrainingConfig({
    ...{ learningRate: 0.001, batchSize: 32, numEpochs: 50, earlyStoppingPatience: 3 },
    ...options,
  });
  const { device, advice } = await new ModelTrainer(trainingConfig).train({
    ...{ model, trainData, valData },
    // The logged algorithm may be what a rule of one number chose: this model imitates whoever chose.
    quality: { singleFeatureSkillMax: 1 },
  });
  print(`Trained on ${device.ran} (${device.requested} was asked for)`);
  for (const { message } of advice) print(`Advice: ${message}`);

  // 6. Evaluate: a look at the sealed part, counted in the lineage
  const { accuracy, f1 } = new ModelEvaluator().evaluate(model, testData);
  print(`Test Accuracy: ${(100 * accuracy).toFixed(1)}%`);
  print(`Test F1: ${f1.toFixed(3)}`);

  // 7. Save: an artefact directory, whatever the ending
  model.save(resolve(modelPath));
  print('Model saved successfully!');
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}

if (import.meta.main) {
  const [dbPath = DB_PATH, modelPath = MODEL_PATH] = process.argv.slice(2);
  try {
    // Opening it would make an empty one.
    if (existsSync(dbPath)) await main({ dbPath, modelPath });
    else fail(`there is no telemetry in ${dbPath}: node examples/train-codec.ts TELEMETRY.db [MODEL]`);
  } catch (error) {
    if (!hasCode(error)) throw error;
    fail(`${error.code}: ${error.message}`);
  }
}
