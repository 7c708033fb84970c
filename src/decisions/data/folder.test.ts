import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { type FsPath, sha256Hex, writeAll } from '../../base/index.ts';
import { type DataSet, discover } from './folder.ts';

const CONTENT = brotliCompressSync(Buffer.from('what a user would store'));
const HEADER = 'path\tsource\tlicence\tbytes\tsha256\tuse\tnote';

function put(fs: SimFileSystem, path: FsPath, bytes: Uint8Array = CONTENT): void {
  const fd = fs.open(path, 'create');
  writeAll(fs, fd, bytes, 0);
  fs.close(fd);
}

function newFolder(): SimFileSystem {
  const fs = new SimFileSystem();
  fs.makeDirectory('/data');
  return fs;
}

function withFile(): SimFileSystem {
  const fs = newFolder();
  fs.makeDirectory('/data/compression');
  put(fs, '/data/compression/a.br');
  return fs;
}

const found = (fs: SimFileSystem, warnings: string[] = []): DataSet[] =>
  discover(fs, '/data', 'compression', (message) => warnings.push(message));

test('data sets are found in name order, without endings', () => {
  const fs = withFile();
  fs.makeDirectory('/data/compression/b');
  put(fs, '/data/compression/b/c.br');
  const sets = found(fs);
  assert.deepEqual(
    sets.map(({ name, use }) => [name, use]),
    [
      ['a', 'evaluate'],
      ['b/c', 'evaluate'],
    ],
  );
  const [file] = [...(sets[0]?.files() ?? [])];
  assert.equal(String(file?.bytes), 'what a user would store');
});

test('a name that is no UTF-8, a link, a pipe, another format: skipped with a warning each', () => {
  const fs = withFile();
  put(fs, Buffer.from('/data/compression/\xff.br', 'latin1'));
  fs.makeDirectory(Buffer.from('/data/compression/\xfe', 'latin1'));
  fs.symlink(Buffer.from('a.br'), '/data/compression/link.br');
  fs.makeNode('/data/compression/pipe.br', { kind: 'fifo', mode: 0o600, deviceNumber: 0n });
  put(fs, '/data/compression/z.zip');
  const warnings: string[] = [];
  assert.deepEqual(
    found(fs, warnings).map(({ name }) => name),
    ['a'],
  );
  assert.equal(warnings.length, 5);
  assert.ok(warnings.every((message) => message.startsWith('compression/') && message.includes('skipped')));
});

test('what is no folder where one must be, and no file where one must be', () => {
  const none = new SimFileSystem();
  assert.throws(() => found(none), { code: 'MISSING' });
  put(none, '/data');
  assert.throws(() => found(none), { code: 'USAGE' });
  const file = newFolder();
  assert.deepEqual(found(file), []);
  put(file, '/data/compression');
  assert.throws(() => found(file), { code: 'DAMAGED' });
  const list = withFile();
  list.makeDirectory('/data/MANIFEST.tsv');
  assert.throws(() => found(list), { code: 'DAMAGED' });
  const unreadable = withFile();
  unreadable.setUnreadable('/data/compression');
  assert.throws(() => found(unreadable), { code: 'IO' });
});

test('the list says what may be shipped; a line that does not parse is named', () => {
  const listed = (bytes: string): SimFileSystem => {
    const fs = withFile();
    const line = ['compression/a.br', 's', 'l', bytes, sha256Hex(CONTENT), 'train+ship', ''].join('\t');
    put(fs, '/data/MANIFEST.tsv', Buffer.from(`${HEADER}\n${line}\n`));
    return fs;
  };
  const [set] = found(listed(String(CONTENT.length)));
  assert.equal(set?.use, 'train+ship');
  assert.equal([...(set?.files() ?? [])].length, 1);
  for (const bytes of ['-1', '', '1.5', '1e2', 'many', '99999999999999999999']) {
    assert.throws(() => found(listed(bytes)), { code: 'DAMAGED' }, bytes);
  }
  const [other] = found(listed('7'));
  assert.throws(() => other?.files(), { code: 'DAMAGED' });
});

/** An archive as `tar --format=ustar` writes it, of what its header needs to be read. */
function ustar(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(bytes.length.toString(8).padStart(11, '0'), 124);
    return [header, bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

const filesOf = (archive: Uint8Array): readonly [string, string][] => {
  const fs = withFile();
  fs.unlink('/data/compression/a.br');
  put(fs, '/data/compression/a.tar.br', brotliCompressSync(archive));
  return [...(found(fs)[0]?.files() ?? [])].map(({ name, group }) => [name, group]);
};

test('an index says which files of an archive belong together, whatever they are called', () => {
  const index = Buffer.from('path\tgroup\n__proto__\tconstructor\n../x\tg\n');
  const one = Buffer.from('1');
  assert.deepEqual(filesOf(ustar({ 'index.tsv': index, '../x': one, ['__proto__']: one, 'a\nb': one })), [
    ['../x', 'g'],
    ['__proto__', 'constructor'],
    ['a\nb', 'a\nb'],
  ]);
});

test('an archive that is cut, or whose index is a bomb, ends with a coded error', () => {
  const whole = ustar({ a: Buffer.alloc(700) });
  assert.throws(() => filesOf(whole.subarray(0, 900)), { code: 'DAMAGED' });
  const odd = Buffer.from(whole);
  odd.write('9', 130);
  assert.throws(() => filesOf(odd), { code: 'DAMAGED' });
  const lines = Buffer.alloc(2 ** 20 + 2, '\n');
  lines.write('x', lines.length - 1);
  assert.throws(() => filesOf(ustar({ 'index.tsv': lines })), { code: 'LIMIT' });
});
