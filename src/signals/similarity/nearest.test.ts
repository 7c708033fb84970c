import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { type Near, NearestFingerprints, similarityOf } from './nearest.ts';
import { MAX_DISTANCE, MAX_NEAREST } from './parameters.ts';

function bitsApart(a: bigint, b: bigint): number {
  let bits = 0;
  for (let rest = a ^ b; rest !== 0n; rest &= rest - 1n) bits += 1;
  return bits;
}

/** Every row, one by one. */
function bruteForce(fingerprints: readonly bigint[], query: bigint, limit: number): Near[] {
  return fingerprints
    .map((fingerprint, row) => ({ row, distance: bitsApart(fingerprint, query) }))
    .filter(({ distance }) => distance <= 9)
    .sort((a, b) => a.distance - b.distance || a.row - b.row)
    .slice(0, limit);
}

function of(fingerprints: readonly bigint[]): NearestFingerprints {
  const near = new NearestFingerprints(fingerprints.length);
  near.fingerprints.set(BigUint64Array.from(fingerprints));
  return near;
}

/** A fingerprint some bits away from one of a few: as real ones lie, in clusters. */
const clustered = fc
  .tuple(fc.constantFrom(0n, 0x0123456789abcdefn, 2n ** 64n - 1n), fc.array(fc.nat(63), { maxLength: 12 }))
  .map(([centre, flips]) => flips.reduce((all, bit) => all ^ (1n << BigInt(bit)), centre));
const fingerprint = fc.oneof(clustered, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

test('nothing is missed: the same rows in the same order as by brute force', () => {
  fc.assert(
    fc.property(
      fc.array(fingerprint, { maxLength: 200 }),
      fingerprint,
      fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(MAX_NEAREST)),
      (fingerprints, query, limit) => {
        assert.deepEqual(of(fingerprints).find(query, limit), bruteForce(fingerprints, query, limit));
      },
    ),
    { numRuns: 200 },
  );
});

test('each distance on either side of the threshold', () => {
  const steps = Array.from({ length: 65 }, (_, bits) => (1n << BigInt(bits)) - 1n);
  const found = of(steps.toReversed()).find(0n, 100);
  assert.deepEqual(
    found,
    Array.from({ length: 10 }, (_, distance) => ({ row: 64 - distance, distance })),
  );
  assert.ok(similarityOf(MAX_DISTANCE) >= 0.85 && similarityOf(MAX_DISTANCE + 1) < 0.85);
  assert.equal(similarityOf(0), 1);
});

test('equals by row, in any number; the last call leaves nothing behind', () => {
  const equal = of(Array.from({ length: 5003 }, (_, row) => (row % 2 === 0 ? 5n : 4n)));
  for (const limit of [1, 6, MAX_NEAREST]) {
    const rows = equal.find(5n, limit).map(({ row, distance }) => [row, distance]);
    assert.deepEqual(
      rows,
      Array.from({ length: limit }, (_, i) => [2 * i, 0]),
    );
  }
  assert.deepEqual(equal.find(2n ** 64n - 1n, 5), []);
});

test('all rows are seen, the last ones too', () => {
  for (const rows of [0, 1, 3, 4, 5, 7, 8]) {
    const near = of(Array.from({ length: rows }, () => 2n ** 64n - 1n));
    for (let row = 0; row < rows; row += 1) {
      near.fingerprints[row] = 0n;
      assert.deepEqual(near.find(0n, 3), [{ row, distance: 0 }]);
      near.fingerprints[row] = 2n ** 64n - 1n;
    }
    assert.deepEqual(near.find(0n, 3), []);
  }
});

test('a large table: each near-duplicate at distance 9 is found', () => {
  const rng = new FastRng(3);
  const random = (): bigint => (BigInt(rng.below(2 ** 32)) << 32n) | BigInt(rng.below(2 ** 32));
  const fingerprints = Array.from({ length: 50_000 }, random);
  const near = of(fingerprints);
  for (let i = 0; i < 200; i += 1) {
    const row = rng.below(fingerprints.length);
    const bits = new Set<number>();
    while (bits.size < 9) bits.add(rng.below(64));
    const query = [...bits].reduce((all, bit) => all ^ (1n << BigInt(bit)), fingerprints[row] as bigint);
    assert.ok(near.find(query, MAX_NEAREST).some((one) => one.row === row && one.distance === 9));
  }
});

test('limits are checked', () => {
  for (const limit of [0, 1.5, MAX_NEAREST + 1]) {
    assert.throws(() => of([1n]).find(1n, limit), { code: 'INTERNAL' });
  }
  assert.throws(() => new NearestFingerprints(2 ** 24 + 1), { code: 'INTERNAL' });
});
