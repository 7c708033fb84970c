import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matrixOf } from '../../contract/index.ts';
import { type BinnedMatrix, binMatrix } from './bins.ts';

const binOf = ({ words, rows }: BinnedMatrix, row: number, feature: number): number =>
  ((words[(feature >> 2) * rows + row] as number) >>> ((feature & 3) * 8)) & 255;

const value = fc.oneof(
  fc.constant(Number.NaN),
  fc.integer({ min: -3, max: 3 }),
  fc.float({ min: -(2 ** 100), max: 2 ** 100, noNaN: true }),
);
const columns = fc.integer({ min: 1, max: 9 });
const table = columns.chain((width) =>
  fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 60 }),
);

test('a value is below a cut exactly when its bin is, and missing values have the bin after the last', () => {
  fc.assert(
    fc.property(table, fc.integer({ min: 2, max: 256 }), (rows, maxBins) => {
      const x = matrixOf(rows);
      const binned = binMatrix(x, maxBins);
      for (let feature = 0; feature < x.columns; feature += 1) {
        const cuts = binned.cuts[feature] as Float32Array;
        assert.ok(cuts.length + (binned.hasMissing[feature] ? 1 : 0) <= maxBins);
        assert.ok(cuts.every((cut, i) => Number.isFinite(cut) && (i === 0 || cut > (cuts[i - 1] as number))));
        rows.forEach((_, row) => {
          const seen = x.data[row * x.columns + feature] as number;
          const bin = binOf(binned, row, feature);
          assert.ok(bin < 1 << binned.binBits);
          if (Number.isNaN(seen)) assert.equal(bin, cuts.length);
          else assert.ok(cuts.every((cut, i) => seen < cut === bin <= i));
        });
      }
    }),
    { numRuns: 150, seed: 1 },
  );
});

test('few values have a bin each, and cuts are values', () => {
  const { cuts } = binMatrix(matrixOf([[3], [1], [2], [1], [Number.NaN]]), 256);
  assert.deepEqual([...(cuts[0] ?? [])].slice(0, -1), [2, 3]);
});

test('bins of many values are about equally full, beside a value that fills half of all', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => [i % 2 === 0 ? 5 : i / 100]);
  const binned = binMatrix(matrixOf(rows), 11);
  const counts = new Array<number>(11).fill(0);
  rows.forEach((_, row) => {
    const bin = binOf(binned, row, 0);
    counts[bin] = (counts[bin] as number) + 1;
  });
  const others = counts.filter((count) => count < 1000);
  assert.equal(others.length, 10, `${counts}`);
  assert.ok(Math.max(...others) <= 110, `${counts}`);
});

test('a value that is too large for float32 cuts is refused', () => {
  const x = { rows: 2, columns: 1, data: Float64Array.of(1, 1e39) };
  assert.throws(() => binMatrix(x, 256), { code: 'NOT_FINITE' });
});
