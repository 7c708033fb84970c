import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { LstmKernel, type LstmKernelOptions } from './lstm.ts';
import { LstmOracle } from './oracle/lstm.ts';
import { randomFloats, randomGates } from './testing/random-layers.ts';

const anyLstm = fc.record({
  inputs: fc.integer({ min: 1, max: 20 }),
  hidden: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 })),
  layers: fc.constantFrom(1 as const, 2 as const),
  seed: fc.nat(),
});

function loaded({ seed, ...shape }: { seed: number } & LstmKernelOptions) {
  const rng = new FastRng(seed);
  const layers = randomGates(rng, { layers: 1, ...shape });
  const kernel = new LstmKernel(shape);
  kernel.load(layers);
  return { rng, layers, kernel };
}

function stateOf(kernel: LstmKernel): Float32Array {
  const state = new Float32Array(kernel.stateLength);
  kernel.saveState(state);
  return state;
}

test('kernel and oracle agree bit for bit on any shape, step by step', () => {
  fc.assert(
    fc.property(anyLstm, (options) => {
      const { rng, layers, kernel } = loaded(options);
      const oracle = new LstmOracle(layers, options.hidden);
      for (let step = 0; step < 4; step += 1) {
        const x = randomFloats(rng, options.inputs, 2);
        kernel.input.set(x);
        kernel.step();
        assert.deepEqual([...kernel.output], [...oracle.step(x)]);
      }
      assert.deepEqual([...stateOf(kernel)], [...oracle.state]);
    }),
    { numRuns: 80 },
  );
});

test('a sequence is its steps, however it is cut', () => {
  fc.assert(
    fc.property(anyLstm, fc.integer({ min: 0, max: 12 }), (options, cut) => {
      const steps = 12;
      const { rng, layers, kernel } = loaded({ ...options, maxSteps: steps });
      const { inputs, hidden } = options;
      const x = randomFloats(rng, steps * inputs);
      const oracle = new LstmOracle(layers, hidden);
      const expected = Array.from({ length: steps }, (_, t) => [
        ...oracle.step(x.subarray(t * inputs, (t + 1) * inputs)),
      ]);
      kernel.inputs.set(x.subarray(0, cut * inputs));
      kernel.sequence(cut);
      const first = [...kernel.outputs.subarray(0, cut * hidden)];
      kernel.inputs.set(x.subarray(cut * inputs));
      kernel.sequence(steps - cut);
      const second = kernel.outputs.subarray(0, (steps - cut) * hidden);
      assert.deepEqual([...first, ...second], expected.flat());
      assert.deepEqual([...kernel.output], expected.at(-1));
    }),
    { numRuns: 40 },
  );
});

/** The textbook in double precision. */
function textbook(
  layer: { weights: ArrayLike<number>; bias: ArrayLike<number> },
  xs: number[][],
  hidden: number,
) {
  let h: number[] = Array(hidden).fill(0);
  let c: number[] = Array(hidden).fill(0);
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  for (const x of xs) {
    const below = [...x, ...h];
    const sums = Array.from(layer.bias, (b, column) =>
      below.reduce((sum, v, row) => sum + v * (layer.weights[row * 4 * hidden + column] as number), b),
    );
    const gate = (index: number, unit: number) => sums[index * hidden + unit] as number;
    c = c.map((old, u) => sigmoid(gate(1, u)) * old + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)));
    h = c.map((cell, u) => sigmoid(gate(3, u)) * Math.tanh(cell));
  }
  return h;
}

test('after 20 steps it is within 5e-7 of the formulas in double precision', () => {
  const options = { inputs: 8, hidden: 64, maxSteps: 20, seed: 4 };
  const { rng, layers, kernel } = loaded(options);
  kernel.inputs.set(randomFloats(rng, 160));
  kernel.sequence(20);
  const xs = Array.from({ length: 20 }, (_, t) => [...kernel.inputs.subarray(t * 8, (t + 1) * 8)]);
  const expected = textbook(layers[0] as (typeof layers)[0], xs, 64);
  expected.forEach((h, unit) => {
    assert.ok(Math.abs(h - (kernel.output[unit] as number)) < 5e-7);
  });
});

test('the gates are i, f, g, o: a cell that only remembers, one that only forgets', () => {
  const gates = (f: number) => ({ weights: Array(8).fill(0), bias: [-80, f, 0, 80] });
  const kernel = new LstmKernel({ inputs: 1, hidden: 1 });
  kernel.load([gates(80)]);
  kernel.loadState(Float32Array.of(0, 0.5));
  kernel.step();
  assert.equal(stateOf(kernel)[1], 0.5);
  assert.ok(Math.abs((kernel.output[0] as number) - Math.tanh(0.5)) < 2e-7);
  kernel.load([gates(-80)]);
  kernel.step();
  assert.ok((stateOf(kernel)[1] as number) < 1e-30);
});

test('a saved state goes on elsewhere; reset begins anew; loading and warming up leave the state', () => {
  const options = { inputs: 3, hidden: 5, layers: 2 as const, seed: 8 };
  const { layers, kernel } = loaded(options);
  kernel.input.set([1, -1, 2]);
  kernel.step();
  const state = stateOf(kernel);
  kernel.warmUp(50);
  kernel.load(layers);
  assert.deepEqual(stateOf(kernel), state);
  const other = loaded(options).kernel;
  other.loadState(state);
  for (const each of [kernel, other]) {
    each.input.set([0.5, 0, -0.5]);
    each.step();
  }
  assert.deepEqual(stateOf(other), stateOf(kernel));
  kernel.reset();
  assert.ok(stateOf(kernel).every((value) => value === 0));
  kernel.input.set([1, -1, 2]);
  kernel.step();
  assert.deepEqual(stateOf(kernel), state);
});

test('misuse is refused before anything changes', () => {
  const refused: readonly LstmKernelOptions[] = [
    { inputs: 0, hidden: 1 },
    { inputs: 4097, hidden: 1 },
    { inputs: 1, hidden: 1025 },
    { inputs: 1, hidden: 2.5 },
    { inputs: 1, hidden: 1, layers: 3 as 2 },
    { inputs: 1, hidden: 1, maxSteps: 65_537 },
  ];
  for (const options of refused) assert.throws(() => new LstmKernel(options), { code: 'USAGE' });
  const kernel = new LstmKernel({ inputs: 2, hidden: 3, maxSteps: 4 });
  assert.throws(() => kernel.step(), { code: 'UNTRAINED' });
  assert.throws(() => kernel.sequence(2), { code: 'UNTRAINED' });
  const layer = { weights: Array(60).fill(0.1), bias: Array(12).fill(0) };
  assert.throws(() => kernel.load([layer, layer]), { code: 'SHAPE' });
  assert.throws(() => kernel.load([{ ...layer, weights: layer.weights.slice(1) }]), { code: 'SHAPE' });
  assert.throws(() => kernel.load([{ ...layer, bias: Array(12).fill(Infinity) }]), { code: 'NOT_FINITE' });
  kernel.load([layer]);
  for (const steps of [-1, 5, 0.5]) assert.throws(() => kernel.sequence(steps), { code: 'USAGE' });
  assert.throws(() => kernel.saveState(new Float32Array(5)), { code: 'SHAPE' });
  assert.throws(() => kernel.loadState(new Float32Array(7)), { code: 'SHAPE' });
});
