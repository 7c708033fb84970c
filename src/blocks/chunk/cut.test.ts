import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from '../../../test/sim/file-bytes.ts';
import { hasCode, KIB, Rng } from '../../base/index.ts';
import { cutIntoBlocks } from './cut.ts';

test('blocks put end to end are the data, and have the lengths asked for', () => {
  const data = text(new Rng(1), 700 * KIB);
  const blocks = cutIntoBlocks(data, 16 * KIB);
  assert.ok(Buffer.concat(blocks).equals(data));
  assert.ok(blocks.length > 20 && blocks.every(({ length }) => length <= 64 * KIB));
  assert.deepEqual(
    cutIntoBlocks(data.subarray(0, 9000)).map(({ length }) => length),
    [9000],
  );
  assert.deepEqual(cutIntoBlocks(new Uint8Array(0)), []);
  assert.throws(
    () => cutIntoBlocks(data, 1),
    (error) => hasCode(error, 'USAGE'),
  );
});
