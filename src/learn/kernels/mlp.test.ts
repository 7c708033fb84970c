import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { KernelMemory } from './memory.ts';
import { MlpKernel, type MlpKernelOptions } from './mlp.ts';
import { runMlp } from './oracle/mlp.ts';
import { randomFloats, randomLayers } from './testing/random-layers.ts';

const anyNet = fc.record({
  sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 140 })), {
    minLength: 2,
    maxLength: 5,
  }),
  hidden: fc.constantFrom('relu' as const, 'tanh' as const, 'sigmoid' as const),
  output: fc.constantFrom('linear' as const, 'softmax' as const, 'sigmoid' as const),
  seed: fc.nat(),
});

test('kernel and oracle agree bit for bit on any shape and activation', () => {
  fc.assert(
    fc.property(anyNet, ({ sizes, hidden, output, seed }) => {
      const rng = new FastRng(seed);
      const layers = randomLayers(rng, sizes);
      const kernel = new MlpKernel({ sizes, hidden, output });
      kernel.load(layers);
      kernel.input.set(randomFloats(rng, kernel.input.length));
      kernel.run();
      assert.deepEqual([...kernel.output], [...runMlp(layers, { hidden, output }, kernel.input)]);
    }),
    { numRuns: 150 },
  );
});

test('many samples give the same bits as one by one', () => {
  fc.assert(
    fc.property(anyNet, fc.integer({ min: 1, max: 75 }), ({ seed, ...net }, rows) => {
      const rng = new FastRng(seed);
      const kernel = new MlpKernel({ ...net, maxBatch: rows });
      kernel.load(randomLayers(rng, net.sizes));
      const x = randomFloats(rng, kernel.inputs.length);
      kernel.inputs.set(x);
      kernel.runMany(rows);
      const together = kernel.outputs.slice();
      for (let row = 0; row < rows; row += 1) {
        kernel.input.set(x.subarray(row * kernel.input.length, (row + 1) * kernel.input.length));
        kernel.run();
        const from = row * kernel.output.length;
        assert.deepEqual([...kernel.output], [...together.subarray(from, from + kernel.output.length)]);
      }
    }),
    { numRuns: 60 },
  );
});

test('fewer rows than the batch leave the other rows alone', () => {
  const kernel = new MlpKernel({ sizes: [3, 5, 3], maxBatch: 9 });
  kernel.load(randomLayers(new FastRng(1), [3, 5, 3]));
  kernel.outputs.fill(77);
  kernel.runMany(6);
  assert.ok(kernel.outputs.subarray(18).every((value) => value === 77));
  assert.ok(kernel.outputs.subarray(0, 18).every((value) => value !== 77));
  kernel.outputs.fill(77);
  kernel.runMany(0);
  assert.ok(kernel.outputs.every((value) => value === 77));
});

test('two hidden units compute exclusive or', () => {
  const kernel = new MlpKernel({ sizes: [2, 2, 1], maxBatch: 4 });
  kernel.load([
    { weights: [1, 1, 1, 1], bias: [0, -1] },
    { weights: [1, -2], bias: [0] },
  ]);
  kernel.inputs.set([0, 0, 0, 1, 1, 0, 1, 1]);
  kernel.runMany(4);
  assert.deepEqual([...kernel.outputs], [0, 1, 1, 0]);
});

test('a NaN in the input is seen in the output, whatever the activations', () => {
  for (const hidden of ['relu', 'tanh', 'sigmoid'] as const) {
    for (const output of ['linear', 'softmax', 'sigmoid'] as const) {
      const kernel = new MlpKernel({ sizes: [3, 6, 5], hidden, output });
      kernel.load(randomLayers(new FastRng(5), [3, 6, 5]));
      kernel.input.set([1, Number.NaN, 1]);
      kernel.run();
      assert.ok(kernel.output.every(Number.isNaN), `${hidden} ${output}: ${kernel.output}`);
    }
  }
});

test('weights are replaced as a whole, or not at all', () => {
  const kernel = new MlpKernel({ sizes: [2, 1] });
  assert.throws(() => kernel.run(), { code: 'UNTRAINED' });
  kernel.warmUp(10);
  assert.throws(() => kernel.run(), { code: 'UNTRAINED' });
  const answer = () => {
    kernel.input.set([2, 3]);
    kernel.run();
    return kernel.output[0];
  };
  kernel.load([{ weights: [1, 10], bias: [100] }]);
  assert.equal(answer(), 132);
  const refused = [
    [[], 'SHAPE'],
    [[{ weights: [1, 10, 3], bias: [100] }], 'SHAPE'],
    [[{ weights: [1, 10], bias: [] }], 'SHAPE'],
    [[{ weights: [1, Number.NaN], bias: [0] }], 'NOT_FINITE'],
    [[{ weights: [1, 1], bias: [1e39] }], 'NOT_FINITE'],
  ] as const;
  for (const [layers, code] of refused) assert.throws(() => kernel.load(layers), { code });
  assert.equal(answer(), 132);
  for (let round = 1; round < 5; round += 1) {
    kernel.load([{ weights: Float64Array.of(round, 0), bias: [0] }]);
    assert.equal(answer(), 2 * round);
  }
});

test('sizes are refused before memory is taken', () => {
  const refused: readonly [MlpKernelOptions, string][] = [
    [{ sizes: [] }, 'USAGE'],
    [{ sizes: [3] }, 'USAGE'],
    [{ sizes: [3, 0] }, 'USAGE'],
    [{ sizes: [3, 1.5] }, 'USAGE'],
    [{ sizes: [3, Number.NaN] }, 'USAGE'],
    [{ sizes: [3, 65_537] }, 'USAGE'],
    [{ sizes: Array(18).fill(1) }, 'USAGE'],
    [{ sizes: [65_536, 65_536] }, 'LIMIT'],
    [{ sizes: [3, 2], maxBatch: 0 }, 'USAGE'],
    [{ sizes: [3, 2], hidden: 'softmax' as 'relu' }, 'USAGE'],
    [{ sizes: [3, 2], output: 'toString' as 'linear' }, 'USAGE'],
    [{ sizes: [65_536, 1], maxBatch: 2 ** 20 }, 'LIMIT'],
  ];
  for (const [options, code] of refused) assert.throws(() => new MlpKernel(options), { code });
  const kernel = new MlpKernel({ sizes: [3, 2], maxBatch: 4 });
  for (const rows of [-1, 5, 1.5, Number.NaN]) assert.throws(() => kernel.runMany(rows), { code: 'USAGE' });
});

test('kernels in one memory do not touch each other, and take exactly what they say', () => {
  const options = { sizes: [3, 33, 5], maxBatch: 3 };
  const bytes = MlpKernel.bytes(options);
  const memory = new KernelMemory(3 * bytes);
  const kernels = [1, 2, 3].map((seed) => {
    const kernel = new MlpKernel({ ...options, memory });
    const rng = new FastRng(seed);
    const layers = randomLayers(rng, options.sizes);
    kernel.load(layers);
    kernel.input.set(randomFloats(rng, 3));
    return { kernel, expected: runMlp(layers, { hidden: 'relu', output: 'linear' }, kernel.input) };
  });
  for (const { kernel } of kernels) kernel.run();
  for (const { kernel, expected } of kernels) assert.deepEqual([...kernel.output], [...expected]);
  assert.throws(() => new MlpKernel({ sizes: [1, 1], memory }), { code: 'LIMIT' });
});
