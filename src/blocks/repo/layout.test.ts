import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KNOWN_ENTRIES, Layout, packNameOf, temporaryWriter } from './layout.ts';

const layout = new Layout('/r');

test('everything lies where the format says', () => {
  const name = 'ab'.repeat(32);
  assert.equal(layout.pack(name), `/r/store/${name}.pack`);
  assert.equal(layout.snapshot(name), `/r/snapshots/${name}`);
  assert.equal(layout.temporary('0011223344556677', 'snapshot'), '/r/tmp/0011223344556677-snapshot');
  const entries = [layout.config, layout.fingerprints, layout.index, ...layout.directories].map((path) =>
    path.slice('/r/'.length),
  );
  assert.deepEqual(entries, ['config', 'fingerprints', 'index.sqlite', 'locks', 'snapshots', 'store', 'tmp']);
  for (const entry of entries) assert.ok(KNOWN_ENTRIES.has(entry));
});

test('a copy made in the order of names finds the packs of each snapshot it took', () => {
  assert.ok(layout.snapshots < layout.store);
});

test('only complete packs are packs', () => {
  const name = '0123456789abcdef'.repeat(4);
  assert.equal(packNameOf(`${name}.pack`), name);
  const others = [
    name,
    `${name}.pac`,
    `${name}.pack.tmp`,
    `${name.slice(1)}.pack`,
    `${name.toUpperCase()}.pack`,
    `x${name}.pack`,
    '.pack',
  ];
  for (const other of others) assert.equal(packNameOf(other), undefined, other);
});

test('a temporary file names its writer', () => {
  assert.equal(temporaryWriter('0011223344556677-12'), '0011223344556677');
  assert.equal(temporaryWriter('0011223344556677-a-b'), '0011223344556677');
  assert.equal(temporaryWriter('strange'), '');
});
