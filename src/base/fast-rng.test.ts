import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from './errors.ts';
import { FastRng } from './fast-rng.ts';

test('the first draws from the state 1, 2, 3, 4 are those of the published xoshiro128**', () => {
  const rng = FastRng.restore([1, 2, 3, 4]);
  const draws = Array.from({ length: 4 }, () => rng.nextU32());
  assert.deepEqual(draws, [11520, 0, 5927040, 70819200]);
});

test('a restored generator goes on where the state was read', () => {
  const rng = new FastRng(7);
  for (let i = 0; i < 10; i += 1) rng.next();
  const twin = FastRng.restore(rng.state);
  for (let i = 0; i < 100; i += 1) assert.equal(twin.nextU32(), rng.nextU32());
});

test('draws are uniform, whole, in range, and normal draws have mean 0 and deviation 1', () => {
  const rng = new FastRng(1);
  const counts = new Uint32Array(6);
  for (let i = 0; i < 60_000; i += 1) {
    const side = rng.below(6);
    counts[side] = (counts[side] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${count}`);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < 60_000; i += 1) {
    const value = rng.normal();
    sum += value;
    squares += value * value;
  }
  assert.ok(Math.abs(sum / 60_000) < 0.02);
  assert.ok(Math.abs(squares / 60_000 - 1) < 0.03);
});

test('a shuffle is a permutation; children and other seeds give other streams', () => {
  const rng = new FastRng(3);
  const order = Uint32Array.from({ length: 50 }, (_, i) => i);
  rng.shuffle(order);
  assert.notDeepEqual(order, order.toSorted());
  assert.deepEqual(
    Array.from(order.toSorted()),
    Array.from({ length: 50 }, (_, i) => i),
  );
  assert.notEqual(rng.split().nextU32(), rng.split().nextU32());
  assert.notEqual(new FastRng(1).nextU32(), new FastRng(2).nextU32());
});

test('what is no state is refused', () => {
  for (const state of [[], [0, 0, 0, 0], [1, 2, 3], [1, 2, 3, -1], [1, 2, 3, 0.5], [1, 2, 3, 2 ** 32]]) {
    assert.throws(
      () => FastRng.restore(state),
      (error) => hasCode(error, 'DAMAGED'),
    );
  }
});
