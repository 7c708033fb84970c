import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { type BoostedTreesOptions, resolveOptions } from '../options.ts';
import { binMatrix } from './bins.ts';
import { PackedGradients } from './gradients.ts';
import { buildHistogram, histogramFor, wordsOf } from './histogram.ts';
import { SplitFinder } from './split.ts';

const FREE = { lower: -Infinity, upper: Infinity };
const COLUMNS = 3;

/** Samples whose derivatives are whole, so that nothing is rounded. */
function samples(seed: number, rows: number) {
  const rng = new FastRng(seed);
  const data = Float32Array.from({ length: rows * COLUMNS }, () =>
    rng.below(5) === 0 ? Number.NaN : rng.below(6),
  );
  const gradient = Float32Array.from({ length: rows }, () => rng.below(21) - 10);
  const hessian = Float32Array.from({ length: rows }, () => 1 + rng.below(3));
  return { x: { rows, columns: COLUMNS, data }, gradient, hessian };
}

type Samples = ReturnType<typeof samples>;

function sums({ gradient, hessian }: Samples, isIn: (row: number) => boolean): [number, number] {
  let [g, h] = [0, 0];
  for (let row = 0; row < gradient.length; row += 1) {
    if (!isIn(row)) continue;
    g += gradient[row] as number;
    h += hessian[row] as number;
  }
  return [g, h];
}

/** The best gain over every cut between values, and every way of the missing ones: the definition. */
function bestGain(given: Samples, options: BoostedTreesOptions): number {
  const { lambda = 1, alpha = 0, minChildWeight = 1, gamma = 0, monotone = [] } = options;
  const shrink = (g: number) => Math.sign(g) * Math.max(0, Math.abs(g) - alpha);
  const score = ([g, h]: [number, number]) => shrink(g) ** 2 / (h + lambda);
  const weight = ([g, h]: [number, number]) => -shrink(g) / (h + lambda);
  let best = 0;
  for (let feature = 0; feature < COLUMNS; feature += 1) {
    const valueIn = (row: number) => given.x.data[row * COLUMNS + feature] as number;
    for (const cut of [1, 2, 3, 4, 5, 6]) {
      for (const missingLeft of [true, false]) {
        const isLeft = (row: number) => (Number.isNaN(valueIn(row)) ? missingLeft : valueIn(row) < cut);
        const [left, right] = [sums(given, isLeft), sums(given, (row) => !isLeft(row))];
        if (Math.min(left[1], right[1]) < Math.max(1, minChildWeight)) continue;
        // What parts the present from the missing has the present on its left.
        if (missingLeft && sums(given, (row) => valueIn(row) < cut)[1] === 0) continue;
        if ((monotone[feature] ?? 0) * (weight(right) - weight(left)) < 0) continue;
        best = Math.max(best, score(left) + score(right) - score(sums(given, () => true)));
      }
    }
  }
  return best > Math.max(1e-6, gamma) ? best : 0;
}

/** The split that training finds at a root with these samples. */
function found(given: Samples, options: BoostedTreesOptions) {
  const { x } = given;
  const binned = binMatrix(x, 256);
  const finder = new SplitFinder(binned, resolveOptions(options));
  const packed = new PackedGradients(x.rows);
  const rows = new Uint32Array(x.rows).map((_, row) => row);
  const total = packed.pack(given, 0, rows, new FastRng(1));
  finder.scale(packed);
  const features = Uint32Array.of(0, 1, 2);
  const histogram = histogramFor(binned);
  const source = { x: binned, words: wordsOf(features), packed: packed.values };
  buildHistogram(histogram, source, rows, [0, x.rows]);
  const split = finder.find(histogram, features, { total, bounds: FREE });
  return { ...split, threshold: binned.cuts[split.feature]?.[split.bin] as number };
}

const options = fc.record({
  lambda: fc.constantFrom(0, 1, 7.5),
  alpha: fc.constantFrom(0, 0, 4),
  minChildWeight: fc.constantFrom(0, 1, 12),
  gamma: fc.constantFrom(0, 0, 20),
  monotone: fc.constantFrom([], [1, 0, -1], [-1, -1, 1]),
});

test('the split found is the best of all, under all penalties and constraints', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 30 }), options, (seed, rows, penalties) => {
      const given = samples(seed, rows);
      const all: BoostedTreesOptions = { objective: 'reg:squarederror', ...penalties };
      const split = found(given, all);
      const expected = bestGain(given, all);
      assert.ok(
        Math.abs(split.gain - expected) <= 1e-6 * Math.max(1, expected),
        `${split.gain}, ${expected}`,
      );
      if (split.gain === 0) return;
      // The gain is that of the question the tree will ask.
      const isLeft = (row: number) => {
        const value = given.x.data[row * COLUMNS + split.feature] as number;
        return Number.isNaN(value) ? split.missingLeft : value < split.threshold;
      };
      const [left, right] = [sums(given, isLeft), sums(given, (row) => !isLeft(row))];
      assert.ok(left[1] >= penalties.minChildWeight && right[1] >= penalties.minChildWeight);
    }),
    { numRuns: 400, seed: 2 },
  );
});

test('without missing values to learn from, later ones go with the heavier side', () => {
  const data = Float32Array.of(0, 1, 1, 1);
  const given = {
    x: { rows: 4, columns: 1, data },
    gradient: Float32Array.of(9, -1, -1, -1),
    hessian: new Float32Array(4).fill(1),
  };
  const binned = binMatrix(given.x, 256);
  const finder = new SplitFinder(binned, resolveOptions({ objective: 'reg:squarederror' }));
  const packed = new PackedGradients(4);
  const rows = Uint32Array.of(0, 1, 2, 3);
  const total = packed.pack(given, 0, rows, new FastRng(1));
  finder.scale(packed);
  const histogram = histogramFor(binned);
  buildHistogram(histogram, { x: binned, words: Uint32Array.of(0), packed: packed.values }, rows, [0, 4]);
  const split = finder.find(histogram, Uint32Array.of(0), { total, bounds: FREE });
  assert.deepEqual([split.bin, split.missingLeft], [0, false]);
});
