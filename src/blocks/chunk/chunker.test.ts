import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { noise } from '../../../test/sim/noise.ts';
import { KIB, MAX_BLOCK_BYTES, MIB, Rng, SMALL_FILE_BYTES, sha256Hex } from '../../base/index.ts';
import { ChunkOracle } from '../../signals/chunking/oracle.ts';
import { AVERAGE_BYTES, maxBlockBytes, minBlockBytes } from '../../signals/index.ts';
import { AesGcmSealer, plainSealer } from '../seal/index.ts';
import { Chunker, type ReadInto } from './chunker.ts';
import { gearTable } from './parameters.ts';

interface Golden {
  readonly cases: readonly { readonly averageKib: number; readonly lengths: readonly number[] }[];
}

// Written once; another boundary anywhere would be another format. Nothing regenerates it.
const GOLDEN: Golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/block-boundaries.json', import.meta.url), 'utf8'),
);
const DATA = new Rng(2024).bytes(3 * MIB);

/** Reads `bytes` in pieces of the sizes given in turn. */
function reader(bytes: Uint8Array, sizes: readonly number[] = [Number.POSITIVE_INFINITY]): ReadInto {
  let at = 0;
  let calls = 0;
  return (into, offset, length) => {
    const size = Math.min(length, sizes[calls++ % sizes.length] as number, bytes.length - at);
    into.set(bytes.subarray(at, at + size), offset);
    at += size;
    return size;
  };
}

/** Blocks as length and hash, with features. */
function cut(chunker: Chunker, read: ReadInto) {
  return Array.from(chunker.blocks(read), ({ raw, features }) => ({
    length: raw.length,
    hash: sha256Hex(raw),
    features: [...features],
  }));
}

const publicChunker = (averageBytes: number): Chunker => new Chunker(averageBytes, plainSealer.gearSeed);
const lengthsOf = (blocks: readonly { length: number }[]): number[] => blocks.map(({ length }) => length);

test('boundaries of every average are the golden ones', () => {
  assert.deepEqual(
    GOLDEN.cases.map(({ averageKib }) => averageKib * KIB),
    AVERAGE_BYTES,
  );
  for (const { averageKib, lengths } of GOLDEN.cases) {
    assert.deepEqual(lengthsOf(cut(publicChunker(averageKib * KIB), reader(DATA))), lengths, `${averageKib}`);
  }
});

test('boundaries are those of the definition in plain code', () => {
  for (const averageBytes of [16 * KIB, 64 * KIB]) {
    const oracle = new ChunkOracle(averageBytes, gearTable(plainSealer.gearSeed));
    const expected: number[] = [];
    for (let at = 0; at < MIB; at += expected.at(-1) as number) {
      expected.push(oracle.next(DATA.subarray(at, MIB), 7).length);
    }
    assert.deepEqual(lengthsOf(cut(publicChunker(averageBytes), reader(DATA.subarray(0, MIB)))), expected);
  }
});

test('blocks are the stream in order, within their bounds, however it is read', () => {
  const anyStream = fc.record({
    averageBytes: fc.constantFrom(...AVERAGE_BYTES.slice(0, 3)),
    seed: fc.nat(),
    symbols: fc.constantFrom(1, 3, 256),
    length: fc.oneof(
      fc.nat(40 * KIB),
      fc.nat(MIB),
      fc.constantFrom(0, 1, SMALL_FILE_BYTES, SMALL_FILE_BYTES + 1),
    ),
    sizes: fc.array(fc.integer({ min: 1, max: 300 * KIB }), { minLength: 1, maxLength: 4 }),
  });
  type Stream = typeof anyStream extends fc.Arbitrary<infer T> ? T : never;
  const check = ({ averageBytes, seed, symbols, length, sizes }: Stream) => {
    const data = noise(new Rng(seed), length).map((byte) => byte % symbols);
    const chunker = publicChunker(averageBytes);
    const blocks = cut(chunker, reader(data));
    let at = 0;
    for (const { length: size, hash } of blocks) {
      assert.equal(hash, sha256Hex(data.subarray(at, at + size)));
      assert.ok(size <= maxBlockBytes(averageBytes) && size <= MAX_BLOCK_BYTES);
      at += size;
      if (at < length) assert.ok(size >= minBlockBytes(averageBytes));
    }
    assert.equal(at, length);
    assert.deepEqual(
      cut(
        chunker,
        reader(
          data,
          sizes.map((size) => Math.max(size, length >> 9)),
        ),
      ),
      blocks,
    );
  };
  fc.assert(fc.property(anyStream, check), { seed: 1, numRuns: 60 });
});

test('a small file is one block whatever the average', () => {
  for (const averageBytes of AVERAGE_BYTES) {
    const chunker = publicChunker(averageBytes);
    for (const length of [1, 4097, SMALL_FILE_BYTES]) {
      for (const sizes of [[length], [1000], [1, 4096]]) {
        assert.deepEqual(lengthsOf(cut(chunker, reader(DATA.subarray(0, length), sizes))), [length]);
      }
    }
    assert.deepEqual(cut(chunker, reader(Buffer.alloc(0))), []);
  }
  assert.ok(cut(publicChunker(16 * KIB), reader(DATA.subarray(0, 256 * KIB))).length > 1);
});

test('an edit moves only the boundaries near it', () => {
  const chunker = publicChunker(16 * KIB);
  const before = cut(chunker, reader(DATA));
  const after = cut(
    chunker,
    reader(Buffer.concat([DATA.subarray(0, MIB), Buffer.from('inserted'), DATA.subarray(MIB)])),
  );
  const known = new Set(before.map(({ hash }) => hash));
  const fresh = after.filter(({ hash }) => !known.has(hash));
  assert.ok(fresh.length >= 1 && fresh.length <= 4, `${fresh.length} of ${after.length} blocks are new`);
});

test('blocks average about what was asked for', () => {
  const blocks = cut(publicChunker(16 * KIB), reader(DATA));
  const mean = DATA.length / blocks.length;
  assert.ok(mean > 12 * KIB && mean < 24 * KIB, `${mean}`);
});

test('a key of its own gives other boundaries', () => {
  const keys = [1, 2].map((fill) => new AesGcmSealer(Buffer.alloc(32, fill), () => Buffer.alloc(12)));
  const seeds = [plainSealer.gearSeed, ...keys.map((key) => key.gearSeed)];
  const ends = seeds.map((seed) => {
    let at = 0;
    return cut(new Chunker(64 * KIB, seed), reader(DATA)).map(({ length }) => (at += length));
  });
  const [own, ...others] = ends as [number[], number[], number[]];
  for (const other of others) {
    assert.ok(own.filter((end) => end !== DATA.length && other.includes(end)).length === 0);
  }
  assert.notDeepEqual(others[0], others[1]);
});

test('a whole block is not cut and has the features of the best of its parts', () => {
  const chunker = publicChunker(16 * KIB);
  const parts = cut(chunker, reader(DATA.subarray(0, 128 * KIB)));
  const whole = chunker.whole(DATA.subarray(0, 128 * KIB));
  assert.ok(Buffer.from(whole.raw).equals(DATA.subarray(0, 128 * KIB)));
  const best = parts.reduce(
    (max, { features }) => max.map((value, i) => Math.max(value, features[i] as number)),
    new Array<number>(12).fill(0),
  );
  assert.deepEqual([...whole.features], best);
});

test('alike blocks share features, strangers do not', () => {
  const chunker = publicChunker(64 * KIB);
  const shared = (a: Uint8Array, b: Uint8Array): number => {
    const features = [...chunker.whole(a).features];
    return chunker.whole(b).features.filter((value, i) => value === features[i]).length;
  };
  for (const length of [2 * KIB, 16 * KIB, 200 * KIB]) {
    const block = noise(new Rng(length), length);
    const near = Buffer.from(block);
    near.fill(0x20, length >> 1, (length >> 1) + 50);
    assert.ok(shared(block, near) >= 9, `${length}`);
    assert.ok(shared(block, noise(new Rng(length + 1), length)) <= 1, `${length}`);
  }
});
