import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256Hex } from '../../base/index.ts';
import type { DataSet } from '../data/index.ts';
import { cellOf, lineageOf, nameOf, splitTable, withSets } from './tables.ts';

const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\t', '\n', '\r', '\\', 't', 'n', '#set') }),
);
const set = fc.record({
  ...{ name, path: name, use: fc.constantFrom('train+ship' as const, 'evaluate' as const) },
  sha256: fc.constant(sha256Hex(Buffer.from('a set'))),
});

test('a name is one cell of one line, and names that differ stay different', () => {
  fc.assert(
    fc.property(name, (given) => {
      assert.doesNotMatch(cellOf(given), /[\t\n\r]/);
      assert.equal(nameOf(cellOf(given)), given);
    }),
  );
});

test('a table says where its rows come from, whatever files are called', () => {
  fc.assert(
    fc.property(fc.array(set, { minLength: 1 }), (sets) => {
      const { sets: read, rows } = splitTable(withSets(sets as unknown as DataSet[], 'a\tb\n1\t2\n'));
      assert.deepEqual(
        read,
        sets.map(({ path, sha256, use }) => ({ path, sha256, use })),
      );
      assert.equal(rows, 'a\tb\n1\t2\n');
    }),
  );
});

test('a table that does not say how a set may be used is refused', () => {
  for (const text of ['#set\ta\ta.br\t00\tship\nrows\n', '#set\ta\ta.br\t00\ttrain+ship']) {
    assert.throws(() => splitTable(text), { code: 'DAMAGED' });
  }
});

test('a lineage counts a sealed group once for each set it occurs in', () => {
  const rows = [
    { set: 'a', group: 'g', part: 'test' },
    { set: 'a', group: 'g', part: 'test' },
    { set: 'b', group: 'g', part: 'test' },
    { set: 'b', group: 'h', part: 'train' },
  ];
  const lineage = lineageOf([], rows, {
    ...{ table: 'abc', seed: 7, version: '1', date: '2026-01-01', command: 'train' },
  });
  assert.deepEqual(lineage, {
    ...{ sets: [], seed: 7, command: 'train', synthetic: false, testEvaluations: 0, sealedGroups: 2 },
    tableSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
});
