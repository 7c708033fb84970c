import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { ManualClock, readSmallFile } from '../../base/index.ts';
import { CompressionPredictor, replaceFile } from '../../decisions/index.ts';
import { PrivacyLedger } from '../../learn/index.ts';
import { generalize, TrainingDataset } from '../dataset/index.ts';
import { ModelTrainer, type TrainerPorts, type TrainingConfig, type TrainingOptions } from './index.ts';
import { blocks } from './testing/blocks.ts';

const CONFIG = { name: 'compression_predictor', device: 'cpu' } as const;
const FAST: TrainingOptions = { numEpochs: 8, learningRate: 0.01, logDir: null };
const [trainData, valData, testData] = blocks(400).split();

const newModel = (seed = 42): CompressionPredictor =>
  new CompressionPredictor(CONFIG, { hiddenDim: 16, seed });
const trainerOf = (options: TrainingOptions | TrainingConfig, ports: TrainerPorts = {}): ModelTrainer =>
  new ModelTrainer(options, {
    fs: new SimFileSystem(),
    clock: new ManualClock(),
    thread: 'inline',
    ...ports,
  });

/** Weights and all, as they would lie on disk. */
const bytesOf = (model: CompressionPredictor): Buffer => Buffer.concat([...model.files().values()]);

test('same data, model and configuration, same weights; another seed, others', async () => {
  const models = [newModel(), newModel(), newModel(7)];
  for (const model of models) await trainerOf(FAST).train({ model, trainData, valData });
  const [first, second, other] = models.map(bytesOf);
  assert.deepEqual(first, second);
  assert.notDeepEqual(first, other);
});

test('a worker gives the same bits, leaves this thread free, and reports every epoch', async () => {
  const [here, there] = [newModel(), newModel()];
  const inline = await trainerOf(FAST).train({ model: here, trainData, valData });
  const epochs: number[] = [];
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 1);
  const worker = await trainerOf(FAST, { thread: 'worker' }).train({
    ...{ model: there, trainData, valData },
    onEpoch: ({ epoch }) => epochs.push(epoch),
  });
  clearInterval(counting);
  assert.deepEqual(bytesOf(there), bytesOf(here));
  assert.deepEqual(worker, inline);
  assert.deepEqual(
    epochs,
    worker.history.map(({ epoch }) => epoch),
  );
  assert.ok(turns > 0);
});

test('errors of the worker come back with their codes', async () => {
  const model = new CompressionPredictor(CONFIG, { hiddenDim: 16, target: 'cost' });
  const [withoutCosts] = blocks(400, { costs: false }).split();
  const trained = trainerOf(FAST, { thread: 'worker' }).train({ model, trainData: withoutCosts });
  await assert.rejects(trained, { code: 'SHAPE', message: /needs one cost for each class/ });
  assert.ok(!model.isTrained);
});

test('a training that was stopped after any epoch goes on to the same bits', async () => {
  const options = {
    ...FAST,
    numEpochs: 5,
    checkpointDir: '/checkpoints',
    dropout: 0.2,
    augment: { noise: 0.01 },
  };
  const whole = newModel();
  const expected = await trainerOf(options).train({ model: whole, trainData, valData });
  for (let stopAfter = 0; stopAfter < 5; stopAfter += 1) {
    const fs = new SimFileSystem();
    const model = newModel();
    const stop = new AbortController();
    const stopped = trainerOf(options, { fs }).train({
      ...{ model, trainData, valData, signal: stop.signal },
      onEpoch: ({ epoch }) => epoch === stopAfter && stop.abort(),
    });
    await assert.rejects(stopped, { code: 'INTERRUPTED' });
    assert.ok(!model.isTrained);
    const resumed = await trainerOf(options, { fs }).train({ model, trainData, valData });
    assert.equal(resumed.resumedFrom, stopAfter + 1);
    assert.deepEqual({ ...resumed, resumedFrom: 0 }, expected);
    assert.deepEqual(bytesOf(model), bytesOf(whole));
  }
});

test('a checkpoint of another training is not gone on with; one that is none is named', async () => {
  const fs = new SimFileSystem();
  const options = { ...FAST, numEpochs: 2, checkpointDir: '/checkpoints' };
  await trainerOf(options, { fs }).train({ model: newModel(), trainData, valData });
  for (const change of [{ learningRate: 0.02 }, { dropout: 0.1 }]) {
    const { resumedFrom } = await trainerOf({ ...options, ...change }, { fs }).train({
      ...{ model: newModel(), trainData, valData },
    });
    assert.equal(resumedFrom, 0);
  }
  const { resumedFrom } = await trainerOf(options, { fs }).train({ model: newModel(7), trainData, valData });
  assert.equal(resumedFrom, 0);
  const path = '/checkpoints/checkpoint.safetensors';
  const bytes = readSmallFile(fs, path, 1e8);
  replaceFile(fs, path, bytes.subarray(0, bytes.length >> 1));
  await assert.rejects(trainerOf(options, { fs }).train({ model: newModel(), trainData, valData }), {
    code: 'DAMAGED',
  });
});

test('it stops early and keeps the best weights', async () => {
  const model = newModel();
  const { stopped, epochs, bestEpoch, history, accuracy } = await trainerOf({
    ...FAST,
    ...{ numEpochs: 200, earlyStoppingPatience: 2, schedule: 'constant', minDelta: 0.01 },
  }).train({ model, trainData, valData });
  assert.equal(stopped, 'patience');
  assert.equal(epochs, bestEpoch + 3);
  assert.equal(accuracy, history.at(-1)?.valAccuracy);
});

test('the curves of Loss and Accuracy are in an event file named after the model', async () => {
  const fs = new SimFileSystem();
  await trainerOf({ ...FAST, numEpochs: 2, logDir: '/runs' }, { fs }).train({
    model: newModel(),
    trainData,
    valData,
  });
  const [name] = fs.readDirectory('/runs/compression_predictor');
  const text = readSmallFile(fs, `/runs/compression_predictor/${name}`, 1e6).toString('latin1');
  for (const tag of ['Loss/train', 'Loss/val', 'Accuracy/train', 'Accuracy/val']) {
    assert.equal(text.split(tag).length, 3, tag);
  }
});

test('the device that ran is told, whatever was asked for', async () => {
  for (const requested of ['cpu', 'cuda', 'auto'] as const) {
    const { device } = await trainerOf({ ...FAST, numEpochs: 1, device: requested }).train({
      ...{ model: newModel(), trainData },
    });
    assert.deepEqual(device, { requested, ran: 'cpu' });
  }
});

test('test parts and bad data are refused, and the model stays what it was', async () => {
  const model = newModel();
  const refused = (request: object): Promise<void> =>
    assert.rejects(trainerOf(FAST).train({ model, trainData, valData, ...request }), { code: 'REFUSED' });
  await refused({ trainData: testData });
  await refused({ valData: testData });
  await refused({ valData: testData.open() });
  await refused({ valData: trainData });
  await refused({ quality: { ranges: { entropy: [0, 0.5] } } });
  const leaking = new TrainingDataset();
  for (let i = 0; i < 60; i += 1)
    leaking.addSample({ compression_ratio: i, size: i % 7 }, i % 2 ? 'zstd' : 'lz4');
  await refused({ trainData: leaking });
  assert.ok(!model.isTrained);
});

test('telemetry that is not k-anonymous, or whose budget is spent, is refused; a budget is charged once', async () => {
  const model = newModel();
  const quasiIdentifiers = ['block_size_log'];
  const refused = (telemetry: object): Promise<void> => {
    const trained = trainerOf(FAST).train({
      model,
      trainData,
      telemetry: { quasiIdentifiers, ...telemetry },
    });
    return assert.rejects(trained, { code: 'REFUSED' });
  };
  await refused({});
  const coarse = generalize(blocks(400), { block_size_log: 0.5 });
  const ledger = new PrivacyLedger({ epsilon: 1 });
  const charge = { epsilon: 0.6 };
  const train = () =>
    trainerOf({ ...FAST, numEpochs: 1 }).train({
      ...{ model, trainData: coarse, telemetry: { quasiIdentifiers, ledger, charge } },
    });
  await train();
  assert.deepEqual(model.provenance?.privacy, { epsilon: 0.6, delta: 0 });
  await assert.rejects(train(), { code: 'REFUSED' });
  assert.equal(ledger.spent.releases, 1);
});

test('lineage and figures go with the model', async () => {
  const model = newModel();
  const { accuracy } = await trainerOf(FAST).train({ model, trainData, valData, synthetic: true });
  assert.equal(model.provenance?.tableSha256, trainData.digest());
  assert.equal(model.provenance?.seed, 42);
  assert.ok(model.provenance?.synthetic);
  assert.equal(model.provenance?.metrics['valAccuracy'], accuracy);
  assert.equal(model.draft().manifest.lineage.synthetic, true);
});

test('a training that diverges ends with a code, and the model stays what it was', async () => {
  const wild = new TrainingDataset();
  for (let i = 0; i < 60; i += 1)
    wild.addSample({ size: 1e38 * (i % 7), depth: i % 3 }, i % 2 ? 'zstd' : 'lz4');
  const model = newModel();
  await assert.rejects(trainerOf(FAST).train({ model, trainData: wild }), { code: 'NOT_FINITE' });
  assert.ok(!model.isTrained);
});

test('a folder for checkpoints that is a file, or lies below one, is refused before any work', async () => {
  const fs = new SimFileSystem();
  fs.close(fs.open('/file', 'create'));
  fs.makeDirectory('/folder');
  fs.makeDirectory('/folder/checkpoint.safetensors');
  for (const [checkpointDir, code] of [
    ['/file', 'USAGE'],
    ['/file/below', 'IO'],
    ['/folder', 'IO'],
  ] as const) {
    const onEpoch = (): never => assert.fail('an epoch was trained');
    const training = trainerOf({ ...FAST, checkpointDir }, { fs });
    await assert.rejects(training.train({ model: newModel(), trainData, valData, onEpoch }), { code });
  }
});
