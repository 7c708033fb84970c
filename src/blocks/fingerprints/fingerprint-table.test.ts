import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Additions, assertFits, FingerprintTable, ID_BYTES } from './fingerprint-table.ts';

/** Few different ids, some of which agree in the bytes they are sorted by first. */
const id = fc
  .tuple(fc.nat(20), fc.nat(3))
  .map(([start, end]) => Buffer.concat([Buffer.alloc(16, start), Buffer.alloc(16, end)]).toString('hex'));
const entries = fc.uniqueArray(fc.tuple(id, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), {
  maxLength: 40,
  selector: ([key]) => key,
});

function tableOf(rows: readonly (readonly [string, bigint])[], base?: FingerprintTable): FingerprintTable {
  const added = new Additions();
  for (const [key, fingerprint] of rows) added.add(Buffer.from(key, 'hex'), fingerprint);
  return (base ?? new FingerprintTable(Buffer.alloc(0))).with(added);
}

const listOf = (table: FingerprintTable): (readonly [string, bigint])[] =>
  Array.from({ length: table.rows }, (_, row) => [table.idAt(row), table.fingerprints[row] as bigint]);

test('a table is its entries in the order of their ids, however it came about', () => {
  fc.assert(
    fc.property(entries, entries, fc.infiniteStream(fc.boolean()), (first, second, coins) => {
      const base = tableOf(first);
      assert.deepEqual(listOf(base), first.toSorted());
      const kept = Uint8Array.from({ length: base.rows }, () => Number(coins.next().value));
      const left = listOf(base).filter((_, row) => kept[row] === 1);
      const rest = base.only(kept);
      assert.deepEqual(listOf(rest), left);
      const expected = new Map([...second, ...left]);
      const joined = tableOf([...second, ...second], rest);
      assert.deepEqual(listOf(joined), [...expected].sort());
      for (const [key] of [...first, ...second]) {
        const row = joined.rowOf(Buffer.from(key, 'hex'));
        assert.equal(row === undefined ? undefined : joined.idAt(row), expected.has(key) ? key : undefined);
      }
    }),
    { numRuns: 100 },
  );
});

test('a prefix names one block, none or several', () => {
  const ids = ['12345678', '12345679', '1fff', 'ffff'].map((start) => start.padEnd(2 * ID_BYTES, '0'));
  const table = tableOf(ids.map((key) => [key, 1n]));
  assert.equal(table.resolve('12345678'), ids[0]);
  assert.equal(table.resolve('1fff'), ids[2]);
  assert.equal(table.resolve('ffff'), ids[3]);
  assert.throws(() => table.resolve('1234567'), { code: 'AMBIGUOUS' });
  for (const none of ['0000', '2000', 'fffff']) assert.throws(() => table.resolve(none), { code: 'MISSING' });
});

test('more blocks than fit are refused', () => {
  assertFits(2 ** 24);
  assert.throws(() => assertFits(2 ** 24 + 1), { code: 'LIMIT' });
});
