import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../../base/index.ts';
import type { Part } from '../../data/index.ts';
import { finish } from '../../workshop/index.ts';
import { type CostRow, steady } from './costs.ts';
import { judgeOnNewSets, type NewSetReport } from './gate.ts';

const PARTS: readonly Part[] = ['train', 'train', 'train', 'val', 'test'];

/** Blocks of which every other one is noise that no codec shrinks: the entropy tells, the link does not. */
function rowsOf(sets: readonly string[]): CostRow[] {
  const rng = new FastRng(1);
  return sets.flatMap((set) =>
    Array.from({ length: 100 }, (_, i): CostRow => {
      const isNoise = i % 2 === 0;
      const seconds = [0, 2e-4, 2e-4, 1e-3, 2e-3, 8e-3].map((each) => each * (0.9 + 0.2 * rng.next()));
      const left = [1, 0.6, 0.6, 0.5, 0.45, 0.4].map((share) =>
        Math.round(isNoise ? 65_600 : share * 65_536),
      );
      return {
        ...{ set, group: `g${i % 20}`, part: PARTS[i % 5] ?? 'train', file: i % 20, rawBytes: 65_536 },
        ...{ fileKind: 0, fileOffsetBytes: 0, siblingRatio: 0.5, entropyBits: isNoise ? 8 : 4 + rng.next() },
        ...{
          probeRatio: isNoise ? 1 : 0.6,
          entropySeconds: 1e-6,
          probeSeconds: 5e-6,
          referenceSeconds: 1e-4,
        },
        ...{ bytes: left.with(0, 65_536), seconds, secondsAgain: seconds },
      };
    }),
  );
}

const judge = (rows: readonly CostRow[]): NewSetReport | undefined =>
  finish(judgeOnNewSets(rows, { family: 'boosted-trees', seed: 1 }));

test('what holds on every set is an advantage on a new one', () => {
  const report = judge(rowsOf(['a', 'b', 'c']));
  assert.deepEqual(
    Object.keys(report?.advantages ?? {}),
    ['smallAdvantage', 'advantage'].flatMap((name) =>
      ['10M', '100M', '1G', '10G'].map((link) => `${name}${link}`),
    ),
  );
  assert.equal(report?.advantages['smallAdvantage100M'], 0, 'no set has small blocks');
  // The rule spends time on noise wherever it tries a codec, and the model has seen what noise looks like.
  assert.ok((report?.advantages['advantage100M'] ?? 0) > 0, JSON.stringify(report));
  assert.ok((report?.meanRegret ?? 1) < 0.05, JSON.stringify(report));
});

test('a set that is unlike the others counts against serving', () => {
  const rows = rowsOf(['a', 'b', 'c']);
  // In one set noise and the rest have changed places for whoever looks at them.
  const strange = rows.map((row) =>
    row.set === 'c' ? { ...row, entropyBits: 12 - row.entropyBits, probeRatio: 1.6 - row.probeRatio } : row,
  );
  const [plain, mixed] = [judge(rows), judge(strange)];
  assert.ok((mixed?.advantages['advantage100M'] ?? 1) < (plain?.advantages['advantage100M'] ?? 0));
});

test('the sealed part has no say, and two sets are too few to ask', () => {
  const rows = rowsOf(['a', 'b', 'c']);
  const opened = rows.map((row) =>
    row.part === 'test' ? { ...row, seconds: row.seconds.map(() => 1) } : row,
  );
  assert.deepEqual(judge(opened), judge(rows));
  assert.equal(judge(rowsOf(['a', 'b'])), undefined);
});

test('a set was measured on a machine of one speed, whatever one look said', () => {
  const looks = [1e-4, 1e-4, 3e-4];
  const rows = rowsOf(['a', 'b']).map((row, i) => ({
    ...row,
    referenceSeconds: (looks[i % 3] ?? 0) * (row.set === 'a' ? 1 : 2),
  }));
  assert.deepEqual(
    steady(rows),
    rows.map((row) => ({ ...row, referenceSeconds: row.set === 'a' ? 1e-4 : 2e-4 })),
  );
});
