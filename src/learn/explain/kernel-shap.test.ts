import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import type { Matrix } from '../contract/index.ts';
import { type KernelShapQuery, kernelShap } from './kernel-shap.ts';
import { bruteForceShapley } from './testing/brute-force.ts';

function randomMatrix(rows: number, columns: number, rng: FastRng): Matrix {
  return { rows, columns, data: Float64Array.from({ length: rows * columns }, () => rng.normal()) };
}

/** A function with products of two and three features and a bend, different for each seed. */
function crooked(features: number, rng: FastRng): (x: Float64Array) => number {
  const terms = Array.from({ length: 2 * features }, () => ({
    weight: rng.normal(),
    members: Array.from({ length: 1 + rng.below(3) }, () => rng.below(features)),
  }));
  return (x) =>
    terms.reduce((sum, { weight, members }) => {
      return sum + weight * Math.tanh(members.reduce((all, member) => all * (x[member] as number), 1));
    }, 0);
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] as number))));

const total = (values: Float64Array | undefined) => values?.reduce((sum, value) => sum + value, 0) ?? 0;

test('equals the definition of Shapley values on up to ten features', () => {
  for (let features = 1; features <= 10; features += 1) {
    const rng = new FastRng(features);
    const predict = crooked(features, rng);
    const background = randomMatrix(3, features, rng);
    const x = Float64Array.from({ length: features }, () => rng.normal());
    const { base, values } = kernelShap({ predict, background, x });
    const due = bruteForceShapley(predict, x, background);
    assert.ok(distance(values[0] as Float64Array, due) < 1e-9, `${features} features`);
    assert.ok(Math.abs((base[0] as number) + total(values[0]) - predict(x)) < 1e-12);
  }
});

test('a linear model gives each feature its weight times its distance from the mean', () => {
  const rng = new FastRng(5);
  const weights = Float64Array.from({ length: 30 }, () => rng.normal());
  const predict = (x: Float64Array) => x.reduce((sum, value, i) => sum + value * (weights[i] as number), 1);
  const background = randomMatrix(4, 30, rng);
  const x = Float64Array.from({ length: 30 }, () => rng.normal());
  const { values } = kernelShap({ predict, background, x, samples: 300 });
  const due = weights.map((weight, i) => {
    const mean = [0, 1, 2, 3].reduce((sum, row) => sum + (background.data[row * 30 + i] as number), 0) / 4;
    return weight * ((x[i] as number) - mean);
  });
  assert.ok(distance(values[0] as Float64Array, due) < 1e-9);
});

test('samples come near the definition, and nearer with their number', () => {
  const errors = [60, 400, 3000].map((samples) => {
    const rng = new FastRng(9);
    const predict = crooked(14, rng);
    const background = randomMatrix(1, 14, rng);
    const x = Float64Array.from({ length: 14 }, () => rng.normal());
    const { base, values } = kernelShap({ predict, background, x, samples, seed: 3 });
    const due = bruteForceShapley(predict, x, background);
    assert.ok(Math.abs((base[0] as number) + total(values[0]) - predict(x)) < 1e-12, 'adds up');
    return distance(values[0] as Float64Array, due) / Math.max(...due.map(Math.abs));
  });
  const [few, some, many] = errors as [number, number, number];
  assert.ok(many < some && some < few, `${errors}`);
  assert.ok(few < 0.25 && many < 0.02, `${errors}`);
});

test('it adds up, unused features get nothing, interchangeable ones the same', () => {
  const predict = (x: Float64Array) => {
    const [a, b, c] = x as unknown as [number, number, number];
    return [a * b + c, Math.max(a, b, c)];
  };
  const number = fc.double({ min: -10, max: 10, noNaN: true });
  const rest = fc.array(number, { minLength: 5, maxLength: 5 });
  const row = fc.tuple(number, rest);
  fc.assert(
    fc.property(row, row, fc.nat(), ([p, x], [q, b], seed) => {
      // The first two features have the same values, so that they are interchangeable.
      const background = { rows: 1, columns: 7, data: Float64Array.of(q, q, ...b) };
      const { base, values } = kernelShap({ predict, background, x: [p, p, ...x], samples: 20, seed });
      const answer = predict(Float64Array.of(p, p, ...x));
      for (const [output, shares] of values.entries()) {
        const sum = (base[output] as number) + total(shares);
        assert.ok(Math.abs(sum - (answer[output] as number)) < 1e-9);
      }
      const exact = kernelShap({ predict, background, x: [p, p, ...x] });
      for (const shares of exact.values) {
        for (const unused of shares.subarray(3)) assert.ok(Math.abs(unused) < 1e-9);
        assert.ok(Math.abs((shares[0] as number) - (shares[1] as number)) < 1e-9);
      }
    }),
    { numRuns: 30 },
  );
});

test('features that equal the whole background get exactly nothing', () => {
  const background = { rows: 2, columns: 3, data: Float32Array.of(1, 5, 2, 1, 6, 2) };
  const predict = (x: Float64Array) => x.reduce((all, value) => all * value, 1);
  assert.deepEqual(kernelShap({ predict, background, x: [1, 5, 2] }), {
    base: Float64Array.of(11),
    values: [Float64Array.of(0, -1, 0)],
  });
  const same = { rows: 1, columns: 2, data: Float32Array.of(3, 4) };
  assert.deepEqual(kernelShap({ predict, background: same, x: [3, 4] }).values, [new Float64Array(2)]);
});

test('same seed, same answer; another seed, another sample', () => {
  const rng = new FastRng(6);
  const predict = crooked(16, rng);
  const background = randomMatrix(2, 16, rng);
  const x = Float64Array.from({ length: 16 }, () => rng.normal());
  const ask = (seed: number) => kernelShap({ predict, background, x, samples: 200, seed });
  assert.deepEqual(ask(1), ask(1));
  assert.notDeepEqual(ask(1), ask(2));
});

test('nothing that is given is written, and a model may keep what it gives and scribble on what it gets', () => {
  const background = randomMatrix(3, 4, new FastRng(7));
  const x = Float64Array.of(1, 2, 3, 4);
  const [data, row] = [background.data.slice(), x.slice()];
  const answer = new Float64Array(2);
  const plain = (input: Float64Array) => [total(input), (input[0] as number) * (input[1] as number)];
  const rude = (input: Float64Array) => {
    answer.set(plain(input));
    input.fill(Number.NaN);
    return answer;
  };
  assert.deepEqual(
    kernelShap({ predict: rude, background, x }),
    kernelShap({ predict: plain, background, x }),
  );
  assert.deepEqual([background.data, x], [data, row]);
});

test('what cannot be explained is refused', () => {
  const query: KernelShapQuery = {
    predict: (x) => x[0] as number,
    background: { rows: 2, columns: 2, data: Float64Array.of(1, 2, 3, 4) },
    x: [5, 6],
  };
  const refused = (change: Partial<KernelShapQuery>, code: string) =>
    assert.throws(() => kernelShap({ ...query, ...change }), { code });
  refused({ x: [1] }, 'SHAPE');
  refused({ x: [1, Number.NaN] }, 'NOT_FINITE');
  refused({ background: { rows: 0, columns: 2, data: new Float64Array(0) } }, 'EMPTY');
  refused({ background: { rows: 1, columns: 2, data: Float64Array.of(1, Number.NaN) } }, 'NOT_FINITE');
  refused({ background: { rows: 1, columns: 1025, data: new Float64Array(1025) } }, 'LIMIT');
  refused({ seed: Number.NaN }, 'USAGE');
  for (const samples of [3, 4.5, 2 ** 17]) refused({ samples }, 'USAGE');
  refused({ predict: () => [] }, 'EMPTY');
  refused({ predict: () => Number.NaN }, 'NOT_FINITE');
  refused({ predict: (x) => (x[0] === 1 ? [1] : [1, 2]) }, 'SHAPE');
});
