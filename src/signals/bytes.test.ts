import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteStatistics } from './bytes.ts';
import { testBytes } from './chunking/testing/fixtures.ts';
import { entropyBits } from './entropy.ts';

const close = (actual: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected} ± ${within}`);

test('every measure keeps its bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10_000 }), (data) => {
      const found = byteStatistics(data);
      assert.equal(found.sampledBytes, Math.min(data.length, 4096));
      assert.equal(found.entropyBits, entropyBits(data));
      assert.ok(found.distinct <= Math.min(256, found.sampledBytes));
      const { printableShare, zeroShare, highBitShare, repeatShare } = found;
      for (const share of [printableShare, zeroShare, highBitShare, repeatShare]) {
        assert.ok(share >= 0 && share <= 1);
      }
      assert.ok(printableShare + zeroShare + highBitShare <= 1 + 1e-9);
      assert.ok(found.meanStep >= 0 && found.meanStep <= 255);
      assert.ok(found.correlation >= -1 && found.correlation <= 1);
    }),
  );
});

test('measures of single bytes ignore order', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 4096 }), (data) => {
      const pick = (bytes: Uint8Array) => {
        const { distinct, printableShare, zeroShare, highBitShare } = byteStatistics(bytes);
        return { distinct, printableShare, zeroShare, highBitShare };
      };
      assert.deepEqual(pick(data.slice().sort()), pick(data));
    }),
  );
});

test('neighbour measures equal their definition', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 500 }), (data) => {
      const x = Array.from(data.slice(0, -1));
      const y = Array.from(data.slice(1));
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const found = byteStatistics(data);
      close(found.repeatShare, mean(x.map((value, i) => (value === y[i] ? 1 : 0))));
      close(found.meanStep, mean(x.map((value, i) => Math.abs(value - (y[i] ?? 0)))));
      const [mx, my] = [mean(x), mean(y)];
      const cov = mean(x.map((value, i) => (value - mx) * ((y[i] ?? 0) - my)));
      const spread = Math.sqrt(mean(x.map((v) => (v - mx) ** 2)) * mean(y.map((v) => (v - my) ** 2)));
      if (spread > 0.01) close(found.correlation, cov / spread, 1e-6);
    }),
  );
});

test('plain cases', () => {
  const none = byteStatistics(new Uint8Array(0));
  assert.ok(Object.values(none).every((value) => value === 0));
  const zeros = byteStatistics(new Uint8Array(9999));
  assert.deepEqual([zeros.zeroShare, zeros.repeatShare, zeros.correlation, zeros.meanStep], [1, 1, 1, 0]);
  const text = byteStatistics(new TextEncoder().encode('A line\tof text\r\n'.repeat(600)));
  assert.deepEqual([text.printableShare, text.highBitShare, text.zeroShare], [1, 0, 0]);
  const noise = byteStatistics(testBytes(1, 100_000));
  close(noise.correlation, 0, 0.06);
  close(noise.meanStep, 85.3, 4);
  close(noise.highBitShare, 0.5, 0.04);
  const ramp = byteStatistics(Uint8Array.from({ length: 256 }, (_, i) => i));
  assert.deepEqual([ramp.meanStep, ramp.distinct], [1, 256]);
  close(ramp.correlation, 1);
  close(byteStatistics(Uint8Array.from({ length: 1000 }, (_, i) => (i & 1) * 255)).correlation, -1);
});
