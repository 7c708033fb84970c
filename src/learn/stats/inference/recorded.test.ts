// Against statsmodels, SciPy and GrowthBook's gbstats; see test/full/oracles.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Summary, summarize } from '../summary.ts';
import { cupedArms, ratioSummary } from './adjusted.ts';
import { effectBelief } from './bayes.ts';
import { differenceOf, type Side } from './difference.ts';
import { differenceTest } from './fixed-horizon.ts';
import { mixtureRatio } from './msprt.ts';
import { benjaminiHochberg, holm } from './multiplicity.ts';
import { RunningPairs } from './pairs.ts';
import { powerOf } from './power.ts';
import { srmTest } from './srm.ts';

type Ends = readonly [number | string, number | string];
type Scale = 'absolute' | 'relative';
type Field = {
  welch: { control: number[]; treatment: number[]; alpha: number; sides: [Side, number, ...Ends][] }[];
  multiplicity: { pValues: number[]; holm: number[]; benjaminiHochberg: number[] }[];
  power: [number, number, number, number, 1 | 2, number][];
  covariate: { value: number[]; earlier: number[]; treated: number[]; effect: number; slope: number };
  splits: { counts: number[]; shares: number[]; statistic: number; pValue: number }[];
};
type GrowthBookRow = {
  control: Summary;
  treatment: Summary;
  scale: Scale;
  effect: number;
  ends: Ends;
} & (
  | { kind: 'fixed'; side: Side; pValue: number }
  | { kind: 'sequential'; tuneCount: number; pValue: number }
  | { kind: 'belief'; prior: [number, number] | null; chanceToWin: number; risk: [number, number] }
);
type GrowthBook = {
  rows: GrowthBookRow[];
  ratios: (Summary & { n: number; m: [number, number]; d: [number, number]; products: number })[];
  splits: [number[], number[], number][];
};

const vectors = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../test/vectors/${name}.json`, import.meta.url), 'utf8')) as T;
const field = vectors<Field>('statsmodels');
const growthBook = vectors<GrowthBook>('gbstats');

function near(actual: number, expected: number | string, tolerance = 1e-9): void {
  const wanted = typeof expected === 'string' ? Number(expected.replace('inf', 'Infinity')) : expected;
  const isClose = actual === wanted || Math.abs(actual - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
  assert.ok(isClose, `${actual} where ${wanted} is expected`);
}

test("Welch's test of one and two sides is statsmodels'", () => {
  for (const { control, treatment, alpha, sides } of field.welch) {
    for (const [side, pValue, lower, upper] of sides) {
      const found = differenceTest(summarize(control), summarize(treatment), { alpha, side });
      near(found.pValue, pValue);
      // SciPy's quantiles of Student's distribution have nine digits.
      near(found.lower, lower, 1e-8);
      near(found.upper, upper, 1e-8);
    }
  }
});

test("adjusted p-values are statsmodels'", () => {
  for (const row of field.multiplicity) {
    holm(row.pValues).forEach((value, i) => {
      near(value, row.holm[i] as number, 1e-14);
    });
    benjaminiHochberg(row.pValues).forEach((value, i) => {
      near(value, row.benjaminiHochberg[i] as number, 1e-14);
    });
  }
});

test("power is statsmodels'", () => {
  for (const [effect, samples, alpha, ratio, sides, power] of field.power)
    near(powerOf({ effect: -effect, deviation: 1 }, samples, { alpha, ratio, sides }), power, 1e-12);
});

test('the effect of CUPED is that of least squares with the earlier value as covariate', () => {
  const { value, earlier, treated, effect, slope } = field.covariate;
  const arms = [new RunningPairs(), new RunningPairs()] as const;
  value.forEach((one, i) => {
    arms[treated[i] as 0 | 1].add(one, earlier[i] as number);
  });
  const adjusted = cupedArms(...arms);
  near(adjusted.slope, slope, 1e-10);
  near(adjusted.treatment.mean - adjusted.control.mean, effect, 1e-10);
});

test("the test of a split is SciPy's, and GrowthBook's", () => {
  for (const { counts, shares, statistic, pValue } of field.splits) {
    const found = srmTest(counts, shares);
    near(found.statistic, statistic);
    assert.ok(Math.abs(found.pValue / pValue - 1) < 1e-9);
  }
  for (const [counts, shares, pValue] of growthBook.splits) near(srmTest(counts, shares).pValue, pValue);
  near(srmTest([5000, 5200], [1, 1]).pValue, 0.04767, 1e-5);
});

/** gbstats 0.8 subtracts where it should add for this end. */
const mirrored = (lower: number, effect: number): number => 2 * effect - lower;

test("tests of one look are GrowthBook's", () => {
  let rows = 0;
  for (const row of growthBook.rows) {
    if (row.kind !== 'fixed') continue;
    const { control, treatment, scale, side, ends } = row;
    const found = differenceTest(control, treatment, { side, scale });
    near(found.effect, row.effect);
    near(found.pValue, row.pValue);
    near(found.lower, ends[0]);
    near(found.upper, side === 'less' ? mirrored(Number(ends[1]), row.effect) : ends[1]);
    rows += 1;
  }
  assert.equal(rows, 36);
});

test("GrowthBook's sequential p-value is the mixture ratio at its own scale", () => {
  const depth = -2 * Math.log(0.05);
  for (const row of growthBook.rows) {
    if (row.kind !== 'sequential') continue;
    const { control, treatment, scale, tuneCount, pValue } = row;
    const { effect, error } = differenceOf(control, treatment, scale);
    const count = control.count + treatment.count;
    const mixing = ((depth + Math.log(depth + 1)) / tuneCount) * error * error * count;
    near(Math.min(1, 1 / mixtureRatio(effect, error * error, mixing)), pValue);
  }
});

test("beliefs are GrowthBook's", () => {
  for (const row of growthBook.rows) {
    if (row.kind !== 'belief') continue;
    const { control, treatment, scale, prior } = row;
    const options = prior === null ? { scale } : { scale, prior: { mean: prior[0], deviation: prior[1] } };
    const found = effectBelief(control, treatment, options);
    near(found.effect, row.effect);
    near(found.chanceToWin, row.chanceToWin);
    near(found.risk.control, row.risk[0]);
    near(found.risk.treatment, row.risk[1]);
    near(found.lower, row.ends[0]);
    near(found.upper, row.ends[1]);
  }
  const rates = [0.49, 0.51].map((mean) => ({ count: 100, mean, variance: mean * (1 - mean) }));
  const found = effectBelief(rates[0] as Summary, rates[1] as Summary, { scale: 'relative' });
  near(found.chanceToWin, 0.60918, 1e-5);
  near(found.risk.control, 0.0814, 1e-4);
  near(found.risk.treatment, 0.04058, 1e-5);
});

test("ratios of means are GrowthBook's", () => {
  for (const { n, m, d, products, mean, variance } of growthBook.ratios) {
    const moments = ([sum, squares]: [number, number]): Summary => ({
      count: n,
      mean: sum / n,
      variance: (squares - sum ** 2 / n) / (n - 1),
    });
    const covariance = (products - (m[0] * d[0]) / n) / (n - 1);
    const found = ratioSummary({ first: moments(m), second: moments(d), covariance });
    near(found.mean, mean);
    near(found.variance, variance);
  }
});
