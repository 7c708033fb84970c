// The code blocks of document 000 that concern what exists, translated: snake_case becomes camelCase, keyword arguments
// one options object.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FastRng, ManualClock } from '../../src/base/index.ts';
import { CODEC_FEATURES } from '../../src/decisions/index.ts';
import {
  CompressionPredictor,
  compressBlock,
  differentialPrivacyNoise,
  FallbackManager,
  kAnonymityCheck,
  MLDAGIntegration,
  ModelTrainer,
  TelemetryCollector,
  TrainingDataset,
  TrainingScheduler,
} from '../../src/index.ts';
import { temporaryFolder } from '../support.ts';

const INLINE = { thread: 'inline' } as const;
const block = { blockHash: 'abc123', blockSize: 10_000, blockDepth: 5, contentEntropy: 7.5 };

/** Blocks of which the compressible half wants zstd and the other none, on links of one rate: 20 Mbit/s. */
function codecDataset(): TrainingDataset {
  const rng = new FastRng(1);
  const classes = ['zstd', 'lz4', 'snappy', 'none'];
  const dataset = new TrainingDataset({ features: CODEC_FEATURES, classes });
  for (let i = 0; i < 300; i += 1) {
    const x = CODEC_FEATURES.map(() => rng.next());
    x[10] = Math.log2(20) / 14;
    const label = rng.next() < 0.05 ? rng.below(4) : (x[3] as number) > 0.9 ? 3 : 0;
    const cost = classes.map((_, each) => 1 + Math.abs(each - label));
    dataset.addSample(x, classes[label] as string, { group: `file-${i % 40}`, cost });
  }
  return dataset;
}

test('Compression Example: the model hints, the core checks', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = join(folder, 'models');
  await codecDataset().save(join(folder, 'blocks.json'));
  const scheduler = new TrainingScheduler({
    dbPath: join(folder, 'jobs.db'),
    modelsDir: modelDir,
    ports: INLINE,
  });
  t.after(() => scheduler.close());
  scheduler.scheduleJob({
    ...{ modelName: 'compression_predictor', datasetPath: join(folder, 'blocks.json'), schedule: 'weekly' },
    ...{
      checkpointPath: join(folder, 'checkpoints'),
      config: { numEpochs: 30, learningRate: 0.01, logDir: null },
    },
  });
  const done = await scheduler.runNextJob();
  // With one link and one threshold a simple rule is hard to beat; what the gate keeps out gives no hints.
  const integration = new MLDAGIntegration({ enableMl: true, modelDir });
  const algorithmHint = integration.getCompressionHint(block);
  assert.equal(new FallbackManager(integration).isHealthy('compression_predictor'), done?.gate.passed);
  assert.equal(algorithmHint !== null, done?.gate.passed);

  const data = Buffer.from('how often the same words occur. '.repeat(400));
  // The document's fallback, and its gate: a form that does not pay is not kept.
  const algorithm = algorithmHint ?? (block.blockSize > 100_000 ? 'zstd' : 'lz4');
  const compressed = compressBlock(data, { algorithm });
  const useCompression = compressed.bytes.length / data.length < 0.9 ? compressed.algorithm : 'none';
  assert.equal(useCompression, compressed.algorithm);
});

test('an installed model answers; without models, switched off, or damaged, there is no hint', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = join(folder, 'models');
  const model = new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: 32 });
  const [trainData, valData] = codecDataset().split();
  const config = { numEpochs: 20, learningRate: 0.01, logDir: null };
  await new ModelTrainer(config, INLINE).train({ model, trainData, valData });
  const { provenance } = model;
  assert.ok(provenance !== undefined);
  model.provenance = {
    ...provenance,
    metrics: { ...provenance.metrics, advantage10M: 0.1, advantage100M: 0.1 },
  };
  model.save(join(modelDir, 'codec'));

  const integration = new MLDAGIntegration({ enableMl: true, modelDir, clock: new ManualClock() });
  assert.equal(integration.getCompressionHint({ ...block, contentEntropy: 4 }), 'zstd-9');
  assert.ok(new FallbackManager(integration).isHealthy('compression_predictor'));
  assert.ok(new FallbackManager(integration).isHealthy('codec'));
  assert.throws(() => new FallbackManager(integration).isHealthy('gpt'), { code: 'USAGE' });
  assert.throws(() => integration.getCompressionHint({ ...block, contentEntropy: 9 }), { code: 'USAGE' });

  const off = new MLDAGIntegration({ enableMl: false, modelDir });
  const absent = new MLDAGIntegration({ modelDir: join(folder, 'nowhere') });
  mkdirSync(join(folder, 'bad/codec'), { recursive: true });
  writeFileSync(join(folder, 'bad/codec/manifest.json'), '{');
  const damaged = new MLDAGIntegration({ modelDir: join(folder, 'bad') });
  for (const silent of [off, absent, damaged]) {
    assert.equal(silent.getCompressionHint(block), null);
    assert.ok(!new FallbackManager(silent).isHealthy('compression_predictor'));
  }
});

test('Telemetry Privacy: what is forbidden cannot be recorded', (t) => {
  const collector = new TelemetryCollector({ dbPath: join(temporaryFolder(t), 'telemetry.db') });
  t.after(() => collector.close());
  const allowed = {
    eventType: 'BLOCK_STORED',
    blockHash: 'abc123',
    blockSize: 100,
    compressionRatio: 0.5,
  } as const;
  collector.record(allowed);
  for (const forbidden of [{ content: 'secret' }, { decryptedData: 'secret' }]) {
    assert.throws(() => collector.record({ ...allowed, ...forbidden }), { code: 'REFUSED' });
  }
});

test('Differential Privacy, K-Anonymity', async () => {
  const noisyValue = 100 + differentialPrivacyNoise({ epsilon: 1 });
  assert.ok(Number.isInteger(noisyValue));
  const dataset = new TrainingDataset();
  for (let i = 0; i < 60; i += 1) {
    dataset.addSample({ size: i % 3, depth: (i * 7) % 11 }, i % 2 ? 'zstd' : 'lz4', { time: i });
  }
  // The document leaves out which columns could give someone away; the check cannot guess them.
  const quasiIdentifiers = ['size'];
  const model = new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: 16 });
  assert.ok(kAnonymityCheck(dataset, { k: 5, quasiIdentifiers }));
  await new ModelTrainer({ numEpochs: 2, logDir: null }, INLINE).train({
    ...{ model, trainData: dataset, telemetry: { quasiIdentifiers } },
  });
  assert.ok(model.isTrained);
});
