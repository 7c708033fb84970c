import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, hasCode } from '../../base/index.ts';
import type { Snapshot } from '../contract/index.ts';
import { IdMap } from './id-map.ts';
import { type Fingerprint, hammingDistance, LshIndex, type Neighbours } from './index.ts';

const listed = ({ count, ids, distances }: Neighbours) =>
  Array.from({ length: count }, (_, i) => [ids[i] as number, distances[i] as number]);

/** What a scan of all fingerprints finds. */
function scan(
  all: ReadonlyMap<number, Fingerprint>,
  query: Fingerprint,
  top = 10,
  maxDistance = 9,
): number[][] {
  return [...all]
    .map(([id, fingerprint]) => [id, hammingDistance(fingerprint, query)] as [number, number])
    .filter(([, distance]) => distance <= maxDistance)
    .toSorted(([a, near], [b, far]) => near - far || a - b)
    .slice(0, top);
}

/** `fingerprint` with `bits` different bits flipped. */
function flipped({ low, high }: Fingerprint, bits: readonly number[]): Fingerprint {
  const both = [low, high] as [number, number];
  for (const bit of bits) both[bit >> 5] = ((both[bit >> 5] as number) ^ (1 << (bit & 31))) >>> 0;
  return { low: both[0], high: both[1] };
}

const word = fc.integer({ min: 0, max: 0xffffffff });
const fingerprint = fc.record({ low: word, high: word });
const someBits = fc.uniqueArray(fc.nat({ max: 63 }), { maxLength: 12 });

test('whatever is within nine bits is found: the answer is that of a full scan', () => {
  // Clusters around a few centres, so that distances from 0 to 24 all occur.
  const cluster = fc.tuple(fingerprint, fc.array(someBits, { maxLength: 25, size: 'max' }));
  fc.assert(
    fc.property(
      fc.array(cluster, { minLength: 1, maxLength: 5 }),
      someBits,
      fc.integer({ min: 1, max: 40 }),
      fc.nat({ max: 9 }),
      (clusters, bits, top, maxDistance) => {
        const index = new LshIndex();
        const all = new Map<number, Fingerprint>();
        for (const [centre, members] of clusters) {
          for (const member of members) {
            // Ids out of order: they break ties.
            const id = (all.size * 7919) % 1009;
            all.set(id, flipped(centre, member));
            index.insert(id, flipped(centre, member));
          }
        }
        const query = flipped((clusters[0] as [Fingerprint, unknown])[0], bits);
        assert.deepEqual(
          listed(index.query(query, { top, maxDistance })),
          scan(all, query, top, maxDistance),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('every way to spread nine changed bits over the bands is found, among ten thousand others', () => {
  const rng = new FastRng(4);
  const any = () => ({ low: rng.nextU32(), high: rng.nextU32() });
  const index = new LshIndex();
  for (let id = 0; id < 10_000; id += 1) index.insert(id, any());
  const order = Uint32Array.from({ length: 64 }, (_, i) => i);
  for (let round = 0; round < 2000; round += 1) {
    rng.shuffle(order);
    const query = any();
    const distance = rng.below(10);
    index.insert(20_000, flipped(query, [...order.subarray(0, distance)]));
    const { ids, count } = index.query(query, { top: 100 });
    assert.ok(ids.subarray(0, count).includes(20_000), `distance ${distance} of round ${round}`);
    assert.ok(index.remove(20_000));
  }
});

test('five bits, one in each band, escape every exact probe and are found all the same', () => {
  const [query, index] = [{ low: 0, high: 0 }, new LshIndex()];
  index.insert(1, flipped(query, [0, 13, 26, 39, 52]));
  for (let maxDistance = 0; maxDistance <= 9; maxDistance += 1) {
    assert.equal(index.query(query, { maxDistance }).count, maxDistance < 5 ? 0 : 1);
  }
  index.insert(2, flipped(query, [0, 1, 2, 3, 4]));
  // A full answer at distance 5 may still be bettered by a lower id.
  assert.deepEqual(listed(index.query(query, { top: 1 })), [[1, 5]]);
});

test('insertions and removals leave what a map would hold', () => {
  const step = fc.record({ insert: fc.boolean(), id: fc.nat({ max: 40 }), bits: someBits });
  fc.assert(
    fc.property(fingerprint, fc.array(step, { maxLength: 200, size: 'max' }), (centre, steps) => {
      const index = new LshIndex({ capacity: 30 });
      const all = new Map<number, Fingerprint>();
      for (const { insert, id, bits } of steps) {
        if (!insert) assert.equal(index.remove(id), all.delete(id));
        else if (all.has(id)) assert.throws(() => index.insert(id, centre), { code: 'USAGE' });
        else if (all.size === 30) assert.throws(() => index.insert(id, centre), { code: 'LIMIT' });
        else {
          index.insert(id, flipped(centre, bits));
          all.set(id, flipped(centre, bits));
        }
        assert.equal(index.size, all.size);
        assert.equal(index.has(id), all.has(id));
      }
      assert.deepEqual(listed(index.query(centre, { top: 50 })), scan(all, centre, 50));
    }),
    { numRuns: 200 },
  );
});

test('a thousand copies of one fingerprint come in order of their ids, each once', () => {
  const index = new LshIndex();
  for (let id = 999; id >= 0; id -= 1) index.insert(id, { low: 7, high: 7 });
  const { ids, count, distances } = index.query({ low: 7, high: 5 }, { top: 1024 });
  assert.equal(count, 1000);
  assert.ok(ids.subarray(0, count).every((id, i) => id === i));
  assert.ok(distances.subarray(0, count).every((distance) => distance === 1));
  for (let id = 0; id < 1000; id += 1) assert.ok(index.remove(id));
  assert.equal(index.query({ low: 7, high: 7 }).count, 0);
});

test('a snapshot holds the content alone, and its restoration answers alike', () => {
  fc.assert(
    fc.property(fc.array(fingerprint, { maxLength: 60, size: 'max' }), fingerprint, (fingerprints, query) => {
      const [index, other] = [new LshIndex(), new LshIndex()];
      fingerprints.forEach((one, id) => {
        index.insert(id, one);
      });
      for (let id = fingerprints.length - 1; id >= 0; id -= 1)
        other.insert(id, fingerprints[id] as Fingerprint);
      const snapshot = structuredClone(index.snapshot());
      assert.deepEqual(other.snapshot(), snapshot);
      const restored = LshIndex.restore(snapshot);
      assert.deepEqual(restored.snapshot(), snapshot);
      assert.deepEqual(listed(restored.query(query)), listed(index.query(query)));
    }),
    { numRuns: 50 },
  );
});

test('what is no id, fingerprint or query is refused and changes nothing', () => {
  const index = new LshIndex({ capacity: 2 });
  const one = { low: 1, high: 2 };
  const wrong: [string, () => unknown][] = [
    ['USAGE', () => index.insert(-1, one)],
    ['USAGE', () => index.insert(2 ** 32, one)],
    ['USAGE', () => index.insert(1, { low: -1, high: 0 })],
    ['USAGE', () => index.insert(1, { low: 0, high: Number.NaN })],
    ['USAGE', () => index.query(one, { top: 0 })],
    ['USAGE', () => index.query(one, { maxDistance: 10 })],
    ['USAGE', () => index.query({ low: 0.5, high: 0 })],
    ['USAGE', () => new LshIndex({ capacity: 0 })],
  ];
  for (const [code, act] of wrong) assert.throws(act, { code }, `${act}`);
  assert.equal(index.size, 0);
  assert.equal(index.remove(Number.NaN), false);
});

test('a damaged snapshot is refused with a code', () => {
  const index = new LshIndex();
  for (let id = 0; id < 3; id += 1) index.insert(id, { low: id, high: id });
  const whole = index.snapshot();
  const damaged: Snapshot[] = [
    { ...whole, kind: 'other' },
    { ...whole, version: 2 },
    { ...whole, config: {} },
    { ...whole, config: { capacity: 2 ** 40, size: 3 } },
    { ...whole, config: { capacity: 2, size: 3 } },
    { ...whole, config: { capacity: 10, size: 2 ** 30 } },
    { ...whole, tensors: {} },
    { ...whole, tensors: { ...whole.tensors, ids: { shape: [3], data: new Uint32Array(3) } } },
    { ...whole, tensors: { ...whole.tensors, fingerprints: { shape: [2, 2], data: new Uint32Array(4) } } },
  ];
  for (const snapshot of damaged)
    assert.throws(
      () => LshIndex.restore(snapshot),
      (error) => hasCode(error),
    );
});

test('the id map is a map', () => {
  // Ids that often share a home, next to each other and at the end of the table.
  const id = fc.oneof(fc.nat({ max: 60 }), fc.integer({ min: 0xfffffff0, max: 0xffffffff }), word);
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 400, size: 'max' }), (steps) => {
      const map = new IdMap();
      const wanted = new Map<number, number>();
      steps.forEach(([key, add], slot) => {
        if (wanted.has(key) && !add) {
          map.remove(key);
          wanted.delete(key);
        } else if (!wanted.has(key) && add) {
          map.add(key, slot);
          wanted.set(key, slot);
        }
      });
      assert.equal(map.size, wanted.size);
      for (const [key] of steps) assert.equal(map.get(key), wanted.get(key) ?? -1);
      assert.deepEqual(
        [...map.ids()],
        [...wanted.keys()].toSorted((a, b) => a - b),
      );
    }),
    { numRuns: 200 },
  );
});
