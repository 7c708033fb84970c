import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellOf, finish } from '../../workshop/index.ts';
import { CODECS } from '../validator.ts';
import { codecWorkshop } from '../workshop.ts';
import { type CostRow, readCosts, writeCosts } from './costs.ts';

const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\t', '\n', '\r', '\\', 't', 'n', '#set') }),
);
const nanoseconds = fc.array(fc.nat(), { minLength: CODECS.length - 1, maxLength: CODECS.length - 1 });
/** A share as it is written: four digits. */
const share = fc.nat(20_000).map((value) => value / 10_000);

const row: fc.Arbitrary<CostRow> = fc
  .record({
    ...{ set: name, group: name, part: fc.constantFrom('train', 'val', 'test' as const) },
    ...{ file: fc.nat(), rawBytes: fc.nat(), fileKind: fc.nat(255), fileOffsetBytes: fc.nat() },
    ...{ siblingRatio: share, entropyBits: share, probeRatio: share },
    ...{ bytes: nanoseconds, times: nanoseconds, again: nanoseconds },
  })
  .map(({ bytes, times, again, ...known }) => {
    const seconds = (ns: number[]): number[] => [0, ...ns.map((each) => each / 1e9)];
    return {
      ...known,
      ...{ entropySeconds: 1e-6, probeSeconds: 2e-6, referenceSeconds: 1e-4 },
      ...{ bytes: [known.rawBytes, ...bytes], seconds: seconds(times), secondsAgain: seconds(again) },
    };
  });

test('a table is read back as it was written, whatever files are called', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      assert.deepEqual(readCosts(writeCosts(rows)), rows);
    }),
  );
});

test('a data set with a tab in its name is in the lineage under that name', () => {
  const path = 'compression/a\tb\nc.tar';
  const [made] = fc.sample(row, { numRuns: 1, seed: 1 }) as [CostRow];
  const rows = Array.from(
    { length: 40 },
    (_, i): CostRow => ({
      ...{ ...made, group: `g${i}`, part: i % 4 === 3 ? 'val' : 'train', rawBytes: 65_536 },
      bytes: [65_536, 50_000, 48_000, 40_000, 39_000, 38_000],
      seconds: [0, 1e-5, 2e-5, 9e-5, 2e-4, 2e-3],
      secondsAgain: [0, 1e-5, 2e-5, 9e-5, 2e-4, 2e-3],
    }),
  );
  const line = ['#set', cellOf('a\tb\nc'), cellOf(path), '0'.repeat(64), 'train+ship'].join('\t');
  const options = { seed: 1, version: '1', date: '2026-01-01', command: 'train' };
  const table = `${line}\n${writeCosts(rows)}`;
  const { manifest } = finish(codecWorkshop.train({} as never, { ...options, table }));
  assert.deepEqual(
    manifest.lineage.sets.map((set) => set.path),
    [path],
  );
});

test('a table of more rows than there may be is refused', () => {
  assert.throws(() => readCosts(`${writeCosts([])}${'\n'.repeat(1_000_001)}x`), { code: 'LIMIT' });
});
