import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShareAssignment } from './assignment.ts';

const N = 100_000;

function sides(key: string, share: number): boolean[] {
  const assign = new ShareAssignment(key, { epoch: 0, share: () => share });
  return Array.from({ length: N }, (_, i) => assign.useModel(i + 1));
}

/** Correlation of two lists of sides. */
function correlation(a: readonly boolean[], b: readonly boolean[]): number {
  const [p, q] = [a.filter(Boolean).length / N, b.filter(Boolean).length / N];
  const both = a.filter((side, i) => side && b[i]).length / N;
  return (both - p * q) / Math.sqrt(p * (1 - p) * q * (1 - q));
}

test('shares are kept, within four standard errors', () => {
  for (const share of [0, 0.05, 0.25, 0.5, 0.99, 1]) {
    const part = sides('a', share).filter(Boolean).length / N;
    assert.ok(Math.abs(part - share) <= 4 * Math.sqrt((share * (1 - share)) / N), `${share}: ${part}`);
  }
});

test('a unit keeps its side while the share grows', () => {
  const [small, large] = [sides('a', 0.05), sides('a', 0.25)];
  assert.ok(small.every((side, i) => !side || large[i]));
});

test('keys and neighbours are independent', () => {
  const one = sides('rollout/1/eu', 0.5);
  for (const other of ['rollout/2/eu', 'rollout/1/us']) {
    assert.ok(Math.abs(correlation(one, sides(other, 0.5))) < 4 / Math.sqrt(N), other);
  }
  for (const lag of [1, 2, 64]) {
    assert.ok(
      Math.abs(correlation(one, [...one.slice(lag), ...one.slice(0, lag)])) < 4 / Math.sqrt(N),
      `${lag}`,
    );
  }
});

test('the propensity is of the answer, and the arm is remembered whatever the share is later', () => {
  const source = { epoch: 0, share: () => 0.3 };
  const assign = new ShareAssignment('a', source);
  for (let id = 1; id <= 2000; id += 1) {
    const isModel = assign.useModel(id);
    assert.equal(assign.propensity, isModel ? 0.3 : 0.7);
  }
  const isModel = assign.isModelAt(1500);
  Object.assign(source, { epoch: 1, share: () => 0.9 });
  assign.useModel(2001);
  assert.deepEqual([assign.isModelAt(1500), assign.shareAt(1500), assign.shareAt(2001)], [isModel, 0.3, 0.9]);
  Object.assign(source, { epoch: 2, share: () => 0 });
  assert.equal(assign.useModel(2002), false);
  assert.equal(assign.isCompared(2002), false, 'nothing is compared where there is no choice');
});
