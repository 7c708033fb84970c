import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { FastRng, ManualClock, NodeFileSystem, seededBytes } from '../../base/index.ts';
import { CODEC_SCHEMA, codecRoom, loadArtefact } from '../../decisions/index.ts';
import { kAnonymityCheck } from '../dataset/index.ts';
import { TelemetryCollector, type TrainingDataset } from '../index.ts';
import { type JobRequest, TrainingScheduler, telemetryDataset } from './index.ts';
import { blocks } from './testing/blocks.ts';

const DAY_MS = 86_400_000;
const CONFIG = { numEpochs: 20, learningRate: 0.02, logDir: null } as const;
const fs = new NodeFileSystem();

/** A folder with a data set, and schedulers on it that share a clock. */
async function workshop(t: { after(work: () => void): void }, dataset: TrainingDataset = blocks(500)) {
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  await dataset.save(`${folder}/blocks.json`);
  const job: JobRequest = {
    ...{
      modelName: 'compression_predictor',
      datasetPath: `${folder}/blocks.json`,
      schedule: 'daily',
      priority: 1,
    },
    ...{ checkpointPath: `${folder}/checkpoints`, config: CONFIG, modelOptions: { hiddenDim: 32 } },
  };
  const open = (): TrainingScheduler => {
    const ports = { clock, thread: 'inline' } as const;
    const scheduler = new TrainingScheduler({
      dbPath: `${folder}/training.db`,
      modelsDir: `${folder}/models`,
      ports,
    });
    t.after(() => scheduler.close());
    return scheduler;
  };
  return { folder, clock, job, open, room: `${folder}/models/codec` };
}

test('a job is trained when it is due, survives a restart, and comes back after a day', async (t) => {
  const { folder, clock, job, open } = await workshop(t);
  const first = open();
  assert.equal(await first.runNextJob(), null);
  first.scheduleJob(job);
  first.close();
  const scheduler = open();
  const done = await scheduler.runNextJob();
  assert.equal(done?.modelName, 'compression_predictor');
  assert.ok((done?.metrics.accuracy ?? 0) > 0.3);
  assert.ok(existsSync(`${folder}/checkpoints/model/manifest.json`));
  assert.equal(await scheduler.runNextJob(), null);
  clock.advance(DAY_MS - 1);
  assert.equal(await scheduler.runNextJob(), null);
  clock.advance(1);
  assert.deepEqual((await scheduler.runNextJob())?.metrics.history, done?.metrics.history);
});

test('what passes the gate becomes the artefact of the room, and the room can open it', async (t) => {
  const { job, open, room } = await workshop(t);
  const scheduler = open();
  scheduler.scheduleJob(job);
  const done = await scheduler.runNextJob();
  assert.deepEqual(done?.gate.incumbentCost, null);
  assert.ok((done?.gate.candidateCost ?? 9) < (done?.gate.ruleCost ?? 0));
  assert.ok(done?.gate.passed);
  const artefact = loadArtefact(fs, room, CODEC_SCHEMA);
  const model = codecRoom.open(artefact);
  const question = {
    ...{ number: 1, rawBytes: 2 ** 16, fileKind: 0, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0.5 },
    ...{ sampleEntropyBits: 8, probeRatio: 1, linkBitsPerSecond: 1e7, cpuPressure: 0 },
  };
  const advantage = artefact.manifest.metrics['advantage10M'] ?? 0;
  assert.equal(model.serves?.(question), advantage > 0);
  // The same model again is no better than itself.
  scheduler.scheduleJob(job);
  const again = await scheduler.runNextJob();
  assert.ok(!again?.gate.passed);
  assert.equal(again?.gate.incumbentCost, done?.gate.candidateCost);
  assert.deepEqual(loadArtefact(fs, room).manifest, artefact.manifest);
});

test('a damaged incumbent, and one that cannot be asked, stay where they are', async (t) => {
  const { job, open, room } = await workshop(t);
  const scheduler = open();
  scheduler.scheduleJob(job);
  assert.ok((await scheduler.runNextJob())?.gate.passed);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${room}/model.safetensors`, 'other bytes');
  scheduler.scheduleJob(job);
  const done = await scheduler.runNextJob();
  assert.ok(!done?.gate.passed);
  assert.match(done?.gate.reason ?? '', /cannot be compared/);
});

test('an imitator of logged labels is trained, but is no artefact of the room', async (t) => {
  const { job, open, room } = await workshop(t, blocks(400, { costs: false }));
  const scheduler = open();
  scheduler.scheduleJob(job);
  const done = await scheduler.runNextJob();
  assert.ok(!done?.gate.passed);
  assert.match(done?.gate.reason ?? '', /needs .* costs to learn from/);
  assert.ok(!existsSync(room));
});

test('a model of noise does not beat the best simple rule', async (t) => {
  const { job, open, room } = await workshop(t, blocks(200, { noise: 1 }));
  const scheduler = open();
  scheduler.scheduleJob({ ...job, config: { ...CONFIG, numEpochs: 2 } });
  const done = await scheduler.runNextJob();
  assert.match(done?.gate.reason ?? '', /simple rule/);
  assert.ok(!existsSync(room));
});

test('a model of synthetic samples passes only on real ones, and is marked', async (t) => {
  const { folder, job, open, room } = await workshop(t);
  const scheduler = open();
  scheduler.scheduleJob({ ...job, synthetic: true });
  const done = await scheduler.runNextJob();
  assert.match(done?.gate.reason ?? '', /synthetic/);
  assert.ok(!existsSync(room));
  await blocks(200, { seed: 2 }).save(`${folder}/real.json`);
  scheduler.scheduleJob({ ...job, synthetic: true, realPath: `${folder}/real.json` });
  const judged = await scheduler.runNextJob();
  assert.ok(judged?.gate.passed);
  assert.ok(loadArtefact(fs, room).manifest.lineage.synthetic);
});

test('the highest priority runs first, then what waits longest; the same job again replaces it', async (t) => {
  const { folder, clock, job, open } = await workshop(t);
  const scheduler = open();
  const order: string[] = [];
  const names = ['codec', 'compression_predictor'] as const;
  const config = { ...CONFIG, numEpochs: 1 };
  for (const [at, modelName] of names.entries()) {
    const checkpointPath = `${folder}/${modelName}`;
    const number = scheduler.scheduleJob({ ...job, modelName, checkpointPath, priority: at, config });
    assert.equal(scheduler.scheduleJob({ ...job, modelName, checkpointPath, priority: at, config }), number);
    clock.advance(1);
  }
  for (let done = await scheduler.runNextJob(); done !== null; done = await scheduler.runNextJob()) {
    order.push(done.modelName);
  }
  assert.deepEqual(order, ['compression_predictor', 'codec']);
});

test('a job by age waits until the serving model is old', async (t) => {
  const { clock, job, open } = await workshop(t);
  const scheduler = open();
  scheduler.scheduleJob({ ...job, schedule: { olderThanDays: 7 } });
  assert.ok((await scheduler.runNextJob())?.gate.passed);
  for (let day = 0; day < 7; day += 1) {
    assert.equal(await scheduler.runNextJob(), null);
    clock.advance(DAY_MS);
  }
  clock.advance(DAY_MS);
  assert.notEqual(await scheduler.runNextJob(), null);
});

test('a job that was stopped stays due and goes on; one that failed waits for its next time', async (t) => {
  const { folder, clock, job, open } = await workshop(t);
  const scheduler = open();
  scheduler.scheduleJob(job);
  await assert.rejects(scheduler.runNextJob({ signal: AbortSignal.abort() }), { code: 'INTERRUPTED' });
  assert.notEqual(await scheduler.runNextJob(), null);
  scheduler.scheduleJob({ ...job, datasetPath: `${folder}/gone.json` });
  await assert.rejects(scheduler.runNextJob(), { code: 'MISSING' });
  assert.equal(await scheduler.runNextJob(), null);
  clock.advance(DAY_MS);
  assert.notEqual(await scheduler.runNextJob(), null);
});

test('bad jobs are refused when they are scheduled', async (t) => {
  const { job, open } = await workshop(t);
  const scheduler = open();
  const bad: Partial<JobRequest>[] = [
    ...[{ modelName: 'gpt' }, { schedule: 'monthly' as 'daily' }, { priority: Number.NaN }],
    ...[{ datasetPath: './data.csv' }, { config: { batchSize: 0 } }],
  ];
  for (const change of bad)
    assert.throws(() => scheduler.scheduleJob({ ...job, ...change }), { code: 'USAGE' });
  assert.equal(await scheduler.runNextJob(), null);
});

test('telemetry is made anonymous before anything learns from it', async (t) => {
  const { folder, job, open } = await workshop(t);
  const dbPath = `${folder}/telemetry.db`;
  // Known keys: which blocks train and which test follows from their hashes.
  const collector = new TelemetryCollector({ dbPath, ports: { random: seededBytes(1) } });
  const rng = new FastRng(1);
  for (let i = 0; i < 300; i += 1) {
    const blockSize = 2 ** (10 + rng.below(6)) + rng.below(50);
    const compressionAlgorithm = blockSize > 8192 || rng.next() < 0.2 ? 'zstd' : 'lz4';
    const event = {
      blockHash: `block-${i}`,
      blockSize,
      blockDepth: rng.below(3),
      compressionAlgorithm,
    } as const;
    collector.record({ eventType: 'BLOCK_STORED', ...event });
  }
  collector.record({
    eventType: 'BLOCK_STORED',
    blockHash: 'giant',
    blockSize: 2 ** 36,
    compressionAlgorithm: 'none',
  });
  const dataset = telemetryDataset(collector);
  collector.close();
  // The one giant would be recognised by its size.
  assert.equal(dataset.length, 300);
  assert.ok(kAnonymityCheck(dataset, { quasiIdentifiers: ['block_size_log', 'block_depth_log'] }));
  const scheduler = open();
  scheduler.scheduleJob({ ...job, datasetPath: dbPath });
  const done = await scheduler.runNextJob();
  assert.ok((done?.metrics.accuracy ?? 0) > 0.5);
  assert.ok(!done?.gate.passed);
});
