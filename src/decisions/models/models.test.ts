import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { temporaryFolder } from '../../../test/support.ts';
import { FastRng, ManualClock } from '../../base/index.ts';
import { loadArtefact } from '../artefact/index.ts';
import { CODEC_FEATURES, CODEC_SCHEMA, codecRoom } from '../codec/index.ts';
import {
  CompressionPredictor,
  type CompressionPredictorOptions,
  type LabelledSamples,
  modelClassOf,
} from './index.ts';

const NAMED = { name: 'compression_predictor', modelType: 'classification', device: 'cpu' } as const;
const CLASSES = ['none', 'snappy', 'lz4', 'zstd'];
const SAMPLES = 240;

/** Samples whose class follows from entropy (slot 3) and link (slot 10), in another order of classes than the model's. */
function samples(seed = 1, costs = true): LabelledSamples {
  const rng = new FastRng(seed);
  const columns = CODEC_FEATURES.length;
  const x = Float64Array.from({ length: SAMPLES * columns }, () => rng.next());
  const y = Float64Array.from({ length: SAMPLES }, (_, row) => {
    const [entropy, link] = [x[row * columns + 3] as number, x[row * columns + 10] as number];
    return entropy > 0.7 ? 0 : link > 0.6 ? 2 : 3;
  });
  const prices = Float64Array.from(
    { length: SAMPLES * 4 },
    (_, at) => 1 + Math.abs((at % 4) - (y[at >> 2] ?? 0)),
  );
  return {
    ...{
      features: CODEC_FEATURES,
      classes: CLASSES,
      length: SAMPLES,
      x,
      y,
      weights: new Float64Array(SAMPLES).fill(1),
    },
    costs: costs ? { rows: SAMPLES, columns: 4, data: prices } : null,
  };
}

const FIT = { epochs: 60, optimizer: { kind: 'adam', rate: 0.01 }, patience: 60 } as const;
const provenance = {
  ...{ tableSha256: '0'.repeat(64), seed: 42, synthetic: false, testEvaluations: 0, sealedGroups: 0 },
  ...{ metrics: {}, privacy: null },
};

function trained(options: CompressionPredictorOptions = {}, data = samples()): CompressionPredictor {
  const model = new CompressionPredictor(NAMED, { hiddenDim: 32, ...options });
  model.train(data, FIT);
  model.provenance = provenance;
  return model;
}

function accuracy(model: CompressionPredictor, data: LabelledSamples): number {
  const [labels, chosen] = [model.labels(data), model.choices(model.scores(data))];
  return labels.filter((label, row) => label === chosen[row]).length / labels.length;
}

/** What its choices cost over the best ones, less one. */
function regret(model: CompressionPredictor, data: LabelledSamples): number {
  const chosen = model.choices(model.scores(data));
  const spent = Array.from(chosen, (choice, row) => {
    const column = CLASSES.indexOf(model.classes[choice] as string);
    return data.costs?.data[4 * row + column] ?? Number.NaN;
  });
  return spent.reduce((sum, cost) => sum + cost, 0) / SAMPLES - 1;
}

test('it learns labels and it learns costs, in whatever order the classes are', () => {
  for (const target of ['label', 'cost'] as const) {
    const model = trained({ target });
    assert.equal(model.scoresAre, target === 'cost' ? 'costs' : 'probabilities');
    // Who learns costs may take the safe middle instead of the likeliest best.
    if (target === 'label') assert.ok(accuracy(model, samples()) > 0.9);
    assert.ok(regret(model, samples()) < 0.15);
    const row = samples().x.subarray(0, 12);
    const [first] = model.choices(model.scores(samples()));
    assert.equal(model.predict(row), model.classes[first as number]);
    const named = Object.fromEntries(CODEC_FEATURES.map(({ name }, at) => [name, row[at] as number]));
    assert.equal(model.predict(named), model.predict(row));
  }
});

test('what is missing counts as the neutral value of its slot; a feature it does not have is refused', () => {
  const model = trained();
  const neutral = CODEC_FEATURES.map((slot) => slot.neutral);
  assert.equal(model.predict({}), model.predict(neutral));
  const data = { ...samples(), length: 1, x: new Float64Array(12).fill(Number.NaN) };
  assert.deepEqual(model.scores(data), model.scores({ ...data, x: Float64Array.from(neutral) }));
  assert.throws(() => model.predict({ hash_entropy: 1 }), { code: 'USAGE' });
  assert.throws(() => model.predict([1, 2]), { code: 'SHAPE' });
});

test('the documented topology is the default, hiddenDim changes it', () => {
  const layersOf = (options: CompressionPredictorOptions): readonly number[] => {
    const model = new CompressionPredictor(NAMED, options);
    model.train(samples(), { epochs: 1 });
    model.provenance = provenance;
    return model.draft().manifest.topology;
  };
  assert.deepEqual(layersOf({}), [12, 128, 64, 32, 4]);
  assert.deepEqual(layersOf({ hiddenDim: 64 }), [12, 64, 32, 16, 4]);
});

test('a model comes back from whatever path it was saved at', (t) => {
  const folder = temporaryFolder(t);
  const model = trained();
  for (const ending of ['pt', 'pkl', 'model']) {
    const path = `${folder}/compression_predictor.${ending}`;
    model.save(path, { version: '3' });
    const other = new CompressionPredictor(NAMED);
    other.load(path);
    assert.deepEqual(other.scores(samples(2)), model.scores(samples(2)));
    assert.deepEqual(other.provenance, model.provenance);
  }
});

test('foreign files are refused with the ways in, and a file is not overwritten by a model', (t) => {
  const folder = temporaryFolder(t);
  const model = trained();
  const before = model.scores(samples());
  for (const name of ['net.pt', 'bandit.pkl', 'net.onnx']) {
    writeFileSync(`${folder}/${name}`, 'PK\u0003\u0004 or anything else');
    assert.throws(() => model.load(`${folder}/${name}`), {
      code: 'REFUSED',
      message: /ONNX, safetensors or XGBoost/,
    });
    assert.throws(() => model.save(`${folder}/${name}`), { code: 'EXISTS' });
  }
  mkdirSync(`${folder}/empty`);
  assert.throws(() => model.load(`${folder}/empty`), { code: 'MISSING' });
  assert.deepEqual(model.scores(samples()), before);
});

test('a model of another room, or one whose files do not fit, is refused and nothing changes', () => {
  const fs = new SimFileSystem();
  const model = trained();
  model.save('/m', { fs, clock: new ManualClock() });
  const { manifest, files } = loadArtefact(fs, '/m');
  const { files: _, format: __, ...described } = manifest;
  assert.equal(manifest.room, 'codec');
  assert.equal(manifest.date, '2023-11-14');
  const other = trained({ seed: 7 });
  const before = other.scores(samples());
  assert.throws(() => other.become(new Map([['model.safetensors', new Uint8Array(8)]])), { code: 'DAMAGED' });
  const head = Buffer.from(JSON.stringify({ target: 'cost', features: CODEC_FEATURES.slice(1) }));
  assert.throws(() => other.become(new Map([...files, ['predictor.json', head]])), { code: 'DAMAGED' });
  for (const text of ['{', 'null', '[]']) {
    assert.throws(() => other.become(new Map([...files, ['predictor.json', Buffer.from(text)]])), {
      code: 'DAMAGED',
    });
  }
  assert.deepEqual(other.scores(samples()), before);
  assert.equal(described.featureSchema, CODEC_SCHEMA);
});

test('trained on costs it is a model the codec room can open; trained on labels it is none', () => {
  const fs = new SimFileSystem();
  const model = trained();
  assert.ok(model.canServe);
  model.save('/costs', { fs });
  const opened = codecRoom.open(loadArtefact(fs, '/costs', CODEC_SCHEMA));
  const question = {
    ...{ number: 1, rawBytes: 2 ** 16, fileKind: 0, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0.5 },
    ...{ sampleEntropyBits: 8, probeRatio: 1, linkBitsPerSecond: 1e7, cpuPressure: 0 },
  };
  assert.ok(codecRoom.isLegal(opened.choose(question), question));
  const imitator = trained({ target: 'label' });
  assert.ok(!imitator.canServe);
  imitator.save('/labels', { fs });
  assert.throws(() => codecRoom.open(loadArtefact(fs, '/labels', CODEC_SCHEMA)), { code: 'DAMAGED' });
});

test('its advantage is told link by link', () => {
  const data = samples();
  const model = trained();
  const ones = new Float64Array(SAMPLES).fill(1);
  const figures = model.servingFigures(data, { candidate: ones, rule: ones.map(() => 1.5), best: ones });
  assert.ok(Object.keys(figures).every((name) => /^advantage(10M|100M|1G|10G)$/.test(name)));
  for (const value of Object.values(figures)) assert.equal(value, 0.5);
});

test('bad configurations, options and data end before any work', () => {
  assert.throws(() => new CompressionPredictor({ name: '../x' }), { code: 'USAGE' });
  assert.throws(() => new CompressionPredictor({ ...NAMED, modelType: 'regression' }), { code: 'USAGE' });
  assert.throws(() => new CompressionPredictor({ ...NAMED, device: 'tpu' as 'cpu' }), { code: 'USAGE' });
  assert.throws(() => new CompressionPredictor(NAMED, { hiddenDim: 0 }), { code: 'USAGE' });
  const model = new CompressionPredictor(NAMED);
  assert.throws(() => model.predict({}), { code: 'UNTRAINED' });
  assert.throws(() => model.draft(), { code: 'UNTRAINED' });
  const data = samples();
  assert.throws(() => model.begin({ ...data, classes: ['a', 'b', 'c', 'd'], costs: null }), {
    code: 'SHAPE',
  });
  assert.throws(() => model.begin({ ...data, classes: null, costs: null }), { code: 'SHAPE' });
  const priced = new CompressionPredictor(NAMED, { target: 'cost' });
  assert.throws(() => priced.begin({ ...data, costs: null }), { code: 'SHAPE' });
  assert.throws(() => model.begin(data, { valData: { ...data, features: CODEC_FEATURES.slice(1) } }), {
    code: 'SHAPE',
  });
  assert.ok(!model.isTrained);
});

test('models go by the documents’ name and by the room’s', () => {
  assert.equal(modelClassOf('compression_predictor'), CompressionPredictor);
  assert.equal(modelClassOf('codec'), CompressionPredictor);
  assert.throws(() => modelClassOf('toString'), { code: 'USAGE' });
});
