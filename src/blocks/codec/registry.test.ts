import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from '../../../test/sim/file-bytes.ts';
import { MIB, Rng } from '../../base/index.ts';
import { CODEC_IDS, type CodecName, codecName, decode, encode, parseAlgorithm } from './registry.ts';

const RAW = text(new Rng(5), 20_000);
const CODECS: readonly CodecName[] = ['lz4', 'snappy', 'zstd'];
const damaged = { name: 'PilotfishError', code: 'DAMAGED' };
const stored = (codec: CodecName, raw: Uint8Array): Buffer => Buffer.from(encode({ codec, level: 3 }, raw));

test('codec ids are frozen', () => {
  // An id names a codec in every repository there is: add lines, never change one, never use an id again.
  const frozen = { none: 0, lz4: 1, snappy: 2, zstd: 3 };
  assert.deepEqual(CODEC_IDS, frozen);
  for (const [name, id] of Object.entries(frozen)) assert.equal(codecName(id), name);
  for (const id of [-1, 4, 255, 1.5, Number.NaN]) assert.throws(() => codecName(id), damaged);
});

test('payloads stored by this version decode for ever', () => {
  const golden: Record<CodecName, string> = {
    none: '6162636162636162636162636162636162636162636162636162636162636162',
    lz4: '200000003f61626303000460636162636162',
    snappy: '2008616263720300',
    zstd: '28b52ffd20204d0000186162630100de6e08',
  };
  const raw = Buffer.from('abcabcabcabcabcabcabcabcabcabcab');
  for (const codec of Object.keys(golden) as CodecName[]) {
    assert.equal(
      decode(codec, Buffer.from(golden[codec], 'hex'), raw.length).toString(),
      raw.toString(),
      codec,
    );
  }
});

test('a payload decodes to exactly the declared length or not at all', () => {
  for (const codec of [...CODECS, 'none'] as CodecName[]) {
    const payload = stored(codec, RAW);
    assert.ok(decode(codec, payload, RAW.length).equals(RAW));
    for (const wrong of [0, 1, RAW.length - 1, RAW.length + 1, 2 * RAW.length, 2 ** 20]) {
      assert.throws(() => decode(codec, payload, wrong), damaged, `${codec} as ${wrong}`);
    }
    assert.equal(decode(codec, stored(codec, Buffer.alloc(0)), 0).length, 0);
  }
});

test('a payload cut anywhere is refused', () => {
  for (const codec of CODECS) {
    const payload = stored(codec, RAW.subarray(0, 600));
    for (let cut = 0; cut < payload.length; cut += 1) {
      assert.throws(() => decode(codec, payload.subarray(0, cut), 600), damaged, `${codec} cut at ${cut}`);
    }
  }
});

test('a payload that expands to more than it declares is refused without the memory for it', () => {
  const zeros = Buffer.alloc(64 * MIB);
  const lz4 = stored('lz4', zeros);
  const snappy = stored('snappy', zeros);
  const zstd = stored('zstd', zeros);
  // The sizes in front of lz4 and snappy payloads say 1000 now; zstd keeps its own, which says 64 MiB.
  lz4.writeUInt32LE(1000, 0);
  const forged = { lz4, snappy: Buffer.concat([Buffer.from([0xe8, 0x07]), snappy.subarray(4)]), zstd };
  const before = process.memoryUsage().arrayBuffers;
  for (const codec of ['lz4', 'snappy', 'zstd'] as const) {
    assert.throws(() => decode(codec, forged[codec], 1000), damaged, codec);
    assert.throws(() => decode(codec, stored(codec, zeros), 1000), damaged, codec);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 * MIB);
});

test('a payload that declares far more than it holds is refused', () => {
  const lz4 = stored('lz4', RAW);
  lz4.writeUInt32LE(0xffff_fff0, 0);
  assert.throws(() => decode('lz4', lz4, RAW.length), damaged);
  const endless = Buffer.alloc(10, 0xff);
  assert.throws(() => decode('snappy', endless, RAW.length), damaged);
  assert.throws(() => decode('zstd', endless, RAW.length), damaged);
});

test('names are read with their level', () => {
  assert.deepEqual(parseAlgorithm('lz4'), { codec: 'lz4', level: 0 });
  assert.deepEqual(parseAlgorithm('zstd'), { codec: 'zstd', level: 3 });
  for (let level = 1; level <= 19; level += 1) {
    assert.deepEqual(parseAlgorithm(`zstd-${level}`), { codec: 'zstd', level });
  }
});
