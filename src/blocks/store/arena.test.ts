import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rng } from '../../base/index.ts';
import { Arena } from './arena.ts';

const CAPACITY = 1000;

test('a piece reads back for as long as it is alive, and no longer', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: CAPACITY / 4 }), { maxLength: 60 });
  fc.assert(
    fc.property(lengths, fc.nat(), (sizes, seed) => {
      const rng = new Rng(seed);
      const arena = new Arena(CAPACITY);
      const pieces: { at: number; bytes: Buffer }[] = [];
      for (const size of sizes) {
        const bytes = rng.bytes(size);
        pieces.push({ at: arena.put(bytes), bytes });
        for (const piece of pieces) {
          if (!arena.isAlive(piece.at, 0)) continue;
          assert.ok(Buffer.from(arena.view(piece.at, piece.bytes.length)).equals(piece.bytes));
        }
      }
      // The newest always live; what is a whole round behind never does.
      const last = pieces.at(-1);
      if (last !== undefined) assert.ok(arena.isAlive(last.at, 0));
      for (const { at } of pieces)
        assert.equal(arena.isAlive(at, 0), at >= (last?.at ?? 0) + (last?.bytes.length ?? 0) - CAPACITY);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('what is alive with a margin survives as much taking', () => {
  const arena = new Arena(CAPACITY);
  const margin = 400;
  const bytes = Buffer.from('kept');
  const at = arena.put(bytes);
  while (arena.isAlive(at, margin)) arena.take(50);
  // One step ago it was alive with the margin: taking that much since then was allowed.
  for (let taken = 50; taken < margin; taken += 50) {
    assert.ok(arena.isAlive(at, 0), `${taken}`);
    assert.ok(Buffer.from(arena.view(at, bytes.length)).equals(bytes));
    arena.take(50);
  }
});

test('a piece is contiguous and readable in shared memory at its offset', () => {
  const arena = new Arena(CAPACITY);
  const shared = new Uint8Array(arena.shared);
  for (let seed = 0; seed < 40; seed += 1) {
    const bytes = new Rng(seed).bytes(77);
    const offset = arena.offsetOf(arena.put(bytes));
    assert.ok(offset + bytes.length <= CAPACITY);
    assert.ok(Buffer.from(shared.subarray(offset, offset + bytes.length)).equals(bytes));
  }
});

test('reading what is gone and taking too much are mistakes of the caller', () => {
  const arena = new Arena(CAPACITY);
  const at = arena.put(Buffer.from('old'));
  for (let i = 0; i < 10; i += 1) arena.take(200);
  assert.throws(() => arena.view(at, 3), { code: 'INTERNAL' });
  assert.throws(() => arena.take(CAPACITY / 4 + 1), { code: 'INTERNAL' });
});
