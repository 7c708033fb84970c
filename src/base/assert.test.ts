import assert from 'node:assert/strict';
import { test } from 'node:test';
import { must, assert as promise } from './assert.ts';
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
