import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type ByteRange, exists, makeDirectories, readAt, readSmallFile, writeAll } from './file-system.ts';
import { NodeFileSystem } from './node-file-system.ts';

/** Moves at most three bytes at a time, which the port allows. */
class SlowFileSystem extends NodeFileSystem {
  override read(fd: number, into: Uint8Array, range: ByteRange): number {
    return super.read(fd, into, { ...range, length: Math.min(3, range.length) });
  }

  override write(fd: number, from: Uint8Array, range: ByteRange): number {
    return super.write(fd, from, { ...range, length: Math.min(3, range.length) });
  }
}

const fs = new SlowFileSystem();
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotfish-base-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function withFile<T>(text: string, act: (fd: number) => T): T {
  writeFileSync(join(root, 'file'), text);
  const fd = fs.open(join(root, 'file'), 'update');
  try {
    return act(fd);
  } finally {
    fs.close(fd);
  }
}

describe('transfers by short steps', () => {
  test('writeAll writes all, at the position asked for', () => {
    withFile('0123456789', (fd) => writeAll(fs, fd, Buffer.from('abcdefgh'), 5));
    assert.equal(readFileSync(join(root, 'file'), 'utf8'), '01234abcdefgh');
  });

  test('readAt reads what was asked for, less only at the end', () => {
    withFile('0123456789', (fd) => {
      assert.equal(readAt(fs, fd, 1, 7).toString(), '1234567');
      assert.equal(readAt(fs, fd, 8, 7).toString(), '89');
      assert.equal(readAt(fs, fd, 20, 7).length, 0);
      assert.equal(readAt(fs, fd, 0, 0).length, 0);
    });
  });

  test('readSmallFile shows by one byte too many that a file is longer than the limit', () => {
    writeFileSync(join(root, 'file'), '0123456789');
    assert.equal(readSmallFile(fs, join(root, 'file'), 10).length, 10);
    assert.equal(readSmallFile(fs, join(root, 'file'), 9).length, 10);
    assert.equal(readSmallFile(fs, join(root, 'file'), 4).length, 5);
    assert.throws(() => readSmallFile(fs, join(root, 'none'), 4), { code: 'ENOENT' });
  });
});

describe('names', () => {
  test('exists sees every kind, a dangling link too, and does not follow it', () => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync('none', join(root, 'dangling'));
    for (const name of ['', 'file', 'dangling']) assert.equal(exists(fs, join(root, name)), true, name);
    for (const name of ['none', 'none/x', 'file/x']) assert.equal(exists(fs, join(root, name)), false, name);
  });

  test('exists passes on what is not an answer', () => {
    symlinkSync('circle', join(root, 'circle'));
    assert.throws(() => exists(fs, join(root, 'circle/x')), { code: 'ELOOP' });
  });

  test('makeDirectories makes the missing ones only', () => {
    mkdirSync(join(root, 'a'));
    makeDirectories(fs, join(root, 'a/b/c'));
    makeDirectories(fs, join(root, 'a/b/c'));
    assert.equal(fs.lstat(join(root, 'a/b/c')).kind, 'directory');
    writeFileSync(join(root, 'file'), '');
    assert.throws(() => makeDirectories(fs, join(root, 'file/x')), { code: 'ENOTDIR' });
  });
});
