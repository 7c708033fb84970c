import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { quantile } from '../../../learn/index.ts';
import { BinnedQuantiles, binOf } from './bins.ts';

const value = fc.oneof(
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constantFrom(0, 1e100, -1e100, 5e-324),
);

test('a greater value is in no lower bin', () => {
  fc.assert(fc.property(value, value, (a, b) => Math.sign(binOf(a) - binOf(b)) * Math.sign(a - b) >= 0));
});

test('quantiles are off by half a percent at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 200, maxLength: 300 }),
      (values) => {
        const counts = new Map<number, number>();
        for (const each of values) counts.set(binOf(each), (counts.get(binOf(each)) ?? 0) + 1);
        const found = new BinnedQuantiles([...counts].map(([bin, count]) => ({ bin, count })));
        assert.equal(found.count, values.length);
        for (const share of [0.05, 0.5, 0.95]) {
          // Of two values next to each other either may be called the quantile.
          const near = [share - 0.01, share + 0.01].map((each) => quantile(values, each)) as [number, number];
          const got = found.quantile(share);
          assert.ok(got >= near[0] * 0.995 && got <= near[1] * 1.005, `${share}: ${got} of ${near}`);
        }
      },
    ),
    { numRuns: 30 },
  );
});
