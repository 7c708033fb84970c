// A/A experiments whose units come back: the part of them that ever has a winner, looked at all the time. Records of a
// unit have much in common, which who counts records as if they were units does not see.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../../base/index.ts';
import type { Analysis, MetricSpec } from '../definition/types.ts';
import { summaryOf, UnitSums } from '../records/sums.ts';
import { compare } from './compare.ts';

const EXPERIMENTS = 120;
const UNITS = 2000;
const RECORDS = 12_000;
const LOOK_EVERY = 100;
const MINIMUM = 200;
const ALPHA = 0.05;
const ANALYSIS: Analysis = { method: 'anytime', alpha: ALPHA };
const METRIC: MetricSpec = { name: 'hits', direction: 'higher' };

type Arm = { readonly byUnit: UnitSums; readonly byRecord: UnitSums };

const isDifferent = (arms: readonly Arm[], view: keyof Arm): boolean => {
  const [control, treatment] = arms.map((arm) => summaryOf(arm[view].saved()));
  if (control === undefined || treatment === undefined || Math.min(control.count, treatment.count) < MINIMUM)
    return false;
  return compare(METRIC, { modelId: 'b', control, treatment }, ANALYSIS, ALPHA).verdict !== 'undecided';
};

/** @returns whether counting by unit, and by record, ever found a difference where there is none */
function run(rng: FastRng): { byUnit: boolean; byRecord: boolean } {
  const arms: Arm[] = [0, 1].map(() => ({ byUnit: new UnitSums(), byRecord: new UnitSums() }));
  const totals = new Map<number, { readonly rate: number; hits: number; records: number }>();
  const found = { byUnit: false, byRecord: false };
  for (let at = 1; at <= RECORDS; at += 1) {
    const unit = rng.below(UNITS);
    const { byUnit, byRecord } = arms[unit % 2] as Arm;
    const known = totals.get(unit);
    const own = known ?? { rate: rng.next() ** 2, hits: 0, records: 0 };
    if (known === undefined) totals.set(unit, own);
    else byUnit.remove(own.hits, own.records);
    const hit = rng.next() < own.rate ? 1 : 0;
    own.hits += hit;
    own.records += 1;
    byUnit.add(own.hits, own.records);
    byRecord.add(hit, 1);
    if (at % LOOK_EVERY !== 0) continue;
    found.byUnit ||= isDifferent(arms, 'byUnit');
    found.byRecord ||= isDifferent(arms, 'byRecord');
  }
  return found;
}

test('looked at 120 times, A/A experiments whose units come back find a winner in no more than alpha of the cases', () => {
  const results = Array.from({ length: EXPERIMENTS }, (_, seed) => run(new FastRng(seed)));
  const rateOf = (view: keyof Arm): number => results.filter((found) => found[view]).length / EXPERIMENTS;
  assert.ok(rateOf('byUnit') <= ALPHA, `${rateOf('byUnit')}`);
  assert.ok(rateOf('byRecord') > ALPHA, `${rateOf('byRecord')}`);
});
