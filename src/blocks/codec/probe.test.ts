import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { KIB, Rng } from '../../base/index.ts';
import { probeRatio } from './probe.ts';

test('text probes below noise, zeros below text, and nothing is neutral', () => {
  const [words, random] = [text(new Rng(1), 64 * KIB), noise(new Rng(1), 64 * KIB)];
  const zeros = Buffer.alloc(64 * KIB);
  assert.ok(probeRatio(zeros) < probeRatio(words) && probeRatio(words) < 0.9);
  assert.ok(probeRatio(random) > 1);
  assert.equal(probeRatio(Buffer.alloc(0)), 1);
});

test('it looks at 4 KiB in the middle and nowhere else', () => {
  const block = noise(new Rng(2), 64 * KIB);
  const edges = Buffer.from(block);
  edges.fill(0, 0, 30 * KIB).fill(0, 34 * KIB);
  assert.equal(probeRatio(edges), probeRatio(block));
  assert.notEqual(probeRatio(Buffer.from(block).fill(0, 30 * KIB, 34 * KIB)), probeRatio(block));
});
