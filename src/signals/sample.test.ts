import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SAMPLE_BYTES, sampleBytes, takeSample } from './sample.ts';

/** Bytes that name their own position, two bytes each. */
function positions(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i & 1 ? i >> 9 : i >> 1) & 0xff);
}

test('what fits is taken whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: SAMPLE_BYTES }), (data) => {
      assert.deepEqual(sampleBytes(data), data);
    }),
  );
});

test('a longer input gives whole stretches in order, from its first byte to its last', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4097, max: 100_000 }),
      fc.integer({ min: 128, max: 4096 }),
      (length, max) => {
        const data = positions(length);
        const { bytes, length: taken, stretch } = takeSample(data, max);
        assert.ok(taken <= max && taken > max - stretch && taken % stretch === 0);
        const text = Buffer.from(data);
        let after = 0;
        for (let at = 0; at < taken; at += stretch) {
          const found = text.indexOf(bytes.subarray(at, at + stretch), after);
          assert.ok(found >= after, 'stretches keep their order and do not overlap');
          after = found + stretch;
        }
        assert.deepEqual(bytes.slice(0, stretch), data.slice(0, stretch));
        assert.deepEqual(bytes.slice(taken - stretch, taken), data.slice(-stretch));
      },
    ),
    { numRuns: 50 },
  );
});

test('the copy is independent of its source, a Buffer too', () => {
  const source = Buffer.alloc(100, 1);
  const copy = sampleBytes(source);
  source.fill(2);
  assert.ok(copy.every((byte) => byte === 1));
});

test('a sample length outside the limits is a bug', () => {
  for (const max of [0, 127, 4097]) {
    assert.throws(() => sampleBytes(new Uint8Array(9), max), { code: 'INTERNAL' });
  }
});
