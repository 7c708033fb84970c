import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KIB } from '../../base/index.ts';
import { NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import { ContentKind } from '../../signals/index.ts';
import { bandwidthTable, codecHeuristic } from './heuristic.ts';
import { isCodec } from './validator.ts';

/** From what saves most bytes to what takes least time. */
const HARDEST_FIRST = ['zstd-9', 'zstd-3', 'zstd-1', 'snappy', 'none'];

const choose = (rawBytes: number, linkBitsPerSecond: number, more = {}): string =>
  codecHeuristic({ ...NEUTRAL_CODEC_QUESTION, rawBytes, linkBitsPerSecond, ...more });

test('a faster link or a smaller block is never given more work', () => {
  const rate = fc.double({ min: 1, max: 1e12, noNaN: true });
  const bytes = fc.integer({ min: 1, max: 2 ** 24 });
  fc.assert(
    fc.property(rate, rate, bytes, bytes, (oneRate, otherRate, oneSize, otherSize) => {
      const hard = choose(Math.max(oneSize, otherSize), Math.min(oneRate, otherRate));
      const easy = choose(Math.min(oneSize, otherSize), Math.max(oneRate, otherRate));
      assert.ok(HARDEST_FIRST.indexOf(hard) <= HARDEST_FIRST.indexOf(easy), `${hard}, then ${easy}`);
    }),
    { seed: 1 },
  );
});

test('known choices: by rate alone, for large blocks, and for small ones as on a faster link', () => {
  const rates = [1e7, 1e8, 1e9, 1e10];
  assert.deepEqual(rates.map(bandwidthTable), ['zstd-9', 'zstd-3', 'snappy', 'none']);
  const of = (rawBytes: number): string[] => rates.map((rate) => choose(rawBytes, rate));
  assert.deepEqual(of(256 * KIB), ['zstd-9', 'zstd-3', 'zstd-1', 'none']);
  assert.deepEqual(of(16 * KIB), ['zstd-9', 'zstd-3', 'snappy', 'none']);
  assert.deepEqual(of(512), ['zstd-9', 'snappy', 'none', 'none']);
});

test('what is compressed already is left alone on fast links, until its file is seen to shrink', () => {
  const png = { fileKind: ContentKind.png };
  assert.equal(choose(64 * KIB, 1e9, png), 'none');
  assert.equal(choose(64 * KIB, 1e9, { ...png, siblingRatio: 0.99 }), 'none');
  assert.equal(choose(64 * KIB, 1e9, { ...png, siblingRatio: 0.6 }), 'zstd-1');
  assert.equal(choose(64 * KIB, 1e8, png), 'lz4');
  assert.equal(choose(64 * KIB, 1e7, png), 'zstd-9');
});

test('every answer is legal, whatever is known', () => {
  const question = fc.record({
    rawBytes: fc.nat(),
    fileKind: fc.nat(300),
    siblingRatio: fc.double({ min: 0, max: 2, noNaN: true }),
    linkBitsPerSecond: fc.oneof(fc.constant(0), fc.double({ min: 0, noNaN: true })),
  });
  fc.assert(
    fc.property(question, (known) => isCodec(codecHeuristic({ ...NEUTRAL_CODEC_QUESTION, ...known }))),
    { seed: 1 },
  );
});
