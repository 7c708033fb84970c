import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, hasCode } from '../../base/index.ts';
import type { Json, Snapshot } from '../contract/index.ts';
import { MlpKernel } from '../kernels/index.ts';
import { type FitOptions, Mlp, type MlpOptions, type NetBatch } from './index.ts';
import { moons } from './testing/problems.ts';

const classes: MlpOptions = { inputs: 2, outputs: 2, hidden: [16, 16], seed: 1 };
const values: MlpOptions = {
  inputs: 2,
  outputs: 1,
  hidden: [24, 24],
  activation: 'tanh',
  loss: { kind: 'mse' },
};

const throwsCode = (run: () => unknown, code: ErrorCode) =>
  assert.throws(run, (error) => hasCode(error, code));

test('a snapshot that is none is refused, whatever stands in it', () => {
  const good = new Mlp({ ...classes, hidden: [{ units: 4, batchNorm: true }] }).snapshot();
  const keys = [...Object.keys(good.config), ...Object.keys(good.tensors)];
  const odd = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<Json>,
    fc.integer(),
    fc.constant(1e9),
    fc.constant({ kind: 'huber' }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...keys), odd, (key, value) => {
      const config = Object.hasOwn(good.config, key) ? { ...good.config, [key]: value } : good.config;
      const tensors = Object.hasOwn(good.tensors, key)
        ? { ...good.tensors, [key]: { shape: [1e9], data: new Float32Array(3) } }
        : good.tensors;
      try {
        Mlp.restore({ ...good, config, tensors } as Snapshot).learnOne({ x: [0, 1], y: 1 });
      } catch (error) {
        assert.ok(hasCode(error, 'DAMAGED'), `${error}`);
      }
    }),
    { numRuns: 300 },
  );
  throwsCode(() => Mlp.restore({ ...good, kind: 'lstm' }), 'DAMAGED');
  throwsCode(() => Mlp.restore({ ...good, version: 2 }), 'NEWER_VERSION');
  const nan = { shape: [1, 2], data: new Float32Array(2).fill(Number.NaN) };
  throwsCode(() => Mlp.restore({ ...good, tensors: { ...good.tensors, 'layer1.bias': nan } }), 'NOT_FINITE');
});

test('bad batches and options are refused before anything changes', () => {
  const { x, y } = moons(50, 1);
  const mlp = new Mlp(classes);
  mlp.fit({ x, y }, { epochs: 1 });
  const before = mlp.snapshot();
  const spoilt = { ...x, data: x.data.map((value, i) => (i === 7 ? Number.NaN : value)) };
  const huge = { ...x, data: x.data.map((value, i) => (i === 7 ? 1e39 : value)) };
  const flat = { ...x, data: x.data.map((value, i) => (i % 2 === 0 ? 1 : value)) };
  const cases: readonly [ErrorCode, NetBatch, FitOptions?][] = [
    ['EMPTY', { x: { rows: 0, columns: 2, data: new Float32Array(0) }, y: [] }],
    ['SHAPE', { x: { ...x, rows: 25, columns: 4 }, y }],
    ['SHAPE', { x, y: [1, 0] }],
    ['NOT_FINITE', { x: spoilt, y }],
    ['NOT_FINITE', { x: huge, y }],
    ['CONSTANT_FEATURE', { x: flat, y }],
    ['ONE_CLASS', { x, y: y.map(() => 1) }],
    ['USAGE', { x, y: y.map((label) => label + 1) }],
    ['USAGE', { x }],
    ['USAGE', { x, y, weights: y.map(() => 0) }],
    ['SHAPE', { x, y, weights: [1] }],
    ['USAGE', { x, y, weights: y.map(() => 1e-31) }],
    ['USAGE', { x, y, weights: y.map(() => 1e31) }],
    ['NOT_FINITE', { x, y, weights: y.map(() => 1e308) }],
    ['ONE_CLASS', { x, y, weights: y }],
    ['USAGE', { x, y }, { batchSize: 0 }],
    ['USAGE', { x, y }, { epochs: Number.NaN }],
    ['USAGE', { x, y }, { optimizer: { kind: 'adam', rate: -1 } }],
    ['USAGE', { x, y }, { optimizer: { kind: 'lion' } as never }],
    ['USAGE', { x, y }, { schedule: { kind: 'step', every: 0, factor: 0.1 } }],
    ['USAGE', { x, y }, { schedule: { kind: 'never' } as never }],
    ['USAGE', { x, y }, { device: 'tpu' as never }],
    ['USAGE', { x, y }, { clipNorm: 0 }],
    ['USAGE', { x, y }, { patience: 3 }],
    ['USAGE', { x, y }, { minDelta: 0 }],
    ['USAGE', undefined as never],
    ['USAGE', { y } as never],
    ['REFUSED', { x, y }, { precision: 'mixed' }],
    ['SHAPE', { x, y }, { validation: { x, y: [1] } }],
    ['NOT_FINITE', { x, y }, { validation: { x: spoilt, y } }],
  ];
  for (const [code, batch, options] of cases) throwsCode(() => mlp.fit(batch, options), code);
  throwsCode(() => mlp.predict([1]), 'SHAPE');
  throwsCode(() => mlp.predict([1, Number.POSITIVE_INFINITY]), 'NOT_FINITE');
  throwsCode(() => mlp.predict([1, 1e39]), 'NOT_FINITE');
  throwsCode(() => mlp.predictMany({ ...x, rows: 25, columns: 4 }), 'SHAPE');
  assert.deepEqual(mlp.snapshot(), before);
  mlp.fit({ x: flat, y }, { epochs: 1, constantFeatures: 'allow' });
});

test('what a batch lacks is named with what to give', () => {
  const { x } = moons(8, 1);
  const lacks = (loss: MlpOptions['loss'], outputs: number, message: RegExp) =>
    assert.throws(() => new Mlp({ ...classes, outputs, ...(loss && { loss }) }).fit({ x }), {
      code: 'USAGE',
      message,
    });
  lacks(undefined, 2, /give class numbers in `y`/);
  lacks({ kind: 'mse' }, 1, /give values in `y`/);
  lacks({ kind: 'mse' }, 2, /give values in `targets`/);
  lacks({ kind: 'expected-cost', temperature: 1 }, 2, /give a cost a class in `costs`/);
});

test('answers that float32 cannot hold are refused, not given as NaN', () => {
  const x = { rows: 3, columns: 2, data: Float32Array.of(1, 2, 3e38, 3e38, 3, 4) };
  for (const options of [classes, values]) {
    const mlp = new Mlp({ ...options, hidden: [] });
    mlp.learnOne({ x: [1, 2], y: 1 });
    const good = mlp.snapshot();
    const weights = { shape: [2, options.outputs], data: new Float32Array(2 * options.outputs).fill(2) };
    const steep = Mlp.restore({ ...good, tensors: { ...good.tensors, 'layer0.weights': weights } });
    const before = Array.from(steep.predict([1, 2]));
    for (const row of [
      [3e38, 3e38],
      [3e38, -3e38],
    ])
      throwsCode(() => steep.predict(row), 'NOT_FINITE');
    throwsCode(() => steep.predictMany(x), 'NOT_FINITE');
    assert.deepEqual(Array.from(steep.predict([1, 2])), before);
  }
});

test('more answers than a matrix holds are refused before they are allocated', () => {
  const mlp = new Mlp({ inputs: 1, outputs: 2 ** 14, hidden: [] });
  mlp.learnOne({ x: [1], y: 1 });
  const rows = 2 ** 14 + 1;
  throwsCode(() => mlp.predictMany({ rows, columns: 1, data: new Float32Array(rows) }), 'LIMIT');
});

test('a net that has learnt nothing has no layers to give', () => {
  const mlp = new Mlp(classes);
  throwsCode(() => mlp.layers(), 'UNTRAINED');
  mlp.learnOne({ x: [0, 1], y: 1 });
  const { sizes, layers, activation: hidden, output } = mlp.layers();
  assert.deepEqual(sizes, [2, 16, 16, 2]);
  const kernel = new MlpKernel({ sizes, hidden, output });
  kernel.load(layers);
  kernel.input.set([0.5, -1]);
  kernel.run();
  assert.deepEqual(Float64Array.from(kernel.output), mlp.predict([0.5, -1]));
});

test('costs of which one class is always cheapest, and batch norm on one row, are refused', () => {
  const x = { rows: 3, columns: 1, data: Float64Array.of(1, 2, 3) };
  const costs = { rows: 3, columns: 2, data: Float64Array.of(1, 2, 1, 1, 0, 5) };
  const mlp = new Mlp({
    inputs: 1,
    outputs: 2,
    hidden: [2],
    loss: { kind: 'expected-cost', temperature: 1 },
  });
  throwsCode(() => mlp.fit({ x, costs }), 'ONE_CLASS');
  throwsCode(() => mlp.fit({ x, y: [0, 1, 0] }), 'USAGE');
  const two = { ...costs, data: Float64Array.of(1, 2, 2, 1, 0, 5) };
  throwsCode(() => mlp.fit({ x, costs: two, weights: [1, 0, 1] }), 'ONE_CLASS');
  mlp.fit({ x, costs: two, weights: [0, 1, 1] }, { epochs: 1 });
  const norm = new Mlp({ ...values, inputs: 1, hidden: [{ units: 2, batchNorm: true }] });
  throwsCode(() => norm.fit({ x, y: [1, 2, 3] }, { batchSize: 1 }), 'SHAPE');
  throwsCode(() => norm.fit({ x: { rows: 1, columns: 1, data: Float64Array.of(1) }, y: [1] }), 'SHAPE');
});

test('topologies that cannot be are refused', () => {
  const codes: readonly [ErrorCode, Partial<MlpOptions>][] = [
    ['USAGE', { inputs: 0 }],
    ['USAGE', { outputs: 1 }],
    ['USAGE', { hidden: [0] }],
    ['USAGE', { hidden: undefined as never }],
    ['USAGE', { hidden: 16 as never }],
    ['USAGE', { hidden: Array<number>(16).fill(2) }],
    ['USAGE', { hidden: [{ units: 2, dropout: 1 }] }],
    ['USAGE', { output: 'sigmoid' }],
    ['USAGE', { activation: 'gelu' as never }],
    ['USAGE', { loss: { kind: 'hinge' as never } }],
    ['USAGE', { loss: { kind: 'huber', delta: 0 } }],
    ['USAGE', { loss: { kind: 'expected-cost', temperature: -1 } }],
    ['LIMIT', { hidden: [65_536, 65_536] }],
  ];
  for (const [code, options] of codes) throwsCode(() => new Mlp({ ...classes, ...options }), code);
});
