import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { FsPath, Xattr } from './file-system.ts';
import { NodeFileSystem } from './node-file-system.ts';
import { type Libc, loadLibc } from './node-libc.ts';

// What every implementation of the port does is tested in test/conformance; here is what only this one has.

let file = '';

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'pilotfish-node-')), 'file');
  writeFileSync(file, 'content');
});
afterEach(() => rmSync(join(file, '..'), { recursive: true, force: true }));

/** Remembers what it was asked for. */
class NotedLibc implements Libc {
  readonly calls: unknown[] = [];

  listXattrs(path: FsPath): Xattr[] {
    this.calls.push(['list', path]);
    return [];
  }

  setXattr(path: FsPath, attribute: Xattr): void {
    this.calls.push(['set', path, attribute.name.toString()]);
  }

  makeNode(path: FsPath, mode: number, deviceNumber: bigint): void {
    this.calls.push(['node', path, mode.toString(8), deviceNumber]);
  }
}

test('attributes and nodes go to libc, with the file type in the mode', () => {
  const libc = new NotedLibc();
  const fs = new NodeFileSystem(libc);
  fs.listXattrs('a');
  fs.setXattr('b', { name: Buffer.from('user.x'), value: Buffer.alloc(0) });
  fs.makeNode('c', { kind: 'fifo', mode: 0o640, deviceNumber: 0n });
  fs.makeNode('d', { kind: 'character-device', mode: 0o600, deviceNumber: 259n });
  fs.makeNode('e', { kind: 'block-device', mode: 0o600, deviceNumber: 7n });
  assert.deepEqual(libc.calls, [
    ['list', 'a'],
    ['set', 'b', 'user.x'],
    ['node', 'c', '10640', 0n],
    ['node', 'd', '20600', 259n],
    ['node', 'e', '60600', 7n],
  ]);
});

test('a libc that is not there answers ENOTSUP, in the shape of Node', (t) => {
  const libc = loadLibc();
  try {
    libc.listXattrs(file);
    t.diagnostic('libc is there: extended attributes work here');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOTSUP');
    t.skip('ENOTSUP: koffi is not installed, or this file system has no attributes');
  }
});

test('libc reports what went wrong by its errno word', (t) => {
  const libc = loadLibc();
  const attribute = { name: Buffer.from('user.x'), value: Buffer.from('1') };
  try {
    libc.setXattr(file, attribute);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTSUP') throw error;
    return t.skip('ENOTSUP: koffi is not installed, or this file system has no attributes');
  }
  assert.throws(() => libc.listXattrs(`${file}/x`), { code: 'ENOTDIR' });
  assert.throws(() => libc.setXattr(`${file}-none`, attribute), { code: 'ENOENT' });
  assert.throws(() => libc.makeNode(file, 0o10600, 0n), { code: 'EEXIST' });
});

test('allocated bytes tell a file with holes', (t) => {
  const fs = new NodeFileSystem();
  const fd = fs.open(file, 'truncate');
  fs.truncate(fd, 1 << 24);
  fs.close(fd);
  const { sizeBytes, allocatedBytes } = fs.lstat(file);
  assert.equal(sizeBytes, 1 << 24);
  if (allocatedBytes >= sizeBytes) t.skip('this file system stores holes as zeros');
});
