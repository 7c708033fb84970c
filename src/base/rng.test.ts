import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rng, secureBytes, seededBytes } from './rng.ts';

// From the reference implementation of splitmix64 by Sebastiano Vigna.
const VECTORS: readonly (readonly [seed: bigint, draws: readonly bigint[]])[] = [
  [0n, [0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n, 0x06c45d188009454fn, 0xf88bb8a8724c81ecn]],
  [
    1234567n,
    [
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ],
  ],
];

test('splitmix64 gives the published numbers', () => {
  for (const [seed, draws] of VECTORS) {
    const rng = new Rng(seed);
    assert.deepEqual(
      draws.map(() => rng.nextU64()),
      draws,
    );
  }
});

test('bytes are the draws in little-endian order, cut to length', () => {
  const expected = Buffer.from('afcd1d7b39a820e2f465b9a16a9e786e', 'hex');
  for (let length = 0; length <= 16; length += 1) {
    assert.deepEqual(new Rng(0).bytes(length), expected.subarray(0, length));
    assert.deepEqual(seededBytes(0)(length), expected.subarray(0, length));
  }
});

test('draws stay in their range for every seed', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.integer({ min: 1, max: 1000 }), (seed, limit) => {
      const rng = new Rng(seed);
      const drawn = rng.below(limit);
      const unit = rng.next();
      return Number.isInteger(drawn) && drawn >= 0 && drawn < limit && unit >= 0 && unit < 1;
    }),
  );
});

test('every number below the limit is drawn about equally often', () => {
  const rng = new Rng(42);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i += 1) {
    const drawn = rng.below(10);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  // Six standard deviations of a count of 1000.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 180, `${counts}`);
});

test('split moves the parent by one draw and gives other numbers', () => {
  const [parent, twin] = [new Rng(7), new Rng(7)];
  const child = parent.split();
  twin.nextU64();
  assert.equal(parent.nextU64(), twin.nextU64());
  const seen = new Set(Array.from({ length: 100 }, () => [parent.nextU64(), child.nextU64()]).flat());
  assert.equal(seen.size, 200);
  assert.equal(new Rng(7).split().nextU64(), new Rng(7).split().nextU64());
});

test('secure bytes have the length asked for and do not repeat', () => {
  assert.equal(secureBytes(32).length, 32);
  assert.notDeepEqual(secureBytes(32), secureBytes(32));
});
