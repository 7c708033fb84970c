import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../base/index.ts';
import type { Snapshot } from '../contract/index.ts';
import { QuantileSketch } from './index.ts';

const { quantiles: recorded } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/sketches.json', import.meta.url), 'utf8'),
) as { quantiles: { name: string; values: number[]; parts: number[]; quantiles: number[] }[] };

function sketchOf(values: readonly number[], options: ConstructorParameters<typeof QuantileSketch>[0] = {}) {
  const sketch = new QuantileSketch(options);
  for (const value of values) sketch.learnOne(value);
  return sketch;
}

/** Within the part `error`, but for the last bits of a logarithm. */
const within = (value: number, truth: number, error: number) =>
  Math.abs(value - truth) <= error * Math.abs(truth) * (1 + 1e-9);

test('quantiles are within the stated part of those of NumPy', () => {
  for (const { name, values, parts, quantiles } of recorded) {
    for (const relativeError of [0.001, 0.01, 0.1]) {
      const sketch = sketchOf(values, { relativeError, maxBins: 16_384 });
      parts.forEach((part, i) => {
        const [found, wanted] = [sketch.quantile(part), quantiles[i] as number];
        assert.ok(within(found, wanted, relativeError), `${name}, ${part}: ${found} for ${wanted}`);
      });
    }
  }
});

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const moderate = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('the bound holds for every quantile of any finite values, in any order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(finite, moderate), { minLength: 1, maxLength: 60, size: 'max' }),
      (values) => {
        const sketch = sketchOf(values, { relativeError: 0.05, maxBins: 65_536 });
        const sorted = values.toSorted((a, b) => a - b);
        sorted.forEach((value, rank) => {
          const part = sorted.length === 1 ? 0.5 : rank / (sorted.length - 1);
          const exact = sorted[Math.floor(part * (sorted.length - 1))] as number;
          const found = sketch.quantile(part);
          assert.ok(
            within(found, exact, 0.05) || Math.abs(exact) < 1e-300,
            `${found} for ${exact}, ${value}`,
          );
        });
        assert.deepEqual(
          sketchOf(sorted, { relativeError: 0.05, maxBins: 65_536 }).snapshot(),
          sketch.snapshot(),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('quantiles rise, and both ends are exact', () => {
  fc.assert(
    fc.property(fc.array(moderate, { minLength: 1, maxLength: 100, size: 'max' }), (values) => {
      const sketch = sketchOf(values);
      const found = Array.from({ length: 21 }, (_, i) => sketch.quantile(i / 20));
      assert.deepEqual(
        found,
        found.toSorted((a, b) => a - b),
      );
      assert.equal(found[0], Math.min(...values));
      assert.equal(found[20], Math.max(...values));
      assert.equal(sketch.count, values.length);
    }),
  );
});

test('a merge is the sketch of all values, also where bins had to be shared', () => {
  const values = fc.array(fc.oneof(finite, moderate, fc.constant(0)), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const options = { maxBins: 16 };
      const [first, second, third] = [a, b, c].map((part) => sketchOf(part, options)) as [
        QuantileSketch,
        QuantileSketch,
        QuantileSketch,
      ];
      const before = second.snapshot();
      first.merge(second);
      third.merge(first);
      assert.deepEqual(second.snapshot(), before);
      assert.deepEqual(third.snapshot(), sketchOf([...a, ...b, ...c], options).snapshot());
    }),
  );
});

test('with too few bins only what is nearest to zero loses the bound', () => {
  const values = Array.from({ length: 1000 }, (_, i) => 1.05 ** i);
  const sketch = sketchOf(values, { relativeError: 0.01, maxBins: 1024 });
  for (let rank = 600; rank < 1000; rank += 1) {
    assert.ok(within(sketch.quantile(rank / 999), values[Math.floor((rank / 999) * 999)] as number, 0.01));
  }
  assert.ok(sketch.quantile(0.1) > 2 * (values[99] as number));
});

test('a restored sketch goes on bit for bit', () => {
  const some = fc.array(moderate, { maxLength: 40, size: 'max' });
  fc.assert(
    fc.property(some, some, (before, after) => {
      const sketch = sketchOf(before, { maxBins: 64 });
      const restored = QuantileSketch.restore(structuredClone(sketch.snapshot()));
      for (const value of after) {
        sketch.learnOne(value);
        restored.learnOne(value);
      }
      assert.deepEqual(restored.snapshot(), sketch.snapshot());
      assert.equal(restored.count, sketch.count);
    }),
  );
});

test('what is no value, part, option or partner is refused', () => {
  const sketch = new QuantileSketch();
  assert.throws(() => sketch.quantile(0.5), { code: 'UNTRAINED' });
  assert.throws(() => sketch.learnOne(Number.NaN), { code: 'NOT_FINITE' });
  assert.equal(sketch.count, 0);
  sketch.learnOne(1);
  assert.throws(() => sketch.quantile(1.5), { code: 'USAGE' });
  assert.throws(() => sketch.merge(new QuantileSketch({ relativeError: 0.02 })), { code: 'USAGE' });
  assert.throws(() => new QuantileSketch({ relativeError: 0 }), { code: 'USAGE' });
  assert.throws(() => new QuantileSketch({ maxBins: 3 }), { code: 'USAGE' });
});

test('a damaged snapshot is refused with a code', () => {
  const whole = sketchOf([-3, 0, 1, 2]).snapshot();
  const { positive } = whole.tensors as { positive: { shape: number[]; data: Float64Array } };
  const bins = (data: Float64Array) => ({ ...whole.tensors, positive: { shape: positive.shape, data } });
  const damaged: Snapshot[] = [
    { ...whole, kind: 'other' },
    { ...whole, version: 2 },
    { ...whole, config: {} },
    { ...whole, config: { ...whole.config, positive: [0, 2 ** 40] } },
    { ...whole, config: { ...whole.config, positive: [1e300, positive.shape[0] as number] } },
    { ...whole, config: { ...whole.config, positive: 'x' } },
    { ...whole, config: { ...whole.config, least: 9 } },
    { ...whole, config: { ...whole.config, zeros: -1 } },
    { ...whole, tensors: {} },
    { ...whole, tensors: bins(positive.data.slice().fill(Number.NaN)) },
    { ...whole, tensors: bins(positive.data.slice().fill(-1)) },
  ];
  for (const snapshot of damaged)
    assert.throws(
      () => QuantileSketch.restore(snapshot),
      (error) => hasCode(error),
    );
});
