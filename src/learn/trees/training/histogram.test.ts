import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import type { Matrix } from '../../contract/index.ts';
import { binMatrix } from './bins.ts';
import { gradientOf, HESSIAN_ROOM, PackedGradients } from './gradients.ts';
import { buildHistogram, histogramFor, subtractHistogram, wordsOf } from './histogram.ts';

const ROWS = 300;

/** Gradients in (-1, 1), hessians in (0, 1), of which only every second row counts. */
function derivatives(rng: FastRng) {
  const gradient = Float32Array.from({ length: ROWS }, () => 2 * rng.next() - 1);
  const hessian = Float32Array.from({ length: ROWS }, () => rng.next());
  return { gradient, hessian };
}

const everySecond = Uint32Array.from({ length: ROWS / 2 }, (_, i) => 2 * i);

test('packed sums are the sums, to one unit a sample', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const rng = new FastRng(seed);
      const { gradient, hessian } = derivatives(rng);
      const packed = new PackedGradients(ROWS);
      const total = packed.pack({ gradient, hessian }, 0, everySecond, rng);
      const g = gradientOf(total) / packed.gradientScale;
      const h = (total - gradientOf(total) * HESSIAN_ROOM) / packed.hessianScale;
      const sum = (values: Float32Array) =>
        everySecond.reduce((all, row) => all + (values[row] as number), 0);
      assert.ok(Math.abs(g - sum(gradient)) <= everySecond.length / packed.gradientScale);
      assert.ok(Math.abs(h - sum(hessian)) <= everySecond.length / packed.hessianScale);
      assert.ok(Math.abs(total) < Number.MAX_SAFE_INTEGER);
    }),
    { numRuns: 50, seed: 1 },
  );
});

test('rounding is right on average', () => {
  const rows = new Uint32Array(20_000).map((_, i) => i);
  // One large gradient makes the unit so coarse that the small ones are rounded to 0 or 1.
  const gradient = new Float32Array(rows.length).fill(0.3);
  gradient[0] = 2 ** 26;
  const hessian = new Float32Array(rows.length).fill(1);
  const packed = new PackedGradients(rows.length);
  const total = packed.pack({ gradient, hessian }, 0, rows, new FastRng(1));
  assert.ok(packed.gradientScale < 1);
  const small = gradientOf(total) / packed.gradientScale - 2 ** 26;
  const expected = 0.3 * (rows.length - 1);
  assert.ok(Math.abs(small - expected) < 0.05 * expected, `${small}, not ${expected}`);
  // Ones stay ones: whole hessians are exact.
  assert.equal((total - gradientOf(total) * HESSIAN_ROOM) / packed.hessianScale, rows.length);
});

test('a histogram holds the sum of every bin, in any order of rows, and parent minus child is the other', () => {
  const rng = new FastRng(3);
  const data = Float32Array.from({ length: ROWS * 5 }, () =>
    rng.below(9) === 0 ? Number.NaN : rng.below(20),
  );
  const x: Matrix = { rows: ROWS, columns: 5, data };
  const binned = binMatrix(x, 256);
  const packed = new PackedGradients(ROWS);
  const all = new Uint32Array(ROWS).map((_, i) => i);
  packed.pack(derivatives(rng), 0, all, rng);
  const source = { x: binned, words: wordsOf(Uint32Array.of(0, 1, 2, 3, 4)), packed: packed.values };
  const [parent, left, right, shuffled] = [1, 2, 3, 4].map(() => histogramFor(binned)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  buildHistogram(parent, source, all, [0, ROWS]);
  buildHistogram(left, source, all, [0, 100]);
  buildHistogram(right, source, all, [100, ROWS]);
  for (let feature = 0; feature < 5; feature += 1) {
    const cuts = binned.cuts[feature] as Float32Array;
    const expected = new Float64Array(cuts.length + 1);
    for (let row = 0; row < ROWS; row += 1) {
      const value = data[row * 5 + feature] as number;
      const bin = Number.isNaN(value) ? cuts.length : cuts.findIndex((cut) => value < cut);
      expected[bin] = (expected[bin] as number) + (packed.values[row] as number);
    }
    const first = feature << binned.binBits;
    assert.deepEqual(parent.slice(first, first + expected.length), expected);
  }
  rng.shuffle(all);
  buildHistogram(shuffled, source, all, [0, ROWS]);
  assert.deepEqual(shuffled, parent);
  subtractHistogram(parent, left);
  assert.deepEqual(parent, right);
});

test('words that hold no wanted feature are left out', () => {
  assert.deepEqual(wordsOf(Uint32Array.of(1, 2, 9, 11)), Uint32Array.of(0, 2));
});
