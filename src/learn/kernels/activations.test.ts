import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { exp, sigmoid, softmax, sumOfLanes, tanh } from './oracle/activations.ts';

/** Float32 values over a range, denser near 0. */
function sweep(limit: number): number[] {
  const rng = new FastRng(3);
  const draws = Array.from({ length: 20_000 }, () => (rng.next() * 2 - 1) ** 3 * limit);
  return [0, -0, limit, -limit, ...draws].map(Math.fround);
}

test('exp is within 2e-7 of the true value, relative, over its whole range', () => {
  for (const x of sweep(87)) {
    const expected = Math.exp(x);
    assert.ok(Math.abs(exp(x) - expected) <= 2e-7 * expected, `exp(${x}) = ${exp(x)}`);
  }
  assert.equal(exp(0), 1);
});

test('beyond its range exp stays where it is at the border: finite and positive', () => {
  for (const x of [87.5, 1e9, Infinity]) assert.equal(exp(x), exp(87));
  for (const x of [-87.5, -1e9, -Infinity]) assert.equal(exp(x), exp(-87));
});

test('sigmoid and tanh are within 2e-7, bounded, and exact where it matters', () => {
  for (const x of sweep(90)) {
    assert.ok(Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x))) <= 2e-7, `sigmoid(${x})`);
    assert.ok(Math.abs(tanh(x) - Math.tanh(x)) <= 2e-7, `tanh(${x})`);
    assert.ok(sigmoid(x) >= 0 && sigmoid(x) <= 1 && Math.abs(tanh(x)) <= 1);
  }
  assert.equal(sigmoid(0), 0.5);
  assert.equal(tanh(0), 0);
  assert.equal(tanh(40), 1);
  assert.equal(tanh(-40), -1);
});

test('NaN stays NaN', () => {
  for (const f of [exp, sigmoid, tanh]) assert.ok(Number.isNaN(f(Number.NaN)));
});

test('softmax is a distribution however large the values, and keeps their order', () => {
  const p = softmax(Float32Array.of(1000, 999, -1000, 1000, 998));
  assert.ok(Math.abs(p.reduce((a, b) => a + b) - 1) < 1e-6);
  assert.equal(p[0], p[3]);
  assert.ok((p[0] as number) > (p[1] as number) && (p[1] as number) > (p[4] as number));
});

test('sumOfLanes adds in four chains', () => {
  const large = 2 ** 24;
  assert.equal(
    sumOfLanes(Float32Array.of(large, 1, 1, -large, 0, 1), [0, 0, 0, 0]),
    2 ** 24 + 2 + 1 - 2 ** 24,
  );
});
