import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { hasCode, KIB, MIB, Rng } from '../../base/index.ts';
import { zstdDecode, zstdEncode } from './zstd.ts';

const damaged = { name: 'PilotfishError', code: 'DAMAGED' };

test('a delta needs its base and is far smaller than the block', () => {
  for (const length of [100, 16 * KIB, 64 * KIB, 256 * KIB, MIB]) {
    const rng = new Rng(length);
    const base = text(rng, length);
    const raw = edited(rng, base).subarray(0, MIB);
    const delta = zstdEncode(raw, { level: 3, base });
    assert.ok(zstdDecode(delta, raw.length, base).equals(raw));
    if (length > 1000) assert.ok(delta.length < zstdEncode(raw, { level: 3 }).length / 4, `${length}`);
  }
});

test('the far end of the largest base can be referred to', () => {
  const base = noise(new Rng(1), MIB);
  const raw = Buffer.concat([noise(new Rng(2), MIB / 2), base.subarray(0, MIB / 2)]);
  assert.ok(zstdEncode(raw, { level: 9, base }).length < MIB / 2 + 1000);
});

test('another base gives other bytes or an error, never a crash', () => {
  const base = text(new Rng(1), 5000);
  const raw = edited(new Rng(2), base);
  const delta = zstdEncode(raw, { level: 3, base });
  for (const wrong of [undefined, text(new Rng(3), 5000), Buffer.alloc(0), base.subarray(0, 4000)]) {
    try {
      assert.ok(!zstdDecode(delta, MIB, wrong).equals(raw));
    } catch (error) {
      assert.ok(hasCode(error, 'DAMAGED'), String(error));
    }
  }
});

test('empty blocks and empty bases work', () => {
  const empty = Buffer.alloc(0);
  assert.equal(zstdDecode(zstdEncode(empty, { level: 3 }), 0).length, 0);
  assert.equal(zstdDecode(zstdEncode(empty, { level: 3, base: text(new Rng(1), 9) }), 0).length, 0);
  const raw = text(new Rng(1), 100);
  assert.ok(zstdDecode(zstdEncode(raw, { level: 3, base: empty }), 100, empty).equals(raw));
});

test('a base that looks like a trained dictionary makes the encoder throw', () => {
  // Callers count on this being an exception and not bad bytes: it then does not pay.
  const base = Buffer.concat([Buffer.from('37a430ec', 'hex'), text(new Rng(1), 4000)]);
  assert.throws(() => zstdEncode(text(new Rng(1), 4000), { level: 3, base }));
});

test('frames that want a larger window than is ever written are refused', () => {
  // Frame header descriptor 0: a window byte follows; 0xa8 asks for 2^31 bytes.
  const header = Buffer.from('28b52ffd00a8', 'hex');
  assert.throws(() => zstdDecode(Buffer.concat([header, Buffer.alloc(32)]), MIB), damaged);
});
