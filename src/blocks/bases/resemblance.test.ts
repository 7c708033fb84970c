import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rng } from '../../base/index.ts';
import { hasFeatures, RESEMBLANCE_ENTRY_BYTES, ResemblanceIndex } from './resemblance.ts';

/** Two, because one of twelve may be chance. */
const ANY = { count: 8, depthLimit: 4, minShared: 2 };

const featuresOf = (seed: number): Uint32Array => {
  const rng = new Rng(seed);
  return Uint32Array.from({ length: 12 }, () => 1 + rng.below(2 ** 32 - 1));
};

/** The same but for `other` features. */
function nearly(features: Uint32Array, other: number): Uint32Array {
  return features.map((value, i) => (i < other ? value ^ 0x55_5555 : value));
}

const block = (id: string | number, depth = 0) => ({ id: String(id), depth, rawLength: 1000 });
const withCapacity = (entries: number): ResemblanceIndex =>
  new ResemblanceIndex(entries * RESEMBLANCE_ENTRY_BYTES);

test('near duplicates are found among many strangers, the nearest first', () => {
  const index = withCapacity(5000);
  const wanted = featuresOf(1);
  for (let seed = 100; seed < 4000; seed += 1) {
    if (seed % 500 === 0) index.add(nearly(wanted, seed / 500), block(`shares ${12 - seed / 500}`));
    index.add(featuresOf(seed), block(seed));
  }
  const found = index.find(wanted, ANY);
  assert.deepEqual(
    found.map(({ id }) => id),
    [11, 10, 9, 8, 7, 6, 5].map((shared) => `shares ${shared}`),
  );
  assert.deepEqual(
    found.map(({ shared }) => shared),
    [11, 10, 9, 8, 7, 6, 5],
  );
  assert.equal(index.find(wanted, { ...ANY, count: 1 })[0]?.id, 'shares 11');
  assert.equal(index.find(wanted, { ...ANY, minShared: 9 }).length, 3);
  assert.deepEqual(index.find(featuresOf(99_999), ANY), []);
});

test('a tie goes to the newest', () => {
  const index = withCapacity(100);
  for (const id of ['old', 'newer', 'newest']) index.add(nearly(featuresOf(1), 3), block(id));
  const found = index.find(featuresOf(1), ANY);
  assert.deepEqual(
    found.map(({ id, age }) => [id, age]),
    [
      ['newest', 1],
      ['newer', 2],
      ['old', 3],
    ],
  );
});

test('a block at the depth limit is no base, and depths may be set later', () => {
  const index = withCapacity(100);
  const seq = index.add(featuresOf(1), block('deep', 4));
  assert.deepEqual(index.find(featuresOf(1), ANY), []);
  index.setDepth(seq, 2);
  assert.deepEqual(
    index.find(featuresOf(1), ANY).map(({ depth }) => depth),
    [2],
  );
  assert.deepEqual(index.find(featuresOf(1), { ...ANY, depthLimit: 2 }), []);
});

test('what its record came to is told with a block, as soon as it is known', () => {
  const index = withCapacity(16);
  const seq = index.add(featuresOf(1), block('a'));
  const ratioOf = (): number | undefined => index.find(featuresOf(1), ANY)[0]?.storedRatio;
  assert.equal(ratioOf(), 0.5, 'not known');
  for (const ratio of [0, 0.25, 1]) {
    index.setStoredRatio(seq, ratio);
    assert.ok(Math.abs((ratioOf() ?? Number.NaN) - ratio) < 0.01, `${ratioOf()}`);
  }
  index.setStoredRatio(seq, 0.5);
  assert.notEqual(ratioOf(), 0.5, 'which stands for a ratio that is not known');
  index.setStoredRatio(seq, 77);
  assert.equal(ratioOf(), 2, 'no record takes more than twice its bytes');
  for (let seed = 2; seed < 30; seed += 1) index.add(featuresOf(seed), { ...block(seed), storedRatio: 0.5 });
  index.setStoredRatio(seq, 1);
  assert.ok(Math.abs((index.find(featuresOf(29), ANY)[0]?.storedRatio ?? 0) - 0.5) < 0.01);
});

test('the best are kept whatever the order they were stored in, and a look-up has a limit', () => {
  for (const order of [
    [3, 9, 5, 7],
    [9, 7, 5, 3],
    [3, 5, 7, 9],
  ]) {
    const index = withCapacity(64);
    for (const other of order) index.add(nearly(featuresOf(1), other), block(other));
    const shared = index.find(featuresOf(1), { ...ANY, count: 3 }).map((found) => found.shared);
    assert.deepEqual(shared, [9, 7, 5]);
  }
  const index = withCapacity(64);
  for (let i = 0; i < 40; i += 1) index.add(featuresOf(1), block(i));
  assert.equal(index.find(featuresOf(1), { ...ANY, count: 100 }).length, 16);
});

test('the ring keeps the newest and forgets the rest', () => {
  const index = withCapacity(32);
  assert.equal(index.capacity, 32);
  for (let seed = 0; seed < 1000; seed += 1) {
    index.add(featuresOf(seed), { id: String(seed), depth: 0, rawLength: seed });
    for (const back of [0, 1, 31]) {
      if (back > seed) continue;
      const [found] = index.find(featuresOf(seed - back), ANY);
      assert.deepEqual(
        [found?.id, found?.rawLength, found?.age],
        [String(seed - back), seed - back, back + 1],
      );
    }
    if (seed >= 32) assert.deepEqual(index.find(featuresOf(seed - 32), ANY), []);
  }
});

test('setting the depth of a block that fell out of the ring changes nothing', () => {
  const index = withCapacity(16);
  const first = index.add(featuresOf(0), block('first'));
  for (let seed = 1; seed <= 16; seed += 1) index.add(featuresOf(seed), block(seed));
  index.setDepth(first, 4);
  assert.equal(index.find(featuresOf(16), ANY).length, 1, 'its slot belongs to another block now');
});

test('one feature shared by everything costs a bounded look', () => {
  const index = withCapacity(4000);
  const common = (seed: number) => featuresOf(seed).map((value, i) => (i === 5 ? 42 : value));
  for (let seed = 0; seed < 3000; seed += 1) index.add(common(seed), block(seed));
  const found = index.find(common(9999), { ...ANY, count: 1000, minShared: 1 });
  assert.ok(found.length <= 12 * 16, `${found.length}`);
  assert.equal(
    index.find(common(7), { ...ANY, minShared: 11 })[0]?.id,
    '7',
    'the other features still find it',
  );
});

test('the same questions give the same answers, asked again or of a twin', () => {
  const [a, b] = [withCapacity(64), withCapacity(64)];
  for (let seed = 0; seed < 200; seed += 1) {
    const features = nearly(featuresOf(seed % 20), seed % 12);
    const answer = structuredClone(a.find(features, ANY));
    assert.deepEqual(structuredClone(a.find(features, ANY)), answer);
    assert.deepEqual(structuredClone(b.find(features, ANY)), answer);
    for (const index of [a, b]) index.add(features, block(seed, seed % 5));
  }
});

test('a block that was never sampled has no features', () => {
  assert.equal(hasFeatures(new Uint32Array(12)), false);
  assert.equal(hasFeatures(Uint32Array.from([...new Array(11).fill(0), 1])), true);
});

test('memory follows the budget', () => {
  assert.equal(new ResemblanceIndex(256 * 1000).capacity, 1000);
  assert.ok(new ResemblanceIndex(0).capacity > 0);
});
