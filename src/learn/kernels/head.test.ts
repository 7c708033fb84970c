import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { HeadKernel, type HeadKernelOptions } from './head.ts';
import { softmax } from './oracle/activations.ts';
import { dense } from './oracle/dense.ts';
import { candidateLogits, topOf } from './oracle/head.ts';
import { randomFloats, randomLayer } from './testing/random-layers.ts';

const anyHead = fc.record({
  inputs: fc.integer({ min: 1, max: 40 }),
  outputs: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300 })),
  top: fc.integer({ min: 1, max: 12 }),
  seed: fc.nat(),
});

function loaded({ seed, ...options }: { seed: number } & HeadKernelOptions) {
  const rng = new FastRng(seed);
  const layer = randomLayer(rng, options.inputs, options.outputs);
  const kernel = new HeadKernel(options);
  kernel.load(layer);
  kernel.input.set(randomFloats(rng, options.inputs));
  return { rng, layer, kernel };
}

/** The top as the kernel reports it: `names[place]` of each, then -1. */
function assertTop(kernel: HeadKernel, logits: Float32Array, names?: Int32Array) {
  const top = kernel.topIds.length;
  const places = topOf(logits, top);
  const fill = Array(top - places.length);
  const ids = places.map((place) => names?.[place] ?? place);
  assert.deepEqual([...kernel.topIds], [...ids, ...fill.fill(-1)]);
  const values = places.map((place) => logits[place]);
  assert.deepEqual([...kernel.topLogits], [...values, ...fill.fill(-Infinity)]);
}

test('all logits and their top agree with the oracle bit for bit', () => {
  fc.assert(
    fc.property(anyHead, (options) => {
      const { layer, kernel } = loaded(options);
      kernel.run();
      const expected = dense(kernel.input, layer);
      assert.deepEqual([...kernel.logits], [...expected]);
      assertTop(kernel, expected);
    }),
    { numRuns: 100 },
  );
});

test('logits of candidates, their top and their softmax agree with the oracle bit for bit', () => {
  fc.assert(
    fc.property(anyHead, fc.integer({ min: 1, max: 50 }), (options, count) => {
      const { rng, layer, kernel } = loaded({ ...options, maxCandidates: 50 });
      const ids = Int32Array.from({ length: count }, () => rng.below(options.outputs));
      kernel.candidates.set(ids);
      kernel.runCandidates(count);
      const expected = candidateLogits(layer, ids, kernel.input);
      assert.deepEqual([...kernel.candidateLogits.subarray(0, count)], [...expected]);
      assertTop(kernel, expected, ids);
      kernel.softmax(count);
      assert.deepEqual([...kernel.probabilities.subarray(0, count)], [...softmax(expected)]);
      kernel.run();
      ids.forEach((id, i) => {
        const difference = Math.abs((kernel.logits[id] as number) - (expected[i] as number));
        assert.ok(difference <= 2e-6, `the two orders of summing differ by ${difference}`);
      });
    }),
    { numRuns: 100 },
  );
});

test('equal logits keep their order, and NaN and -Infinity are never among the top', () => {
  const kernel = new HeadKernel({ inputs: 1, outputs: 6, top: 4 });
  kernel.load({ weights: [0, 0, 0, 0, 0, 0], bias: [1, 2, 1, 2, 0, 1] });
  kernel.run();
  assert.deepEqual([...kernel.topIds], [1, 3, 0, 2]);
  kernel.candidates.set([5, 2, 3]);
  kernel.runCandidates(3);
  assert.deepEqual([...kernel.topIds], [3, 5, 2, -1]);
  kernel.load({ weights: [0, 0, -1, 0, 1, 1], bias: [0, 0, 0, 0, 0, 0] });
  kernel.input[0] = Infinity;
  kernel.run();
  assert.ok(Number.isNaN(kernel.logits[0]) && kernel.logits[2] === -Infinity);
  assert.deepEqual([...kernel.topIds], [4, 5, -1, -1]);
});

test('an id that is none is refused, and reads nothing', () => {
  const { kernel } = loaded({ inputs: 3, outputs: 10, seed: 1 });
  for (const bad of [-1, 10, 2 ** 31 - 1, -(2 ** 31)]) {
    kernel.candidates.set([1, 2, bad]);
    kernel.candidateLogits.fill(7);
    assert.throws(() => kernel.runCandidates(3), { code: 'USAGE', message: /from 0 to 9/ });
    assert.ok(kernel.candidateLogits.every((value) => value === 7));
    kernel.runCandidates(2);
  }
  for (const count of [0, -1, 257, 1.5]) {
    assert.throws(() => kernel.runCandidates(count), { code: 'USAGE' });
    assert.throws(() => kernel.softmax(count), { code: 'USAGE' });
  }
});

test('sizes are refused before memory is taken; nothing runs before the first load', () => {
  const refused: readonly [HeadKernelOptions, string][] = [
    [{ inputs: 0, outputs: 1 }, 'USAGE'],
    [{ inputs: 4097, outputs: 1 }, 'USAGE'],
    [{ inputs: 1, outputs: 2 ** 20 + 1 }, 'USAGE'],
    [{ inputs: 4096, outputs: 2 ** 20 }, 'LIMIT'],
    [{ inputs: 1, outputs: 1, top: 65 }, 'USAGE'],
    [{ inputs: 1, outputs: 1, maxCandidates: 4097 }, 'USAGE'],
  ];
  for (const [options, code] of refused) assert.throws(() => new HeadKernel(options), { code });
  const kernel = new HeadKernel({ inputs: 2, outputs: 3, maxCandidates: 4 });
  assert.throws(() => kernel.run(), { code: 'UNTRAINED' });
  assert.throws(() => kernel.runCandidates(1), { code: 'UNTRAINED' });
  assert.throws(() => kernel.load({ weights: Array(5).fill(0), bias: [0, 0, 0] }), { code: 'SHAPE' });
  const plain = new HeadKernel({ inputs: 2, outputs: 3, maxCandidates: 0 });
  plain.load({ weights: [1, 2, 3, 4, 5, 6], bias: [0, 0, 0] });
  plain.input.set([1, 1]);
  plain.run();
  assert.deepEqual([...plain.logits], [5, 7, 9]);
  assert.throws(() => plain.runCandidates(1), { code: 'USAGE' });
});
