import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { BitVotes } from './bit-votes.ts';
import { type Fingerprint, hammingDistance, SimHash } from './index.ts';

const { simHash: recorded } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/sketches.json', import.meta.url), 'utf8'),
) as { simHash: { hex: string; key: number; low: number; high: number }[] };

test('fingerprints are those of the definition, written down in Python', () => {
  for (const { hex, key, low, high } of recorded) {
    const data = Uint8Array.from(Buffer.from(hex, 'hex'));
    assert.deepEqual({ ...new SimHash({ key }).fingerprint(data) }, { low, high }, hex);
  }
});

test('votes are counted a bit at a time, whatever the order of ones and fours', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const four = fc.array(word, { minLength: 4, maxLength: 4 });
  const step = fc.oneof(fc.array(word, { minLength: 1, maxLength: 1 }), four);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat({ max: 100 }), (steps, limit) => {
      const votes = new BitVotes();
      votes.addOne(-1);
      votes.clear();
      for (const words of steps) {
        if (words.length === 1) votes.addOne(words[0] as number);
        else votes.addFour(...(words as [number, number, number, number]));
      }
      const above = votes.above(limit);
      for (let bit = 0; bit < 32; bit += 1) {
        const count = steps.flat().filter((one) => (one >>> bit) & 1).length;
        assert.equal((above >>> bit) & 1, count > limit ? 1 : 0);
      }
    }),
  );
});

const random = (rng: FastRng, length: number) => Uint8Array.from({ length }, () => rng.below(256));

test('few changed bytes change few bits, unrelated bytes half of them', () => {
  const rng = new FastRng(10);
  const simHash = new SimHash();
  const of = (data: Uint8Array): Fingerprint => ({ ...simHash.fingerprint(data) });
  const near: number[] = [];
  const far: number[] = [];
  for (let i = 0; i < 60; i += 1) {
    const data = random(rng, 4096);
    const edited = data.slice();
    for (let j = 0; j < 8; j += 1) edited[rng.below(4096)] = rng.below(256);
    near.push(hammingDistance(of(data), of(edited)));
    far.push(hammingDistance(of(data), of(random(rng, 4096))));
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(mean(near) < 5, `${mean(near)}`);
  assert.ok(Math.max(...near) <= 9, `${Math.max(...near)}`);
  assert.ok(Math.abs(mean(far) - 32) < 2, `${mean(far)}`);
});

test('the key decides, a view has no neighbours, and nothing has no fingerprint', () => {
  const data = random(new FastRng(1), 500);
  const [one, same, other] = [5, 5, 6].map((key) => ({ ...new SimHash({ key }).fingerprint(data) })) as [
    Fingerprint,
    Fingerprint,
    Fingerprint,
  ];
  assert.deepEqual(one, same);
  assert.ok(hammingDistance(one, other) > 15);
  const simHash = new SimHash();
  assert.deepEqual(
    { ...simHash.fingerprint(data.slice(7, 9)) },
    { ...simHash.fingerprint(data.subarray(7, 9)) },
  );
  assert.throws(() => simHash.fingerprint(new Uint8Array(0)), { code: 'EMPTY' });
  assert.throws(() => new SimHash({ key: -1 }), { code: 'USAGE' });
});
