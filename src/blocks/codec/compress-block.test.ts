import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { records, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { KIB, Rng } from '../../base/index.ts';
import { compressBlock, RATIO_GATE } from './compress-block.ts';
import { decode } from './registry.ts';

const ALGORITHMS = ['none', 'lz4', 'snappy', 'zstd', 'zstd-1', 'zstd-3', 'zstd-9', 'zstd-19'];

const KINDS: Readonly<Record<string, (rng: Rng, length: number) => Buffer>> = {
  text,
  records,
  noise,
  zeros: (_, length) => Buffer.alloc(length),
  'text, then noise': (rng, length) =>
    Buffer.concat([text(rng, length >> 1), noise(rng, length - (length >> 1))]),
};

const anyBlock = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  kind: fc.constantFrom(...Object.keys(KINDS)),
  seed: fc.nat(),
  length: fc.oneof(fc.nat(64), fc.nat(8 * KIB), fc.nat(100 * KIB)),
});

const blockOf = (kind: string, seed: number, length: number): Buffer =>
  KINDS[kind]?.(new Rng(seed), length) ?? Buffer.alloc(0);

test('what comes back is what went in, and is kept only when it pays', () => {
  fc.assert(
    fc.property(anyBlock, ({ algorithm, kind, seed, length }) => {
      const raw = blockOf(kind, seed, length);
      const before = Buffer.from(raw);
      const { bytes, algorithm: used } = compressBlock(raw, { algorithm });
      assert.ok(raw.equals(before), 'the input is left alone');
      assert.ok(decode(used, bytes, raw.length).equals(raw));
      if (used === 'none') assert.ok(Buffer.from(bytes).equals(raw));
      else {
        assert.equal(used, algorithm.split('-')[0]);
        assert.ok(bytes.length < raw.length * RATIO_GATE, `${bytes.length} of ${raw.length}`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('the algorithm in the answer is the one really used', () => {
  const [plain, random] = [blockOf('text', 1, 32 * KIB), blockOf('noise', 1, 32 * KIB)];
  const used = (raw: Buffer) => ALGORITHMS.map((algorithm) => compressBlock(raw, { algorithm }).algorithm);
  assert.deepEqual(used(plain), ['none', 'lz4', 'snappy', 'zstd', 'zstd', 'zstd', 'zstd', 'zstd']);
  assert.deepEqual(new Set(used(random)), new Set(['none']));
});

test('a ratio of 0.90 does not pay, one below it does', () => {
  assert.equal(RATIO_GATE, 0.9);
  // Noise does not shrink and zeros nearly vanish, so the share of noise is about the ratio.
  const mixed = (share: number) =>
    Buffer.concat([blockOf('noise', 3, 10_000 * share), Buffer.alloc(10_000 * (1 - share))]);
  for (const algorithm of ['lz4', 'snappy', 'zstd-19']) {
    assert.equal(compressBlock(mixed(0.92), { algorithm }).algorithm, 'none', algorithm);
    assert.equal(compressBlock(mixed(0.84), { algorithm }).algorithm, algorithm.split('-')[0]);
  }
});

test('higher levels of zstd are really tried', () => {
  const raw = blockOf('text', 7, 64 * KIB);
  const sizes = ['zstd-1', 'zstd-19'].map((algorithm) => compressBlock(raw, { algorithm }).bytes.length);
  assert.ok((sizes[1] as number) < (sizes[0] as number), `${sizes}`);
  const named = compressBlock(raw, { algorithm: 'zstd' });
  assert.deepEqual(named, compressBlock(raw, { algorithm: 'zstd-3' }), 'no level means 3');
});

test('an unknown algorithm is refused as a mistake of the caller', () => {
  const unknown = [
    '',
    'gzip',
    'LZ4',
    'zstd-0',
    'zstd-20',
    'zstd-03',
    'zstd-3-3',
    'zstd-',
    'zstd-1.5',
    'lz4-1',
    'none-0',
  ];
  for (const algorithm of [...unknown, '__proto__', 'constructor', 'toString', ' zstd']) {
    assert.throws(() => compressBlock(Buffer.from('x'), { algorithm }), { code: 'USAGE' }, algorithm);
  }
});
