import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { FastRng, ManualClock } from '../../../base/index.ts';
import type { JournalRecord } from '../../../learn/index.ts';
import type { TuneReport, TuneSettings } from '../../workshop/index.ts';
import { NET_COUNT } from '../model.ts';
import { codecWorkshop } from '../workshop.ts';
import { type CostRow, writeCosts } from './costs.ts';

/** Blocks of which every third is noise that nothing shrinks. */
function tableOf(count: number): string {
  const rng = new FastRng(1);
  const rows = Array.from({ length: count }, (_, i): CostRow => {
    const entropyBits = i % 3 === 0 ? 7.9 : 3 + 3 * rng.next();
    const ratio = i % 3 === 0 ? 1 : entropyBits / 8;
    const seconds = [0, 2e-5, 2.5e-5, 9e-5, 2e-4, 2e-3].map((each) => each * (0.9 + 0.2 * rng.next()));
    return {
      ...{
        set: 'made',
        group: `g${i % 20}`,
        file: i % 20,
        fileKind: 0,
        fileOffsetBytes: 0,
        siblingRatio: 0.5,
      },
      part: (['train', 'train', 'train', 'val'] as const)[i % 4] ?? 'train',
      ...{ rawBytes: 65_536, entropyBits, probeRatio: Math.min(1, ratio + 0.1) },
      ...{ entropySeconds: 2e-6, probeSeconds: 5e-6, referenceSeconds: 1e-4 },
      bytes: [1, 0.95, 0.97, 0.8, 0.75, 0.7].map((share, at) =>
        Math.round(65_536 * (at === 0 ? 1 : Math.min(1.001, share * ratio + (i % 3 === 0 ? 0.3 : 0)))),
      ),
      ...{ seconds, secondsAgain: seconds },
    };
  });
  return `#set\tmade\tcompression/made.tar\t${'0'.repeat(64)}\ttrain+ship\n${writeCosts(rows)}`;
}

const bench = { fs: new SimFileSystem(), clock: new ManualClock(), warn: () => undefined };
const table = tableOf(80);

function settingsWith(change: Partial<TuneSettings> = {}, records: JournalRecord[] = []): TuneSettings {
  const journal = { records, append: (record: JournalRecord) => records.push(record) };
  return { ...{ table, seed: 1, trials: 3, maxDecisionUs: 100, maxBytes: 1e7, journal }, ...change };
}

/** Runs a search, at most so many steps of it. */
function tune(settings: TuneSettings, steps = Number.POSITIVE_INFINITY): TuneReport | undefined {
  const work = codecWorkshop.tune?.(bench, settings);
  for (let i = 0; i <= steps; i += 1) {
    const step = work?.next();
    if (step?.done === true) return step.value;
  }
  return undefined;
}

test('rules stand beside the best of each family, and the best within budget is named', () => {
  const records: JournalRecord[] = [];
  const report = tune(settingsWith({}, records));
  const families = report?.families ?? [];
  assert.deepEqual(
    families.map(({ family }) => family).filter((family) => !['mlp', 'boosted-trees'].includes(family)),
    ['heuristic', 'bandwidth-table'],
  );
  assert.equal(report?.trials, 3);
  const best = families.find(({ family }) => family === report?.best);
  assert.ok(best?.withinBudget);
  for (const { withinBudget, regret } of families) {
    assert.ok(regret >= -1e-12 && (!withinBudget || regret >= (best?.regret ?? 1)));
  }
});

test('a trial trains one net; the best is judged as it would serve, with all nets', () => {
  const records: JournalRecord[] = [];
  const families = tune(settingsWith({}, records))?.families ?? [];
  const ofFamily = (name: string) => families.find(({ family }) => family === name);
  const tells = records.flatMap((record) => (record.type === 'tell' ? [record.value] : []));
  assert.ok(tells.includes(ofFamily('boosted-trees')?.regret ?? tells[0]));
  const { bytes = 0, parameters = {} } = ofFamily('mlp') ?? {};
  const width = Number(parameters['hiddenDim']);
  const weights = [12, width, width / 2, width / 4].reduce(
    (sum, units, i, all) => sum + (units + 1) * (all[i + 1] ?? 4),
    0,
  );
  assert.ok(bytes > 4 * NET_COUNT * weights && bytes < 5 * NET_COUNT * weights, `${bytes} bytes`);
});

test('what is too large or too slow does not win', () => {
  const records: JournalRecord[] = [];
  const free = tune(settingsWith({}, records));
  const small = tune(settingsWith({ maxBytes: 1 }, records));
  assert.ok(['heuristic', 'bandwidth-table'].includes(small?.best ?? ''));
  assert.deepEqual(
    small?.families.map(({ regret }) => regret),
    free?.families.map(({ regret }) => regret),
  );
});

test('a search that was stopped goes on to the same end; the journal of another is refused', () => {
  const whole: JournalRecord[] = [];
  const expected = tune(settingsWith({}, whole));
  const records: JournalRecord[] = [];
  const tells = (from: readonly JournalRecord[]) => from.filter(({ type }) => type === 'tell');
  // In the midst of the first training, and of a later one: what was begun is trained again.
  for (const steps of [1, 100]) {
    assert.equal(tune(settingsWith({}, records), steps), undefined);
    assert.ok(tells(records).length < tells(whole).length);
  }
  assert.deepEqual(tune(settingsWith({}, records)), expected);
  assert.deepEqual(tells(records), tells(whole));
  assert.throws(() => tune(settingsWith({ seed: 2 }, records)), { code: 'REFUSED' });
});
