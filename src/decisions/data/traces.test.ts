import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { sha256Hex, writeAll } from '../../base/index.ts';
import { discoverTraces } from './traces.ts';

/** A folder with these files under `traces/`. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): SimFileSystem {
  const fs = new SimFileSystem();
  for (const folder of ['/data', '/data/traces', '/data/traces/deep']) fs.makeDirectory(folder);
  for (const [path, content] of Object.entries(files)) {
    const fd = fs.open(`/data/traces/${path}`, 'create');
    writeAll(fs, fd, Buffer.from(content), 0);
    fs.close(fd);
  }
  return fs;
}

/** The keys of each trace by name; big ones as text. */
function keysIn(files: Readonly<Record<string, string | Uint8Array>>): Record<string, (number | string)[]> {
  const sets = discoverTraces(folderOf(files), '/data', () => undefined);
  const plain = (key: number | bigint): number | string => (typeof key === 'bigint' ? String(key) : key);
  return Object.fromEntries(
    sets.map((set) => [set.name, Array.from<number | bigint>(set.keys()).map(plain)]),
  );
}

const bytes = (...hex: string[]): Buffer => Buffer.from(hex.join(''), 'hex');

test('raw keys are read by width, sign and order of their ending', () => {
  const files = {
    'a.i32be': bytes('00000001', 'ffffffff'),
    'b.u32le': bytes('01000000', 'ffffffff'),
    'c.u32be': bytes('00000001', 'ffffffff'),
    'd.i64be': bytes('0000000000000001', 'ffffffffffffffff'),
    'e.u64le': bytes('0100000000000000', 'ffffffffffffffff'),
    'deep/f.i32le.br': brotliCompressSync(bytes('01000000', 'feffffff')),
  };
  assert.deepEqual(keysIn(files), {
    a: [1, -1],
    b: [1, 4_294_967_295],
    c: [1, 4_294_967_295],
    d: ['1', '-1'],
    'deep/f': [1, -2],
    e: ['1', '18446744073709551615'],
  });
});

test('texts have one key a line: the first column, the column lbn, or all of it', () => {
  const files = {
    'a.lis': '7 1 0 0\n9 1 0 1\n',
    'b.csv.br': brotliCompressSync(
      Buffer.from('version,time,op,size,lbn\r\n1,5,2a,512,70\r\n1,6,28,512,71\r\n'),
    ),
    'c.trace': '3\n*\n4 \n',
  };
  assert.deepEqual(keysIn(files), { a: [7, 9], b: [70, 71], c: [3, 4] });
});

test('other files are skipped with a warning; what the list says is checked', () => {
  const content = bytes('00000001');
  const line = (size: number): string => `traces/a.i32be\ts\tl\t${size}\t${sha256Hex(content)}\ttrain+ship\t`;
  const open = (size: number) => {
    const fs = folderOf({ 'a.i32be': content, 'README.md': 'words', 'LICENSE.txt': 'words' });
    const fd = fs.open('/data/MANIFEST.tsv', 'create');
    writeAll(fs, fd, Buffer.from(`path\tsource\tlicence\tbytes\tsha256\tuse\tnote\n${line(size)}\n`), 0);
    fs.close(fd);
    return fs;
  };
  const warnings: string[] = [];
  const [set, ...more] = discoverTraces(open(4), '/data', (message) => warnings.push(message));
  assert.deepEqual([more.length, warnings.length], [0, 2]);
  assert.match(warnings[1] ?? '', /^traces\/README\.md is skipped/);
  assert.deepEqual([set?.use, [...(set?.keys() ?? [])]], ['train+ship', [1]]);
  const [other] = discoverTraces(open(5), '/data', () => undefined);
  assert.throws(() => other?.keys(), { code: 'DAMAGED' });
});

test('what does not parse is named', () => {
  const damaged = {
    'a.i32be': bytes('000000'),
    'b.csv': 'time,key\n1,2\n',
    'c.csv': 'lbn\n1\nfar\n',
    'd.trace': '1\n2.5\n',
    'e.lis': '1e300 1\n',
    'f.trace.br': 'no brotli',
    'g.lis': `${'1'.repeat(70_000)}\n`,
    'h.csv': 'x'.repeat(70_000),
  };
  for (const [path, content] of Object.entries(damaged)) {
    assert.throws(() => keysIn({ [path]: content }), { code: 'DAMAGED' }, path);
  }
});

test('a text has one key for each line that holds one, and a bomb of lines ends at a limit', () => {
  assert.deepEqual(
    keysIn({ 'a.trace': '\n\n 5\n\n6', 'b.csv': 'lbn', 'c.csv': 'a,lbn\n\n1,8', 'd.lis': '' }),
    {
      ...{ a: [5, 6], b: [], c: [8], d: [] },
    },
  );
  const lines = Buffer.alloc(2 ** 26 + 1, '\n');
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  assert.throws(() => keysIn({ 'a.trace.br': brotliCompressSync(lines, fast) }), { code: 'LIMIT' });
});
