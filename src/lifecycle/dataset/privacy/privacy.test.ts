import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rng, seededBytes } from '../../../base/index.ts';
import { PrivacyLedger } from '../../../learn/index.ts';
import { TrainingDataset } from '../dataset.ts';
import { threeCodecs } from '../testing/samples.ts';
import { anonymityOf, generalize, kAnonymityCheck, type Records } from './k-anonymity.ts';
import { differentialPrivacyNoise, randomWords } from './noise.ts';

const value = fc.constantFrom(0, -0, 1, '1', 'x', true, null, undefined, Number.NaN, 'null');
const rows = fc.array(fc.record({ a: value, b: value, s: value }), { minLength: 1, maxLength: 30 });

/** The definition, directly: every row is compared with every other. */
function bruteForce(data: Records, columns: readonly string[]): { k: number; l: number } {
  const same = (a: unknown, b: unknown): boolean => a === b || Object.is(a, b);
  const classOf = (row: Records[number]) =>
    data.filter((other) => columns.every((column) => same(row[column], other[column])));
  const distinct = (values: readonly unknown[]): number =>
    values.filter((each, at) => values.findIndex((other) => same(each, other)) === at).length;
  return {
    k: Math.min(...data.map((row) => classOf(row).length)),
    l: Math.min(...data.map((row) => distinct(classOf(row).map(({ s }) => s)))),
  };
}

test('k and l are those of the definition', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 4 }), (data, k) => {
      const quasiIdentifiers = ['a', 'b'];
      const expected = bruteForce(data, quasiIdentifiers);
      const report = anonymityOf(data, { quasiIdentifiers, sensitive: 's' });
      assert.equal(report.k, expected.k);
      assert.equal(report.l, expected.l);
      assert.equal(report.weakest.length, expected.k);
      assert.equal(kAnonymityCheck(data, { k, quasiIdentifiers }), expected.k >= k);
      const both = { k: 1, l: k, quasiIdentifiers, sensitive: 's' };
      assert.equal(kAnonymityCheck(data, both), expected.l >= k);
    }),
  );
});

test('fewer quasi-identifiers never make it worse, and order does not matter', () => {
  fc.assert(
    fc.property(rows, (data) => {
      const k = (...quasiIdentifiers: string[]) => anonymityOf(data, { quasiIdentifiers }).k;
      assert.ok(k('a') >= k('a', 'b'));
      assert.equal(k('a', 'b'), k('b', 'a'));
    }),
  );
});

test('five is the default, and quasi-identifiers must be named', () => {
  const data = Array.from({ length: 5 }, (_, i) => ({ size: 1, id: i }));
  assert.equal(kAnonymityCheck(data, { quasiIdentifiers: ['size'] }), true);
  assert.equal(kAnonymityCheck(data.slice(1), { quasiIdentifiers: ['size'] }), false);
  assert.equal(kAnonymityCheck(data, { quasiIdentifiers: ['size', 'id'] }), false);
  const none = undefined as unknown as string[];
  for (const quasiIdentifiers of [[], none, ['colour']]) {
    assert.throws(() => kAnonymityCheck(data, { quasiIdentifiers }), { code: 'USAGE' });
  }
  const quasiIdentifiers = ['size'];
  for (const options of [{ k: 0 }, { k: 2.5 }, { l: 2 }, { sensitive: 'colour' }]) {
    assert.throws(() => kAnonymityCheck(data, { quasiIdentifiers, ...options }), { code: 'USAGE' });
  }
  assert.throws(() => kAnonymityCheck([], { quasiIdentifiers }), { code: 'EMPTY' });
  assert.throws(() => kAnonymityCheck([{ size: {} }], { quasiIdentifiers }), { code: 'USAGE' });
  assert.throws(() => kAnonymityCheck({} as Records, { quasiIdentifiers }), { code: 'USAGE' });
});

test('a data set is looked at by features, label and group; coarser features hide better', () => {
  const dataset = threeCodecs(400);
  assert.equal(kAnonymityCheck(dataset, { quasiIdentifiers: ['group'] }), true);
  assert.equal(anonymityOf(dataset, { quasiIdentifiers: ['group'] }).classes, 20);
  const quasiIdentifiers = ['block_size_log', 'label'];
  assert.equal(anonymityOf(dataset, { quasiIdentifiers }).k, 1);
  const coarse = generalize(dataset, { block_size_log: 0.5 });
  assert.equal(kAnonymityCheck(coarse, { quasiIdentifiers }), true);
  assert.deepEqual([...new Set(coarse.table.x.filter((_, at) => at % 3 === 0))].sort(), [0, 0.5, 1]);
  assert.deepEqual(coarse.table.y, dataset.table.y);
  for (const widths of [{ block_size_log: 0 }, { block_size_log: Number.NaN }, { colour: 1 }]) {
    assert.throws(() => generalize(dataset, widths as Record<string, number>), { code: 'USAGE' });
  }
  const missing = new TrainingDataset();
  missing.addSample({ x: Number.NaN }, 'a');
  assert.ok(Number.isNaN(generalize(missing, { x: 1 }).table.x[0]));
});

test('noise is discrete Laplace of the scale that was asked for', () => {
  const words = randomWords(seededBytes(4));
  for (const [epsilon, sensitivity] of [
    [1, 1],
    [Math.log(3), 1],
    [0.5, 3],
  ] as const) {
    const ledger = new PrivacyLedger({ epsilon: 1e9 });
    const n = 4000;
    const draws = Array.from({ length: n }, () =>
      differentialPrivacyNoise({ epsilon, sensitivity, ledger, words }),
    );
    assert.ok(draws.every(Number.isInteger));
    const p = Math.exp(-epsilon / sensitivity);
    const variance = (2 * p) / (1 - p) ** 2;
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / n;
    const spread = draws.reduce((sum, draw) => sum + draw * draw, 0) / n;
    assert.ok(Math.abs(mean) < 5 * Math.sqrt(variance / n), `mean ${mean}`);
    assert.ok(Math.abs(spread / variance - 1) < 0.2, `variance ${spread} for ${variance}`);
  }
});

test('noise is paid for, and refused when the budget is spent', () => {
  const ledger = new PrivacyLedger({ epsilon: 1 });
  const words = randomWords(seededBytes(1));
  differentialPrivacyNoise({ epsilon: 0.6, ledger, words });
  assert.equal(ledger.spent.epsilon, 0.6);
  let drawn = false;
  const watched = () => {
    drawn = true;
    return 0;
  };
  assert.throws(() => differentialPrivacyNoise({ epsilon: 0.6, ledger, words: watched }), {
    code: 'REFUSED',
  });
  assert.equal(drawn, false);
  for (const options of [{ epsilon: 0 }, { epsilon: -1 }, { epsilon: 0.1, sensitivity: 0.5 }]) {
    assert.throws(() => differentialPrivacyNoise({ ...options, ledger, words }), { code: 'USAGE' });
  }
});

test('without a ledger the process has one, which ends as well', () => {
  for (let i = 0; i < 10; i += 1) assert.ok(Number.isInteger(differentialPrivacyNoise({ epsilon: 1 })));
  assert.throws(() => differentialPrivacyNoise({ epsilon: 1 }), { code: 'REFUSED' });
});

test('words are those of the bytes, in order', () => {
  const words = randomWords(seededBytes(6));
  const bytes = new Rng(6).bytes(1024);
  for (let at = 0; at < 256; at += 1) assert.equal(words(), bytes.readUInt32LE(4 * at));
});
