import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_GROUP_BYTES, Rng } from '../../base/index.ts';
import type { Entry } from './entry.ts';
import { MAX_MEMBERS, OpenGroup } from './groups.ts';

const entryOf = (raw: Uint8Array): Entry => ({
  id: '',
  rawLength: raw.length,
  features: new Uint32Array(12),
  sequence: -1,
  isTree: false,
  fileNumber: 0,
  nameClass: 0,
  baseQuestion: 0,
  depth: 1,
  arenaAt: -1,
  home: { kind: 'queued' },
});
const join = (group: OpenGroup, raw: Uint8Array): number => group.join(entryOf(raw), raw);

test('members lie one after the other and read back by slot', () => {
  const rng = new Rng(1);
  const group = new OpenGroup(3);
  const members = Array.from({ length: 200 }, () => rng.bytes(1 + rng.below(16_384)));
  const kept = members.filter((raw) => group.fits(raw.length) && join(group, raw) >= 0);
  assert.ok(kept.length > 50 && kept.length < 200, 'it is full before the end');
  assert.ok(group.sizeBytes <= MAX_GROUP_BYTES);
  assert.ok(Buffer.from(group.raw()).equals(Buffer.concat(kept)));
  for (const [slot, raw] of kept.entries()) {
    assert.ok(Buffer.from(group.member(slot)).equals(raw));
    assert.equal(group.offset(slot + 1) - group.offset(slot), raw.length);
    assert.equal(group.members[slot]?.rawLength, raw.length);
  }
});

test('a group can be filled to its last byte', () => {
  const group = new OpenGroup(0);
  const piece = Buffer.alloc(16_384, 1);
  for (let i = 0; i < MAX_GROUP_BYTES / piece.length; i += 1) {
    assert.ok(group.fits(piece.length));
    join(group, piece);
  }
  assert.equal(group.sizeBytes, MAX_GROUP_BYTES);
  assert.ok(!group.fits(1));
});

test('a group is full long before a reader would refuse its members', () => {
  const group = new OpenGroup(0);
  const one = Buffer.from('x');
  while (!group.isFull && group.members.length <= MAX_MEMBERS) join(group, one);
  assert.equal(group.members.length, MAX_MEMBERS);
});

test('a group is full when much waits for it', () => {
  const group = new OpenGroup(0);
  join(group, Buffer.from('base'));
  const payload = Buffer.alloc(10_000);
  for (let i = 0; i < 1000 && !group.isFull; i += 1)
    group.wait({ entry: entryOf(payload), baseId: '', payload });
  assert.ok(group.isFull);
  const bytes = group.waiting.reduce((sum, delta) => sum + delta.payload.length, 0);
  assert.ok(bytes < 4 * MAX_GROUP_BYTES, `${bytes}`);
});
