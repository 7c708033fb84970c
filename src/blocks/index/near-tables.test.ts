import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rng } from '../../base/index.ts';
import type { PackTable } from '../pack/index.ts';
import { NearTables } from './near-tables.ts';

/** A table of ids; no more of it is looked at. */
function table(ids: readonly string[]): PackTable {
  return { blockCount: ids.length, ids: Buffer.from(ids.join(''), 'hex') } as PackTable;
}

function randomIds(rng: Rng, count: number, head?: string): string[] {
  return Array.from({ length: count }, () => {
    const id = rng.bytes(32).toString('hex');
    return head === undefined ? id : head + id.slice(head.length);
  });
}

test('finds what the remembered tables hold, and nothing else', () => {
  const rng = new Rng(1);
  // Ids whose first bits are equal are told apart, whoever made them so.
  const lists = [randomIds(rng, 300), randomIds(rng, 50, 'ffffffff'), randomIds(rng, 1), []];
  const near = new NearTables();
  lists.forEach((ids, at) => {
    near.remember({ pack: String(at), block: 0, table: table(ids) });
  });
  lists.forEach((ids, at) => {
    ids.forEach((id, block) => {
      const found = near.find(id);
      assert.deepEqual([found?.pack, found?.block], [String(at), block]);
    });
  });
  for (const id of [...randomIds(rng, 50), ...randomIds(rng, 50, 'ffffffff'), '', 'no id'])
    assert.equal(near.find(id), undefined);
  near.clear();
  assert.equal(near.find(lists[0]?.[0] ?? ''), undefined);
});

test('of forged ids that all begin alike some are found, and none takes long', () => {
  let looks = 0;
  const ids = Array.from({ length: 5000 }, (_, i) => 'abcdef01'.padEnd(64, i.toString(16).padStart(4, '0')));
  const forged = table(ids);
  const { readUInt32BE } = forged.ids;
  forged.ids.readUInt32BE = (offset) => {
    looks += 1;
    return readUInt32BE.call(forged.ids, offset);
  };
  const near = new NearTables();
  near.remember({ pack: 'forged', block: 0, table: forged });
  assert.ok(looks <= ids.length);
  looks = 0;
  const found = ids.filter((id, block) => near.find(id)?.block === block);
  assert.equal(found.length, 128);
  assert.ok(looks <= 128 * ids.length);
});

test('forgets the table that was remembered longest ago', () => {
  const rng = new Rng(2);
  const ids = randomIds(rng, 9);
  const near = new NearTables();
  for (const id of ids) near.remember({ pack: id, block: 0, table: table([id]) });
  assert.deepEqual(
    ids.map((id) => near.find(id)?.pack),
    [undefined, ...ids.slice(1)],
  );
});
