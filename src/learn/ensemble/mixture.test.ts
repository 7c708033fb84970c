import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, hasCode } from '../../base/index.ts';
import { WeightedMixture } from './index.ts';

const coded = (code: ErrorCode) => (error: unknown) => hasCode(error, code);
const says =
  (...answer: number[]) =>
  () =>
    answer;

test('seven parts trees and three parts network', () => {
  const mixture = new WeightedMixture([
    { predict: says(0.1, 0.6, 0.3), weight: 0.7 },
    { predict: says(0.2, 0.1, 0.7), weight: 0.3 },
  ]);
  const answer = Array.from(mixture.predict([]), (share) => share.toFixed(12));
  assert.deepEqual(answer, ['0.130000000000', '0.450000000000', '0.420000000000']);
  const { choice, confidence } = mixture.choose([]);
  assert.equal(choice, 1);
  assert.equal(confidence.toFixed(12), '0.450000000000');
});

test('a mixture of distributions is a distribution between its members', () => {
  const shares = fc
    .tuple(...[0, 1, 2].map(() => fc.double({ min: 0.01, max: 1, noNaN: true })))
    .map((raw) => raw.map((share) => share / raw.reduce((sum, value) => sum + value)));
  fc.assert(
    fc.property(shares, shares, fc.double({ min: 0, max: 1, noNaN: true }), (first, second, weight) => {
      const mixture = new WeightedMixture<string>([
        { predict: () => first, weight },
        { predict: () => second, weight: 1 - weight },
      ]);
      const answer = mixture.predict('anything');
      assert.ok(Math.abs(answer.reduce((sum, value) => sum + value) - 1) < 1e-12);
      answer.forEach((value, c) => {
        const [a, b] = [first[c] as number, second[c] as number];
        assert.ok(value >= Math.min(a, b) - 1e-12 && value <= Math.max(a, b) + 1e-12);
      });
      const { choice, confidence } = mixture.choose('anything');
      assert.equal(confidence, Math.max(...answer));
      assert.equal(choice, answer.indexOf(confidence));
    }),
  );
});

test('members are asked with the query, once, and not at weight 0', () => {
  const asked: string[] = [];
  const mixture = new WeightedMixture<string>([
    { predict: (query) => [asked.push(`never ${query}`)], weight: 0 },
    { predict: (query) => [asked.push(query) * query.length], weight: 1 },
  ]);
  assert.deepEqual(Array.from(mixture.predict('four')), [4]);
  assert.deepEqual(asked, ['four']);
});

test('weights that are no shares are refused', () => {
  const member = (weight: number) => ({ predict: says(1), weight });
  assert.throws(() => new WeightedMixture([]), coded('EMPTY'));
  for (const weights of [[0.7, 0.4], [0.5], [1.5, -0.5], [Number.NaN, 1], [0, 0]]) {
    assert.throws(() => new WeightedMixture(weights.map(member)), coded('USAGE'), `${weights}`);
  }
  new WeightedMixture([0.1, 0.2, 0.7].map(member));
});

test('members that disagree on the length or are not numbers are named', () => {
  const mixed = (...answers: number[][]) =>
    new WeightedMixture(answers.map((answer) => ({ predict: () => answer, weight: 1 / answers.length })));
  assert.throws(() => mixed([0.5, 0.5], [1]).predict([]), coded('SHAPE'));
  assert.throws(() => mixed([0.5, 0.5], [Number.NaN, 1]).predict([]), coded('NOT_FINITE'));
  assert.throws(() => mixed([], []).predict([]), coded('EMPTY'));
  assert.throws(() => mixed([2, 3], [4, 5]).choose([]), coded('USAGE'));
  assert.deepEqual(Array.from(mixed([2, 3], [4, 5]).predict([])), [3, 4]);
});
