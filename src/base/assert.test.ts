import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areObjects, areTexts, isObject, must, need, assert as promise } from './assert.ts';
import { hasCode } from './errors.ts';

const isBug = (error: unknown): boolean =>
  hasCode(error, 'INTERNAL') && error.message === 'all is well: this is a bug in Pilotfish, please report it';

test('a broken promise is an INTERNAL error that asks for a report', () => {
  promise(true, 'all is well');
  assert.throws(() => promise(false, 'all is well'), isBug);
});

test('must hands over what is there, also when it is falsy', () => {
  for (const value of [0, '', false, 0n]) assert.equal(must(value, 'all is well'), value);
  assert.throws(() => must(undefined, 'all is well'), isBug);
  assert.throws(() => must(null, 'all is well'), isBug);
});

test('an object is no list and not null', () => {
  for (const value of [{}, { a: 1 }, new Date()]) assert.ok(isObject(value));
  for (const value of [undefined, null, 5, 'text', [], () => 1]) assert.ok(!isObject(value));
});

test('lists are of what they are said to be of', () => {
  assert.deepEqual(
    [areObjects([]), areObjects([{}]), areObjects([{}, null]), areObjects({})],
    [...[true, true, false, false]],
  );
  assert.deepEqual(
    [areTexts([]), areTexts(['a']), areTexts(['a', 1]), areTexts('a')],
    [...[true, true, false, false]],
  );
});

test('what is needed and not there is refused with what to give', () => {
  need(true, 'nothing is missing');
  assert.throws(() => need(false, 'give { id }'), { code: 'USAGE', message: 'give { id }' });
});
