import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { coalitionsOf } from './coalitions.ts';

const size = (known: Uint8Array) => known.reduce((sum, flag) => sum + flag, 0);

function binomial(n: number, k: number): number {
  let count = 1;
  for (let i = 0; i < k; i += 1) count = (count * (n - i)) / (i + 1);
  return Math.round(count);
}

test('with enough samples every coalition is there once, with the weight of the paper', () => {
  for (let features = 2; features <= 9; features += 1) {
    const coalitions = coalitionsOf(features, 2 ** features - 2, new FastRng(0));
    assert.equal(new Set(coalitions.map(({ known }) => known.join(''))).size, 2 ** features - 2);
    const weight = (s: number) => (features - 1) / (binomial(features, s) * s * (features - s));
    const all = coalitions.reduce((sum, { known }) => sum + weight(size(known)), 0);
    for (const coalition of coalitions) {
      assert.ok(Math.abs(coalition.weight - weight(size(coalition.known)) / all) < 1e-12);
    }
  }
});

test('coalitions differ, come with their complements, keep to the number, and weigh one together', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(600), fc.nat(), (features, more, seed) => {
      const samples = 2 * features + more;
      const coalitions = coalitionsOf(features, samples, new FastRng(seed));
      const weights = new Map(coalitions.map(({ known, weight }) => [known.join(''), weight]));
      assert.equal(weights.size, coalitions.length);
      assert.ok(coalitions.length <= samples);
      assert.ok(Math.abs(coalitions.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9 || more < 2);
      for (const { known, weight } of coalitions) {
        assert.equal(weights.get(known.map((flag) => 1 - flag).join('')), weight);
      }
      assert.equal(coalitions.filter(({ known }) => size(known) === 1).length, features);
    }),
  );
});

test('sampled sizes have the weight of the paper', () => {
  const features = 20;
  const coalitions = coalitionsOf(features, 6000, new FastRng(1));
  const found = new Float64Array(features);
  for (const { known, weight } of coalitions) found[size(known)] = (found[size(known)] as number) + weight;
  const due = found.map((_, s) => (s === 0 ? 0 : (features - 1) / (s * (features - s))));
  const all = due.reduce((sum, weight) => sum + weight, 0);
  for (const [s, weight] of due.entries()) {
    assert.ok(Math.abs((found[s] as number) - weight / all) < 0.005, `size ${s}`);
  }
});
