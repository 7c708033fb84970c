import assert from 'node:assert/strict';
import { exists, makeDirectories } from '../../src/base/index.ts';
import { type Check, fails, unsupported } from './file-system-subject.ts';

const directories: readonly Check[] = [
  [
    'makeDirectory, readDirectory and removeDirectory',
    (s) => {
      s.fs.makeDirectory(s.at('d'));
      s.put(s.at('d/a'));
      s.fs.makeDirectory(s.at('d/b'));
      assert.deepEqual(s.names(s.at('d')), ['a', 'b']);
      fails('EEXIST', () => s.fs.makeDirectory(s.at('d')));
      fails('EEXIST', () => s.fs.makeDirectory(s.at('d/a')));
      fails('ENOTEMPTY', () => s.fs.removeDirectory(s.at('d')));
      s.fs.removeDirectory(s.at('d/b'));
      s.fs.unlink(s.at('d/a'));
      s.fs.removeDirectory(s.at('d'));
      assert.equal(exists(s.fs, s.at('d')), false);
    },
  ],
  [
    'missing things are ENOENT, a file on the way is ENOTDIR',
    (s) => {
      s.put(s.at('f'));
      for (const [name, code] of [
        ['none/a', 'ENOENT'],
        ['f/a', 'ENOTDIR'],
      ] as const) {
        fails(code, () => s.fs.lstat(s.at(name)));
        fails(code, () => s.fs.open(s.at(name), 'create'));
        fails(code, () => s.fs.makeDirectory(s.at(name)));
        fails(code, () => s.fs.readDirectory(s.at(name)));
        fails(code, () => s.fs.readLink(s.at(name)));
        fails(code, () => s.fs.unlink(s.at(name)));
        fails(code, () => s.fs.removeDirectory(s.at(name)));
        fails(code, () => s.fs.rename(s.at('f'), s.at(name)));
        fails(code, () => s.fs.link(s.at('f'), s.at(name)));
        fails(code, () => s.fs.symlink(Buffer.from('f'), s.at(name)));
        fails(code, () => s.fs.chmod(s.at(name), 0o600));
        fails(code, () => s.fs.setMtime(s.at(name), 0n));
      }
      fails('ENOTDIR', () => s.fs.readDirectory(s.at('f')));
      fails('ENOTDIR', () => s.fs.removeDirectory(s.at('f')));
    },
  ],
  [
    'unlink refuses a directory',
    (s) => {
      s.fs.makeDirectory(s.at('d'));
      // EPERM is what POSIX says and macOS does; Linux says EISDIR.
      assert.throws(
        () => s.fs.unlink(s.at('d')),
        (error) => ['EISDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''),
      );
      assert.ok(exists(s.fs, s.at('d')));
    },
  ],
  [
    'makeDirectories makes what is missing and keeps what is there',
    (s) => {
      makeDirectories(s.fs, s.at('a/b/c'));
      s.put(s.at('a/b/c/file'));
      makeDirectories(s.fs, s.at('a/b/c'));
      assert.deepEqual(s.names(s.at('a/b/c')), ['file']);
    },
  ],
];

const renames: readonly Check[] = [
  [
    'rename moves, also between directories, and replaces what is there',
    (s) => {
      s.put(s.at('a'), 'new');
      s.put(s.at('b'), 'old');
      const { inode } = s.fs.lstat(s.at('a'));
      s.fs.rename(s.at('a'), s.at('b'));
      assert.deepEqual(s.names(s.root), ['b']);
      s.fs.makeDirectory(s.at('d'));
      s.fs.rename(s.at('b'), s.at('d/c'));
      assert.equal(s.get(s.at('d/c')), 'new');
      assert.equal(s.fs.lstat(s.at('d/c')).inode, inode);
      assert.deepEqual(s.names(s.root), ['d']);
    },
  ],
  [
    'rename refuses what would lose something',
    (s) => {
      s.put(s.at('f'));
      makeDirectories(s.fs, s.at('full/inner'));
      s.fs.makeDirectory(s.at('empty'));
      fails('ENOENT', () => s.fs.rename(s.at('none'), s.at('x')));
      fails('EISDIR', () => s.fs.rename(s.at('f'), s.at('empty')));
      fails('ENOTDIR', () => s.fs.rename(s.at('empty'), s.at('f')));
      fails('ENOTEMPTY', () => s.fs.rename(s.at('empty'), s.at('full')));
      fails('EINVAL', () => s.fs.rename(s.at('full'), s.at('full/inner/x')));
      s.fs.rename(s.at('full'), s.at('empty'));
      assert.deepEqual(s.names(s.root), ['empty', 'f']);
      assert.deepEqual(s.names(s.at('empty')), ['inner']);
    },
  ],
  [
    'rename onto itself changes nothing',
    (s) => {
      s.put(s.at('a'));
      s.fs.rename(s.at('a'), s.at('a'));
      assert.equal(s.get(s.at('a')), 'content');
    },
  ],
];

const rawNames: readonly Check[] = [
  [
    'a name is any bytes but slash and zero, and comes back as it went in',
    (s, t) => {
      const any = Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1).filter((byte) => byte !== 0x2f));
      const names = [Buffer.from([0xff, 0xfe]), Buffer.from('é'), Buffer.from('é', 'latin1'), any];
      const make = (): void => {
        for (const name of names) s.put(s.raw(name), name.toString('hex'));
      };
      // macOS takes UTF-8 names only.
      if (unsupported(t, ['EILSEQ'], make)) return;
      const found = s.fs.readDirectory(s.root);
      assert.deepEqual(found.map(String).sort(), names.map(String).sort());
      for (const name of found) assert.equal(s.get(s.raw(name)), name.toString('hex'));
      s.fs.unlink(s.raw(any));
      assert.equal(s.fs.readDirectory(s.root).length, names.length - 1);
    },
  ],
  [
    'text paths are UTF-8',
    (s) => {
      s.put(s.at('ü€𝄞'));
      assert.deepEqual(s.fs.readDirectory(s.root), [Buffer.from('ü€𝄞')]);
    },
  ],
  [
    'a zero byte is refused, never taken for the end of the text',
    (s) => {
      s.put(s.at('f'));
      const zero = Buffer.from('f\0tail');
      const path = s.raw(zero);
      assert.throws(() => s.fs.lstat(path));
      assert.throws(() => s.fs.open(path, 'read'));
      assert.throws(() => s.fs.makeDirectory(path));
      assert.throws(() => s.fs.rename(s.at('f'), path));
      assert.throws(() => s.fs.symlink(zero, s.at('l')));
      assert.throws(() => s.fs.listXattrs(path));
      assert.throws(() => s.fs.setXattr(path, { name: Buffer.from('user.a'), value: zero }));
      assert.throws(() => s.fs.setXattr(s.at('f'), { name: Buffer.from('user.a\0b'), value: zero }));
      assert.throws(() => s.fs.makeNode(path, { kind: 'fifo', mode: 0o600, deviceNumber: 0n }));
      assert.deepEqual(s.names(s.root), ['f']);
    },
  ],
  [
    'a name longer than 255 bytes is refused',
    (s) => {
      s.put(s.at('n'.repeat(255)));
      fails('ENAMETOOLONG', () => s.fs.open(s.at('n'.repeat(256)), 'create'));
    },
  ],
];

export const nameChecks: readonly Check[] = [...directories, ...renames, ...rawNames];
