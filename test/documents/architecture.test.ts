// The code blocks of document 000 that concern what exists, translated: snake_case becomes camelCase, keyword arguments
// one options object.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FastRng, ManualClock, seededBytes } from '../../src/base/index.ts';
import { CODEC_FEATURES, DEFAULT_BUDGET_MS } from '../../src/decisions/index.ts';
import {
  CompressionPredictor,
  compressBlock,
  differentialPrivacyNoise,
  FallbackManager,
  kAnonymityCheck,
  MLDAGIntegration,
  ModelTrainer,
  randomWords,
  type StoredEvent,
  TelemetryCollector,
  type TelemetryEvent,
  TrainingDataset,
  TrainingScheduler,
} from '../../src/index.ts';
import { PrivacyLedger } from '../../src/learn/index.ts';
import { temporaryFolder } from '../support.ts';

/** The model says zstd; which level is the room's. */
const ZSTD = /^zstd-[139]$/;
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

/** A model that says what it was taught, and whose manifest says that it earned its place. */
async function installServing(modelDir: string): Promise<void> {
  const model = new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: 32 });
  const [trainData, valData] = codecDataset().split();
  const config = { numEpochs: 20, learningRate: 0.01, logDir: null };
  await new ModelTrainer(config, INLINE).train({ model, trainData, valData });
  const { provenance } = model;
  assert.ok(provenance !== undefined);
  const earned = { advantage10M: 0.1, advantage100M: 0.1 };
  model.provenance = { ...provenance, metrics: { ...provenance.metrics, ...earned } };
  model.save(join(modelDir, 'codec'));
}

test('Compression Example: what the scheduler trains gives hints where the gate let it through', async (t) => {
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
});

/** The document's example, word for word: a hint is tried and its ratio checked; without one the rule on size decides. */
function useCompression(integration: MLDAGIntegration, data: Buffer, contentEntropy: number): string {
  const blockSize = data.length;
  const algorithmHint = integration.getCompressionHint({ ...block, blockSize, contentEntropy });
  if (algorithmHint === null) return blockSize > 100_000 ? 'zstd' : 'lz4';
  const compressed = compressBlock(data, { algorithm: algorithmHint });
  return compressed.bytes.length / data.length < 0.9 ? algorithmHint : 'none';
}

test('Compression Example: a hint that pays is used, one that does not is overridden, and none means the rule', async (t) => {
  const modelDir = join(temporaryFolder(t), 'models');
  await installServing(modelDir);
  const integration = new MLDAGIntegration({ enableMl: true, modelDir, clock: new ManualClock() });
  const words = Buffer.from('how often the same words occur. '.repeat(4000));
  assert.match(useCompression(integration, words, 4), ZSTD);
  // The model believes the entropy it is told; the ratio shows that the bytes are noise.
  const noise = Buffer.from(seededBytes(1)(10_000));
  assert.equal(useCompression(integration, noise, 4), 'none');
  assert.ok(
    compressBlock(noise, { algorithm: 'zstd-9' }).algorithm === 'none',
    'the core checks by itself as well',
  );
  const silent = new MLDAGIntegration({ enableMl: false, modelDir });
  assert.equal(useCompression(silent, words.subarray(0, 100_001), 4), 'zstd');
  assert.equal(useCompression(silent, words.subarray(0, 100_000), 4), 'lz4');
});

/** Time that stands still, but for models: each answer takes as long as is said here. */
class AnswerClock extends ManualClock {
  answerMs = 0;
  #calls = 0;

  override monotonicMs(): number {
    // The guard looks at the clock before the model, after it and, when that was late, once more.
    this.#calls += 1;
    if (this.answerMs > 0 && this.#calls % 3 === 2) this.advance(this.answerMs);
    return super.monotonicMs();
  }

  be(answerMs: number): void {
    this.answerMs = answerMs;
    this.#calls = 0;
  }
}

test('Circuit Breaker: CLOSED, OPEN after 5 failures, HALF_OPEN after a rest, CLOSED when it has recovered', async (t) => {
  const modelDir = join(temporaryFolder(t), 'models');
  await installServing(modelDir);
  const clock = new AnswerClock();
  const integration = new MLDAGIntegration({ modelDir, clock });
  const fallbackMgr = new FallbackManager(integration);
  const predict = (): string | null => integration.getCompressionHint({ ...block, contentEntropy: 4 });
  assert.match(predict() ?? '', ZSTD);
  clock.be(DEFAULT_BUDGET_MS + 0.5);
  for (let failures = 1; failures <= 5; failures += 1) {
    assert.ok(fallbackMgr.isHealthy('compression_predictor'), `closed after ${failures - 1}`);
    assert.equal(predict(), null);
  }
  assert.ok(!fallbackMgr.isHealthy('compression_predictor'));
  clock.be(0);
  assert.equal(predict(), null, 'it rests, well or not');
  clock.advance(60_000);
  assert.match(predict() ?? '', ZSTD, 'a probe');
  assert.ok(!fallbackMgr.isHealthy('compression_predictor'), 'one probe is not enough');
  assert.match(predict() ?? '', ZSTD);
  assert.ok(fallbackMgr.isHealthy('compression_predictor'));
});

test('an installed model answers; without models, switched off, or damaged, there is no hint', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = join(folder, 'models');
  await installServing(modelDir);
  const integration = new MLDAGIntegration({ enableMl: true, modelDir, clock: new ManualClock() });
  assert.match(integration.getCompressionHint({ ...block, contentEntropy: 4 }) ?? '', ZSTD);
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

test('Telemetry Privacy: what is allowed is kept without the hash it came with, what is forbidden not at all', (t) => {
  const clock = new ManualClock();
  const dbPath = join(temporaryFolder(t), 'telemetry.db');
  const collector = new TelemetryCollector({ dbPath, ports: { clock } });
  const content = Buffer.from('what nobody is to know');
  const blockHash = createHash('sha256').update(content).digest('hex');
  const allowed = { blockHash, blockSize: content.length, compressionRatio: 0.5 };
  collector.record({ eventType: 'BLOCK_STORED', ...allowed });
  for (const forbidden of [{ content }, { decryptedData: content }, { compressionRatio: { content } }]) {
    const event = { eventType: 'BLOCK_STORED', ...allowed, ...forbidden } as unknown as TelemetryEvent;
    assert.throws(() => collector.record(event), { code: 'REFUSED' });
  }
  const [stored, ...more] = collector.getEvents();
  assert.deepEqual(more, []);
  const { blockHash: keyed, keyId: _, ...rest } = stored as StoredEvent<'BLOCK_STORED'>;
  assert.match(keyed, /^[0-9a-f]{64}$/);
  assert.notEqual(keyed, blockHash);
  // The time is the collector's; nobody tells it.
  const { blockSize, compressionRatio } = allowed;
  assert.deepEqual(rest, { eventType: 'BLOCK_STORED', blockSize, compressionRatio, timeMs: clock.nowMs() });
  collector.close();
  const bytes = readFileSync(dbPath);
  assert.ok(!bytes.includes(content) && !bytes.includes(Buffer.from(blockHash, 'hex')));
});

test('Differential Privacy: whole numbers around the value, as wide as epsilon says, until the budget is spent', () => {
  const ledger = new PrivacyLedger({ epsilon: 4000 });
  const words = randomWords(seededBytes(1));
  const value = 100;
  const noisy = Array.from(
    { length: 4000 },
    () => value + differentialPrivacyNoise({ epsilon: 1, ledger, words }),
  );
  assert.ok(noisy.every(Number.isInteger));
  const mean = noisy.reduce((sum, each) => sum + each, 0) / noisy.length;
  const variance = noisy.reduce((sum, each) => sum + (each - mean) ** 2, 0) / noisy.length;
  // Of the discrete Laplace distribution of scale 1: 2 e^-1 / (1 - e^-1)^2 = 1.84.
  assert.ok(Math.abs(mean - value) < 0.1 && Math.abs(variance - 1.841) < 0.2, `${mean}, ${variance}`);
  assert.throws(() => differentialPrivacyNoise({ epsilon: 1, ledger, words }), { code: 'REFUSED' });
});

test('K-Anonymity: safe data are trained on, others are refused and leave the model as it was', async () => {
  const dataset = new TrainingDataset();
  for (let i = 0; i < 60; i += 1) {
    dataset.addSample({ size: i % 3, depth: (i * 7) % 11 }, i % 2 ? 'zstd' : 'lz4', { time: i });
  }
  // The document leaves out which columns could give someone away; the check cannot guess them.
  const train = async (model: CompressionPredictor, quasiIdentifiers: string[]): Promise<void> => {
    const trainer = new ModelTrainer({ numEpochs: 2, logDir: null }, INLINE);
    await trainer.train({ model, trainData: dataset, telemetry: { quasiIdentifiers } });
  };
  const newModel = () => new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: 16 });
  const [safe, unsafe] = [newModel(), newModel()];
  assert.ok(kAnonymityCheck(dataset, { k: 5, quasiIdentifiers: ['size'] }));
  await train(safe, ['size']);
  assert.ok(safe.isTrained);
  assert.ok(!kAnonymityCheck(dataset, { k: 5, quasiIdentifiers: ['size', 'depth'] }));
  await assert.rejects(train(unsafe, ['size', 'depth']), { code: 'REFUSED' });
  assert.ok(!unsafe.isTrained);
});
