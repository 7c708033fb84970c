import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { buildTree } from '../../../test/sim/tree.ts';
import { Owners } from './owners.ts';

function owners(passwd: string | Buffer, group = ''): Owners {
  const fs = new SimFileSystem();
  buildTree(fs, '/etc', [
    { path: 'passwd', bytes: passwd },
    { path: 'group', bytes: group },
  ]);
  return new Owners(fs);
}

test('names are found by number', () => {
  const found = owners(
    'root:x:0:0:root:/:/bin/sh\nana:x:1000:1000:Ana,,,:/:/bin/sh\n',
    'root:x:0:\nstaff:x:50:ana,ben\n',
  );
  assert.deepEqual(
    [0, 1000, 7].map((uid) => found.user(uid)),
    ['root', 'ana', ''],
  );
  assert.deepEqual(
    [0, 50, 1000].map((gid) => found.group(gid)),
    ['root', 'staff', ''],
  );
});

test('the first of two names of one number counts, as it does for ls', () => {
  assert.equal(owners('root:x:0:0::/:\ntoor:x:0:0::/:\n').user(0), 'root');
});

test('lines that are no entries are passed over', () => {
  const found = owners(
    '# comment\n\n+::::::\n:x:5:5\nnobody\nminus:x:-1:0\nhex:x:0x10:0\nspace:x: 7:0\nlast:x:8:8',
  );
  assert.deepEqual(
    [5, 0, 16, 7, 8].map((uid) => found.user(uid)),
    ['', '', '', '', 'last'],
  );
});

test('without databases there are numbers only', () => {
  const found = new Owners(new SimFileSystem());
  assert.deepEqual([found.user(0), found.group(0)], ['', '']);
  assert.equal(owners(Buffer.from([0xff, 0xfe, 0x00])).user(0), '');
});
