import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { ContextTable } from './context-table.ts';

test('a table keeps contexts in use while others pass through', () => {
  const table = new ContextTable(64);
  const rng = new FastRng(3);
  const heavy = Array.from({ length: 16 }, (_, i) => i);
  let kept = 0;
  for (let round = 0; round < 2000; round += 1) {
    for (const id of heavy) table.claim(id, 0);
    for (let i = 0; i < 8; i += 1) table.claim(1000 + rng.below(100_000), 0);
    if (round >= 1000) kept += heavy.filter((id) => table.find(id, 0) >= 0).length;
  }
  assert.equal(kept, 16 * 1000);
});

test('a full table stays full, knows what it claimed last, and tells pairs apart', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 300, size: 'max' }), (pairs) => {
      const table = new ContextTable(16);
      for (const [first, second] of pairs) {
        const known = table.find(first, second);
        const place = table.claim(first, second);
        assert.equal(table.fresh, known < 0);
        assert.ok(place >= 0 && place < table.places);
        assert.equal(table.find(first, second), place);
      }
    }),
  );
});
