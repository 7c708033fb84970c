import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { testBytes } from './chunking/testing/fixtures.ts';
import { ContentKind, isCompressed, isText } from './content-kind.ts';
import { classify } from './magic.ts';

type KindName = keyof typeof ContentKind;

const nameOf = (kind: number) => Object.entries(ContentKind).find(([, id]) => id === kind)?.[0];

/** Heads of real files in hexadecimal, cut after what tells them. */
const HEADS: readonly (readonly [KindName, string])[] = [
  ['elf', '7f454c4602010100000000000000000003003e00'],
  ['machO', 'cffaedfe0c00000100000000'],
  ['machO', 'cafebabe00000002010000070000'],
  ['javaClass', 'cafebabe0000003d00220a00'],
  ['wasm', '0061736d01000000011b05'],
  ['pythonBytecode', 'cb0d0d0a000000009a3f1c66a8010000e3'],
  ['pythonBytecode', '2b0e0d0a000000009a3f1c66a8010000e3'],
  ['dex', '6465780a3033350012345678'],
  ['ar', '213c617263683e0a2f2020202020202020'],
  ['deb', '213c617263683e0a64656269616e2d62696e6172792020'],
  ['zip', '504b03041400080808'],
  ['zip', '504b0506000000000000'],
  ['gzip', '1f8b0800000000000003'],
  ['zlib', '789c4b4c4a0600024d0127'],
  ['zstd', '28b52ffd0458d10100'],
  ['xz', 'fd377a585a000004e6d6b446'],
  ['bzip2', '425a6839314159265359'],
  ['lz4', '04224d186440a7'],
  ['lzip', '4c5a49500116'],
  ['snappy', 'ff060000734e61507059'],
  ['sevenZip', '377abcaf271c0004'],
  ['rar', '526172211a070100'],
  ['cab', '4d53434600000000ac01'],
  ['rpm', 'edabeedb03000000'],
  ['squashfs', '68737173d0000000f1c2d35f0000020003000000010011000100c0000400'],
  ['png', '89504e470d0a1a0a0000000d49484452'],
  ['jpeg', 'ffd8ffe000104a46494600'],
  ['gif', '474946383961100010'],
  ['webp', '524946462c0b0000574542505650384c'],
  ['wav', '524946462400080057415645666d7420'],
  ['avi', '5249464600e80700415649204c495354'],
  ['bmp', '424d46000000000000003600'],
  ['tiff', '49492a0008000000'],
  ['tiff', '4d4d002a00000008'],
  ['heif', '0000001c667479706176696600000000'],
  ['heif', '00000018667479706865696300000000'],
  ['mp4', '0000002066747970697336d6d0000200'],
  ['ogg', '4f676753000200000000'],
  ['flac', '664c614300000022100010'],
  ['mp3', '49443304000000000023'],
  ['mp3', 'fffb9064000ff00000'],
  ['matroska', '1a45dfa39f4286810142'],
  ['woff', '774f464600010000'],
  ['woff2', '774f463200010000'],
  ['trueType', '00010000001201000004'],
  ['openType', '4f54544f000a0080'],
  ['pdf', '255044462d312e370a25e2e3cfd3'],
  ['sqlite', '53514c69746520666f726d6174203300100001'],
  ['parquet', '504152311504151015'],
  ['arrow', '4152524f57310000ffffffff'],
  ['numpy', '934e554d505901007600'],
  ['hdf5', '894844460d0a1a0a0000'],
  ['gguf', '47475546030000002301'],
  ['gitPack', '5041434b0000000200000123'],
  ['gitIndex', '444952430000000200000012'],
  ['gettext', 'de120495000000002a00'],
  ['timeZone', '545a69663200000000'],
  ['utf16', 'fffe410062006300'],
  ['unknown', '00000000000000000000'],
  ['unknown', 'deadbeef00112233'],
];

const TEXTS: readonly (readonly [KindName, string])[] = [
  ['empty', ''],
  ['text', 'export const a = 1;\n'],
  ['text', 'Grüße, 世界 🐟\r\n\tplain'],
  ['text', '\u001b[31mred\u001b[0m terminal log\n'],
  ['text', '\ufeffwith a byte order mark'],
  ['text', 'PACKAGE of MZ words, BMX, RIFF and OTTO'],
  ['text', 'MZ is how this begins, '.repeat(9)],
  ['text', '[options]\nname = value\n'],
  ['text', '{ color: red }'],
  ['json', '{"name":"x"}'],
  ['json', '\n {\n  "a": [1]\n}'],
  ['json', '[1, 2]'],
  ['json', '[]'],
  ['xml', '<?xml version="1.0"?><a/>'],
  ['xml', '<svg xmlns="x">'],
  ['html', '<!DOCTYPE html><html>'],
  ['html', '\n<HTML lang="en">'],
  ['script', '#!/bin/sh\necho\n'],
  ['unknown', 'text with a\0zero byte'],
];

test('known heads', () => {
  for (const [name, hex] of HEADS) assert.equal(nameOf(classify(Buffer.from(hex, 'hex'))), name, hex);
});

test('known texts, also when cut within a character', () => {
  for (const [name, text] of TEXTS) {
    assert.equal(nameOf(classify(new TextEncoder().encode(text))), name, JSON.stringify(text));
  }
  const fish = new TextEncoder().encode('🐟🐟🐟');
  assert.equal(classify(fish.subarray(2, 11)), ContentKind.text);
  assert.equal(classify(Uint8Array.of(0x41, 0xe4, 0x42)), ContentKind.unknown, 'Latin-1 is not UTF-8');
});

test('heads built here: archives with a late mark, programs, and what zlib makes', () => {
  const tar = new Uint8Array(512);
  tar.set(new TextEncoder().encode('ustar'), 257);
  assert.equal(classify(tar), ContentKind.tar);
  const program = new Uint8Array(256);
  program.set([0x4d, 0x5a]);
  program[60] = 128;
  assert.equal(classify(program), ContentKind.unknown);
  program.set(new TextEncoder().encode('PE'), 128);
  assert.equal(classify(program), ContentKind.pe);
  const data = testBytes(1, 5000, 9);
  assert.equal(classify(gzipSync(data)), ContentKind.gzip);
  assert.equal(classify(deflateSync(data)), ContentKind.zlib);
  assert.equal(classify(zstdCompressSync(data)), ContentKind.zstd);
  assert.notEqual(classify(brotliCompressSync(data)), ContentKind.text);
});

test('any bytes get a listed kind, the same from a Buffer, whatever follows the first 1024', () => {
  const listed = new Set<number>(Object.values(ContentKind));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), fc.uint8Array({ maxLength: 50 }), (data, tail) => {
      const kind = classify(data);
      assert.ok(listed.has(kind));
      assert.equal(classify(Buffer.from(data)), kind);
      if (data.length >= 1024) assert.equal(classify(Uint8Array.from([...data, ...tail])), kind);
    }),
  );
});

test('random bytes are hardly ever taken for something', () => {
  let known = 0;
  for (let seed = 0; seed < 5000; seed++) if (classify(testBytes(seed, 300)) !== ContentKind.unknown) known++;
  assert.ok(known <= 5, `${known} of 5000`);
});

test('compressed and text kinds', () => {
  for (const name of ['gzip', 'zip', 'png', 'jpeg', 'woff2', 'deb', 'mp4'] as const) {
    assert.ok(isCompressed(ContentKind[name]), name);
  }
  for (const name of ['unknown', 'text', 'elf', 'tar', 'wav', 'bmp', 'sqlite', 'wasm'] as const) {
    assert.ok(!isCompressed(ContentKind[name]), name);
  }
  for (const kind of Object.values(ContentKind)) assert.ok(!(isCompressed(kind) && isText(kind)));
  assert.ok(isText(ContentKind.json) && isText(ContentKind.script) && !isText(ContentKind.utf16));
});

test('kind numbers are frozen: append, never change or reuse', () => {
  const inOrder =
    'unknown empty text json xml html script utf16 elf machO pe wasm javaClass pythonBytecode dex ar deb tar zip ' +
    'gzip zlib zstd xz bzip2 lz4 lzip snappy sevenZip rar cab rpm squashfs png jpeg gif webp heif bmp tiff ogg ' +
    'flac mp3 wav avi mp4 matroska woff woff2 trueType openType pdf sqlite parquet arrow numpy hdf5 gguf gitPack ' +
    'gitIndex gettext timeZone';
  assert.deepEqual(ContentKind, Object.fromEntries(inOrder.split(' ').map((name, id) => [name, id])));
});
