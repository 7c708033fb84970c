// The code blocks of document 000 on serving and monitoring, translated: snake_case becomes camelCase, keyword arguments
// one options object.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { FastRng, ManualClock } from '../../src/base/index.ts';
import { CODEC_FEATURES } from '../../src/decisions/index.ts';
import {
  CompressionPredictor,
  ModelMonitor,
  ModelServer,
  ModelTrainer,
  TrainingDataset,
} from '../../src/index.ts';
import { temporaryFolder } from '../support.ts';

const CLASSES = ['zstd', 'lz4', 'snappy', 'none'];

/** A predictor that has learnt one thing, with some noise: where the entropy is high, it does not pay. */
async function trained(seed: number): Promise<CompressionPredictor> {
  const rng = new FastRng(seed);
  const trainData = new TrainingDataset({ features: CODEC_FEATURES, classes: CLASSES });
  for (let i = 0; i < 200; i += 1) {
    const x = CODEC_FEATURES.map(() => rng.next());
    const isNoise = rng.next() < 0.1;
    trainData.addSample(x, (x[3] as number) > 0.5 !== isNoise ? 'none' : 'zstd', { group: `file-${i % 20}` });
  }
  const model = new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: 16, seed });
  const config = { numEpochs: 30, learningRate: 0.01, logDir: null };
  await new ModelTrainer(config, { thread: 'inline' }).train({ model, trainData });
  return model;
}

test('Production Deployment: serve, swap without a pause, roll back', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = join(folder, 'models');
  // What the document takes as given: a model in the folder and a newer one beside it.
  const [first, second] = [await trained(1), await trained(2)];
  first.save(join(modelDir, 'compression_predictor'), { version: '1.0.0' });
  const newModelPath = join(folder, 'compression_v2.pt');
  second.save(newModelPath, { version: '2' });
  const features = { ...Object.fromEntries(CODEC_FEATURES.map(({ name }) => [name, 0.5])), entropy: 0.9 };

  const server = new ModelServer({ modelDir });
  t.after(() => server.stop());
  server.start();

  const prediction = await server.predict('compression_predictor', features);
  assert.equal(prediction.label, first.predict(features));
  assert.equal(prediction.version, '1.0.0');

  await server.hotSwapModel('compression_predictor', { newModelPath, newVersion: '2.0.0' });
  const swapped = await server.predict('compression_predictor', features);
  assert.deepEqual([swapped.label, swapped.version], [second.predict(features), '2.0.0']);
  assert.notDeepEqual(swapped.values, prediction.values);

  await server.rollbackModel('compression_predictor');
  assert.deepEqual(await server.predict('compression_predictor', features), prediction);
});

test("a room's own model is asked for by the name the document gives it", async (t) => {
  const modelDir = join(temporaryFolder(t), 'models');
  const model = await trained(1);
  model.save(join(modelDir, 'codec'));
  const server = new ModelServer({ modelDir });
  t.after(() => server.stop());
  server.start();
  const features = CODEC_FEATURES.map(() => 0.25);
  const { model: name, label } = await server.predict('compression_predictor', features);
  assert.deepEqual([name, label], ['codec', model.predict(features)]);
});

test('Monitoring: success rate, latency, Prometheus', () => {
  const monitor = new ModelMonitor({ clock: new ManualClock() });
  monitor.recordPrediction('compression_predictor', { success: true, latencyMs: 0.5 });

  const metrics = monitor.getMetrics('compression_predictor');
  assert.equal(`Success rate: ${(100 * metrics.successRate).toFixed(1)}%`, 'Success rate: 100.0%');
  assert.equal(`P95 latency: ${metrics.latencyP95.toFixed(2)}ms`, 'P95 latency: 0.50ms');

  const prometheusMetrics = monitor.exportPrometheusMetrics();
  assert.match(prometheusMetrics, /^pilotfish_model_predictions_total\{model="compression_predictor",/m);
});
