import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, seededBytes } from '../../../base/index.ts';
import { openSecret, RecordSealer, sealSecret } from './sealing.ts';

const KEY = Buffer.alloc(32, 1);
const SALT = Buffer.alloc(32, 2);
const PLAIN = Buffer.from('a record');
const isTampered = (error: unknown): boolean => hasCode(error, 'TAMPERED');

test('a record opens in its place, as the last or not as the last, in its file, with its key', () => {
  const sealer = new RecordSealer(KEY, SALT);
  const [first, second] = [sealer.seal(PLAIN, false), sealer.seal(PLAIN, true)];
  assert.notDeepEqual(first.subarray(0, PLAIN.length), second.subarray(0, PLAIN.length));
  const opener = new RecordSealer(KEY, SALT);
  assert.deepEqual([opener.open(first, false), opener.open(second, true)], [PLAIN, PLAIN]);
  assert.throws(() => new RecordSealer(KEY, SALT).open(first, true), isTampered);
  assert.throws(() => new RecordSealer(KEY, SALT).open(second, true), isTampered);
  assert.throws(() => new RecordSealer(KEY, Buffer.alloc(32, 3)).open(first, false), isTampered);
  assert.throws(() => new RecordSealer(Buffer.alloc(32, 3), SALT).open(first, false), isTampered);
  assert.throws(() => new RecordSealer(KEY, SALT).open(Buffer.alloc(3), false), isTampered);
});

test('a secret opens with its key only, and is no record of a file', () => {
  const random = seededBytes(1);
  const sealed = sealSecret('geheim', KEY, random);
  assert.notDeepEqual(sealed, sealSecret('geheim', KEY, random));
  assert.equal(openSecret(sealed, KEY), 'geheim');
  assert.throws(() => openSecret(sealed, Buffer.alloc(32, 3)), isTampered);
  assert.throws(
    () => openSecret(sealed, undefined),
    (error: unknown) => hasCode(error, 'WRONG_PASSWORD'),
  );
  assert.throws(() => openSecret(sealed.subarray(0, -1), KEY), isTampered);
  assert.throws(
    () => new RecordSealer(KEY, sealed.subarray(0, 32)).open(sealed.subarray(32), true),
    isTampered,
  );
});
