import assert from 'node:assert/strict';
import { readAt, writeAll } from '../../src/base/index.ts';
import { type Check, fails, range } from './file-system-subject.ts';

const modes: readonly Check[] = [
  [
    'create makes an empty file and refuses to do so twice',
    (s) => {
      s.fs.close(s.fs.open(s.at('a'), 'create'));
      assert.equal(s.fs.lstat(s.at('a')).sizeBytes, 0);
      fails('EEXIST', () => s.fs.open(s.at('a'), 'create'));
    },
  ],
  [
    'truncate makes a file or empties the one there',
    (s) => {
      s.fs.close(s.fs.open(s.at('new'), 'truncate'));
      s.put(s.at('old'), 'something');
      s.fs.close(s.fs.open(s.at('old'), 'truncate'));
      assert.equal(s.get(s.at('new')), '');
      assert.equal(s.get(s.at('old')), '');
    },
  ],
  [
    'update keeps the content, and neither it nor read makes a file',
    (s) => {
      s.put(s.at('a'), 'abcdef');
      s.using(s.fs.open(s.at('a'), 'update'), (fd) => {
        s.fs.write(fd, Buffer.from('XY'), range(0, 2, 2));
        assert.equal(readAt(s.fs, fd, 0, 10).toString(), 'abXYef');
      });
      fails('ENOENT', () => s.fs.open(s.at('b'), 'update'));
      fails('ENOENT', () => s.fs.open(s.at('b'), 'read'));
    },
  ],
  [
    'a handle opened for reading does not write',
    (s) => {
      s.put(s.at('a'));
      s.using(s.fs.open(s.at('a'), 'read'), (fd) => {
        fails('EBADF', () => s.fs.write(fd, Buffer.from('x'), range(0, 1, 0)));
        fails('EINVAL', () => s.fs.truncate(fd, 0));
      });
      assert.equal(s.get(s.at('a')), 'content');
    },
  ],
  [
    'a new handle also reads',
    (s) => {
      s.using(s.fs.open(s.at('a'), 'create'), (fd) => {
        writeAll(s.fs, fd, Buffer.from('abc'), 0);
        assert.equal(readAt(s.fs, fd, 1, 9).toString(), 'bc');
      });
    },
  ],
];

const transfers: readonly Check[] = [
  [
    'reads and writes go by position and touch nothing else of the buffer',
    (s) => {
      s.put(s.at('a'), '0123456789');
      s.using(s.fs.open(s.at('a'), 'read'), (fd) => {
        const into = Buffer.from('........');
        assert.equal(s.fs.read(fd, into, range(2, 3, 4)), 3);
        assert.equal(into.toString(), '..456...');
        assert.equal(s.fs.read(fd, into, range(0, 1, 0)), 1);
        assert.equal(into.toString(), '0.456...');
      });
    },
  ],
  [
    'a negative position reads on from where the last such read ended',
    (s) => {
      s.put(s.at('a'), '0123456789');
      s.using(s.fs.open(s.at('a'), 'read'), (fd) => {
        const into = Buffer.alloc(4);
        assert.equal(s.fs.read(fd, into, range(0, 4, -1)), 4);
        assert.equal(s.fs.read(fd, into, range(0, 1, 0)), 1);
        assert.equal(s.fs.read(fd, into, range(0, 4, -1)), 4);
        assert.equal(into.toString(), '4567');
        assert.equal(s.fs.read(fd, into, range(0, 4, -1)), 2);
        assert.equal(s.fs.read(fd, into, range(0, 4, -1)), 0);
      });
    },
  ],
  [
    'the end of a file reads short, and beyond it 0 bytes',
    (s) => {
      s.put(s.at('a'), '01234');
      s.using(s.fs.open(s.at('a'), 'read'), (fd) => {
        const into = Buffer.alloc(8);
        assert.equal(s.fs.read(fd, into, range(0, 8, 3)), 2);
        assert.equal(s.fs.read(fd, into, range(0, 8, 5)), 0);
        assert.equal(s.fs.read(fd, into, range(0, 8, 500)), 0);
      });
    },
  ],
  [
    'writing behind the end leaves zeros between',
    (s) => {
      s.put(s.at('a'), 'ab');
      s.using(s.fs.open(s.at('a'), 'update'), (fd) => writeAll(s.fs, fd, Buffer.from('z'), 5));
      assert.equal(s.get(s.at('a')), 'ab\0\0\0z');
    },
  ],
  [
    'truncating cuts, and growing again shows zeros, not what was there',
    (s) => {
      s.put(s.at('a'), 'abcdef');
      s.using(s.fs.open(s.at('a'), 'update'), (fd) => {
        s.fs.truncate(fd, 2);
        assert.equal(s.fs.stat(fd).sizeBytes, 2);
        s.fs.truncate(fd, 4);
        assert.equal(readAt(s.fs, fd, 0, 9).toString(), 'ab\0\0');
        writeAll(s.fs, fd, Buffer.from('x'), 5);
        assert.equal(readAt(s.fs, fd, 0, 9).toString(), 'ab\0\0\0x');
      });
    },
  ],
  [
    'a file of many writes reads back whole',
    (s) => {
      const piece = Buffer.alloc(7001, 0).map((_, i) => i % 251);
      s.using(s.fs.open(s.at('a'), 'create'), (fd) => {
        for (let i = 0; i < 40; i += 1) writeAll(s.fs, fd, piece, i * piece.length);
        const all = readAt(s.fs, fd, 0, 41 * piece.length);
        assert.equal(all.length, 40 * piece.length);
        assert.ok(all.subarray(39 * piece.length).equals(piece));
      });
    },
  ],
  [
    'two handles on one file see the same bytes, also after it is unlinked',
    (s) => {
      s.put(s.at('a'), 'one');
      s.using(s.fs.open(s.at('a'), 'read'), (reader) => {
        s.using(s.fs.open(s.at('a'), 'update'), (writer) => writeAll(s.fs, writer, Buffer.from('TWO'), 0));
        s.fs.unlink(s.at('a'));
        assert.equal(readAt(s.fs, reader, 0, 9).toString(), 'TWO');
        assert.equal(s.fs.stat(reader).links, 0);
      });
    },
  ],
];

const handles: readonly Check[] = [
  [
    'fsync of a file and of a directory succeeds',
    (s) => {
      s.using(s.fs.open(s.at('a'), 'create'), (fd) => s.fs.fsync(fd));
      s.fs.fsyncDirectory(s.root);
      fails('ENOENT', () => s.fs.fsyncDirectory(s.at('none')));
      fails('ENOTDIR', () => s.fs.fsyncDirectory(s.at('a')));
    },
  ],
  [
    'a closed handle is EBADF for every call',
    (s) => {
      const fd = s.fs.open(s.at('a'), 'create');
      s.fs.close(fd);
      const one = Buffer.alloc(1);
      fails('EBADF', () => s.fs.read(fd, one, range(0, 1, 0)));
      fails('EBADF', () => s.fs.write(fd, one, range(0, 1, 0)));
      fails('EBADF', () => s.fs.truncate(fd, 0));
      fails('EBADF', () => s.fs.fsync(fd));
      fails('EBADF', () => s.fs.stat(fd));
      fails('EBADF', () => s.fs.close(fd));
    },
  ],
  [
    'a directory opens for reading only, and its bytes are refused',
    (s) => {
      s.fs.makeDirectory(s.at('d'));
      s.using(s.fs.open(s.at('d'), 'read'), (fd) => {
        assert.equal(s.fs.stat(fd).kind, 'directory');
        fails('EISDIR', () => s.fs.read(fd, Buffer.alloc(1), range(0, 1, 0)));
      });
      fails('EISDIR', () => s.fs.open(s.at('d'), 'update'));
      fails('EISDIR', () => s.fs.open(s.at('d'), 'truncate'));
      fails('EEXIST', () => s.fs.open(s.at('d'), 'create'));
    },
  ],
];

export const contentChecks: readonly Check[] = [...modes, ...transfers, ...handles];
