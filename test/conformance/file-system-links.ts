import assert from 'node:assert/strict';
import { exists } from '../../src/base/index.ts';
import { type Check, fails } from './file-system-subject.ts';

const symlinks: readonly Check[] = [
  [
    'a symbolic link holds any bytes and is never followed by lstat',
    (s) => {
      const target = Buffer.from([0x2e, 0x2e, 0x2f, 0xff, 0xc3]);
      s.fs.symlink(target, s.at('l'));
      assert.deepEqual(s.fs.readLink(s.at('l')), target);
      const stat = s.fs.lstat(s.at('l'));
      assert.equal(stat.kind, 'symlink');
      assert.equal(stat.sizeBytes, target.length);
      fails('EEXIST', () => s.fs.symlink(target, s.at('l')));
      s.put(s.at('f'));
      fails('EINVAL', () => s.fs.readLink(s.at('f')));
    },
  ],
  [
    'open refuses a link in the last place, whether it leads somewhere or not',
    (s) => {
      s.put(s.at('f'));
      s.fs.symlink(Buffer.from('f'), s.at('good'));
      s.fs.symlink(Buffer.from('none'), s.at('bad'));
      for (const name of ['good', 'bad']) {
        for (const mode of ['read', 'update', 'truncate'] as const) {
          fails('ELOOP', () => s.fs.open(s.at(name), mode));
        }
        fails('EEXIST', () => s.fs.open(s.at(name), 'create'));
      }
      assert.equal(s.get(s.at('f')), 'content');
      assert.equal(exists(s.fs, s.at('none')), false);
    },
  ],
  [
    'links on the way to the last place are followed',
    (s) => {
      s.fs.makeDirectory(s.at('d'));
      s.fs.makeDirectory(s.at('d/e'));
      s.fs.symlink(Buffer.from('d/e'), s.at('relative'));
      s.fs.symlink(Buffer.from(s.at('relative')), s.at('absolute'));
      s.put(s.at('absolute/f'));
      assert.deepEqual(s.names(s.at('d/e')), ['f']);
      assert.deepEqual(s.names(s.at('absolute')), ['f']);
      assert.deepEqual(s.names(s.at('relative/..')), ['e']);
    },
  ],
  [
    'a circle of links is ELOOP',
    (s) => {
      s.fs.symlink(Buffer.from('b'), s.at('a'));
      s.fs.symlink(Buffer.from('a'), s.at('b'));
      fails('ELOOP', () => s.fs.lstat(s.at('a/x')));
      fails('ELOOP', () => s.fs.readDirectory(s.at('a')));
    },
  ],
  [
    'rename, unlink and link treat the link, not what it leads to',
    (s) => {
      s.put(s.at('f'));
      s.fs.symlink(Buffer.from('f'), s.at('l'));
      s.fs.rename(s.at('l'), s.at('m'));
      s.fs.link(s.at('m'), s.at('n'));
      assert.equal(s.fs.lstat(s.at('n')).kind, 'symlink');
      s.fs.unlink(s.at('m'));
      s.fs.unlink(s.at('n'));
      assert.deepEqual(s.names(s.root), ['f']);
    },
  ],
];

const hardLinks: readonly Check[] = [
  [
    'hard links share one inode and are counted',
    (s) => {
      s.put(s.at('a'));
      s.fs.link(s.at('a'), s.at('b'));
      s.fs.link(s.at('b'), s.at('c'));
      const [a, c] = [s.fs.lstat(s.at('a')), s.fs.lstat(s.at('c'))];
      assert.deepEqual([a.inode, a.device, a.links], [c.inode, c.device, 3]);
      s.fs.unlink(s.at('a'));
      assert.equal(s.fs.lstat(s.at('b')).links, 2);
      assert.equal(s.get(s.at('c')), 'content');
    },
  ],
  [
    'link refuses a taken name, a directory and what is not there',
    (s) => {
      s.put(s.at('a'));
      s.fs.makeDirectory(s.at('d'));
      fails('EEXIST', () => s.fs.link(s.at('a'), s.at('d')));
      fails('EPERM', () => s.fs.link(s.at('d'), s.at('e')));
      fails('ENOENT', () => s.fs.link(s.at('none'), s.at('e')));
    },
  ],
  [
    'replacing one of two links by rename leaves the other',
    (s) => {
      s.put(s.at('a'), 'shared');
      s.fs.link(s.at('a'), s.at('b'));
      s.put(s.at('c'), 'other');
      s.fs.rename(s.at('c'), s.at('b'));
      assert.equal(s.fs.lstat(s.at('a')).links, 1);
      assert.deepEqual([s.get(s.at('a')), s.get(s.at('b'))], ['shared', 'other']);
    },
  ],
  [
    'rename between two links of one file keeps both',
    (s) => {
      s.put(s.at('a'));
      s.fs.link(s.at('a'), s.at('b'));
      s.fs.rename(s.at('a'), s.at('b'));
      assert.deepEqual(s.names(s.root), ['a', 'b']);
    },
  ],
];

export const linkChecks: readonly Check[] = [...symlinks, ...hardLinks];
