import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NodeFileSystem, Rng } from '../../src/base/index.ts';
import { SimFileSystem } from './disk.ts';
import { randomTree, treeVersions } from './sources.ts';
import { buildTree, removeTree, type Source } from './tree.ts';
import { readTree, type TreeState, treeDifferences } from './tree-state.ts';

const SEEDS = Array.from({ length: 30 }, (_, i) => i);

function built(sources: readonly Source[]): TreeState {
  const fs = new SimFileSystem();
  buildTree(fs, '/source', sources);
  return readTree(fs, '/source');
}

test('a described tree reads back as described', () => {
  const state = built([
    { path: 'd/e/text', bytes: 'hello', mode: 0o4755, owner: [7, 8], mtimeNs: 5n, xattrs: { 'user.a': 'v' } },
    { path: Buffer.from([0xff]), bytes: Buffer.alloc(3) },
    { path: 'a', hardLink: 'd/e/text' },
    { path: 'd', directory: true, mode: 0o711, mtimeNs: 6n },
    { path: 'l', symlink: '../x', mtimeNs: 7n },
    { path: 'p', node: 'socket' },
  ]);
  assert.deepEqual([...state.keys()], ['a', 'd', 'd/e', 'd/e/text', 'l', 'p', '\xff']);
  assert.deepEqual(state.get('d/e/text'), {
    kind: 'file',
    mode: 0o4755,
    uid: 7,
    gid: 8,
    mtimeNs: 5n,
    xattrs: ['user.a=76'],
    sizeBytes: 5,
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    sameAs: 'a',
  });
  const { mode, mtimeNs } = state.get('d') ?? {};
  assert.deepEqual([mode, mtimeNs], [0o711, 6n]);
  assert.equal(state.get('l')?.target, '../x');
});

test('differences name what differs, and times may differ by what Node cannot set', () => {
  const file = { path: 'a', bytes: 'x', mtimeNs: 1_000_000n };
  const was = built([file, { path: 'b', bytes: '', mtimeNs: 0n }]);
  assert.deepEqual(treeDifferences(was, built([{ ...file, mtimeNs: 1_000_999n }])), ['b: missing']);
  const is = built([
    { ...file, mode: 0o600, mtimeNs: 2_000_000n },
    { path: 'b', symlink: 'a', mtimeNs: 0n },
  ]);
  const lines = treeDifferences(was, is);
  assert.ok(lines.includes('a: mode was 420, is 384'));
  assert.ok(lines.includes('a: mtimeNs was 1000000, is 2000000'));
  assert.ok(lines.includes('b: kind was file, is symlink'));
  assert.deepEqual(treeDifferences(new Map(), was), ['a: not expected', 'b: not expected']);
});

test('a seed gives the same tree again, and the trees hold what they should', () => {
  const kinds = new Set<string>();
  for (const seed of SEEDS) {
    const state = built(randomTree(new Rng(seed)));
    assert.deepEqual(treeDifferences(state, built(randomTree(new Rng(seed))), 0n), []);
    const hashes = [...state.values()].flatMap(({ sha256 }) => sha256 ?? []);
    if (new Set(hashes).size < hashes.length - 2) kinds.add('copies');
    for (const { kind, sizeBytes, sameAs, xattrs } of state.values()) {
      kinds.add(kind);
      if (sizeBytes === 0) kinds.add('empty');
      if (sameAs !== undefined) kinds.add('hard link');
      if (xattrs.length > 0) kinds.add('xattrs');
    }
    if ([...state.keys()].some((path) => !isUtf8(Buffer.from(path, 'latin1')))) kinds.add('not UTF-8');
  }
  const wanted = [
    'character-device',
    'copies',
    'directory',
    'empty',
    'fifo',
    'file',
    'hard link',
    'not UTF-8',
    'symlink',
    'xattrs',
  ];
  assert.deepEqual([...kinds].sort(), wanted);
});

test('versions of a tree share most files and differ in some', () => {
  for (const seed of SEEDS) {
    const versions = treeVersions(new Rng(seed), 4).map(built);
    for (const [i, version] of versions.entries()) {
      const before = versions[i - 1];
      if (before === undefined) continue;
      const same = [...version].filter(([path, { sha256 }]) => before.get(path)?.sha256 === sha256).length;
      assert.ok(same > version.size / 2, `seed ${seed}: ${same} of ${version.size} entries are as before`);
      assert.ok(treeDifferences(before, version).length > 0);
    }
  }
});

test('the machine holds the same tree as the simulated disk', () => {
  const root = mkdtempSync(join(tmpdir(), 'pilotfish-tree-'));
  try {
    for (const seed of SEEDS.slice(0, 5)) {
      const sources = randomTree(new Rng(seed), { privileged: false, xattrs: false });
      const fs = new NodeFileSystem();
      buildTree(fs, `${root}/${seed}`, sources);
      const expected = built(sources);
      const actual = readTree(fs, `${root}/${seed}`);
      const foreign = /: ([ug]id was|mtimeNs was)/;
      // Who runs the test owns the files, and entries without a given time have that of the clock.
      assert.deepEqual(
        treeDifferences(expected, actual).filter((line) => !foreign.test(line)),
        [],
      );
      removeTree(fs, `${root}/${seed}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
