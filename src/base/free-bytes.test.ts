import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeBytes } from './free-bytes.ts';
import { MIB } from './limits.ts';

test('gives back what has memory of its own, and nothing that is shared', () => {
  const own = Buffer.allocUnsafe(MIB);
  freeBytes(own);
  assert.equal(own.length, 0);
  const pooled = Buffer.from('a few bytes of the pool');
  const shared = Buffer.from(new SharedArrayBuffer(MIB));
  for (const bytes of [pooled, shared, Buffer.alloc(0)]) {
    const { length } = bytes;
    freeBytes(bytes);
    assert.equal(bytes.length, length);
  }
});
