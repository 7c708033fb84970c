import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import {
  BetaThompson,
  doublyRobust,
  type ExpectedRewards,
  ips,
  type LoggedChoices,
  type PolicyValue,
  snips,
} from './index.ts';

type Value = { estimate: number; low: number; high: number };
const { offPolicy: recorded } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/bandits.json', import.meta.url), 'utf8'),
) as {
  offPolicy: {
    propensities: number[];
    target: number[];
    expected: number[];
    arms: number[];
    rewards: number[];
    effectiveSamples: number;
  } & Record<'ips' | 'clipAt3' | 'snips' | 'doublyRobust', Value>;
};

const at = (values: readonly number[]) => recorded.arms.map((arm) => values[arm] as number);
const log: LoggedChoices = {
  rewards: recorded.rewards,
  propensities: at(recorded.propensities),
  target: at(recorded.target),
};
const mean = recorded.target.reduce((sum, share, arm) => sum + share * (recorded.expected[arm] as number), 0);
const model = { chosen: at(recorded.expected), target: recorded.arms.map(() => mean) };

function assertNear(actual: PolicyValue, wanted: Value): void {
  for (const name of ['estimate', 'low', 'high'] as const) {
    assert.ok(Math.abs(actual[name] - wanted[name]) < 1e-9, `${name}: ${actual[name]} for ${wanted[name]}`);
  }
}

test('estimates and intervals are those of NumPy and SciPy', () => {
  assertNear(ips(log), recorded.ips);
  assertNear(snips(log), recorded.snips);
  assertNear(doublyRobust(log, model), recorded.doublyRobust);
  assertNear(ips(log, { clip: 3 }), recorded.clipAt3);
  const report = ips(log, { clip: 3 });
  assert.equal(report.clipped, recorded.arms.filter((arm) => arm === 2).length);
  assert.equal(report.samples, 500);
  assert.ok(Math.abs(ips(log).effectiveSamples - recorded.effectiveSamples) < 1e-9);
});

test('a policy judged by its own log is worth the mean of the log', () => {
  const own = { ...log, target: log.propensities };
  const wanted = recorded.rewards.reduce((sum, reward) => sum + reward, 0) / 500;
  for (const value of [ips(own), snips(own)]) {
    assert.ok(Math.abs(value.estimate - wanted) < 1e-12);
    assert.equal(value.effectiveSamples, 500);
  }
});

/** Logs of a Thompson bandit while it learns; the judged policy prefers arm 2. */
function simulate(seed: number): { log: LoggedChoices; model: { chosen: number[]; target: number[] } } {
  const world = new FastRng(seed);
  const bandit = new BetaThompson({ arms: 3, seed, discount: 0.9 });
  const [success, judged, belief] = [
    [0.7, 0.5, 0.4],
    [0.2, 0.2, 0.6],
    [0.6, 0.6, 0.3],
  ];
  const expected = judged.reduce((sum, share, arm) => sum + share * (belief[arm] as number), 0);
  const entries = Array.from({ length: 200 }, () => {
    const { arm, propensity } = bandit.predict();
    const reward = world.next() < (success[arm] as number) ? 1 : 0;
    bandit.learnOne({ arm, reward });
    return { arm, propensity, reward };
  });
  return {
    log: {
      rewards: entries.map(({ reward }) => reward),
      propensities: entries.map(({ propensity }) => propensity),
      target: entries.map(({ arm }) => judged[arm] as number),
    },
    model: { chosen: entries.map(({ arm }) => belief[arm] as number), target: entries.map(() => expected) },
  };
}

test('over many logs of a learning bandit, IPS and DR are unbiased and intervals cover the truth', () => {
  const truth = 0.2 * 0.7 + 0.2 * 0.5 + 0.6 * 0.4;
  const logs = Array.from({ length: 120 }, (_, seed) => simulate(seed));
  const judged = {
    ips: logs.map((one) => ips(one.log)),
    snips: logs.map((one) => snips(one.log)),
    doublyRobust: logs.map((one) => doublyRobust(one.log, one.model)),
  };
  const spread: Record<string, number> = {};
  for (const [name, values] of Object.entries(judged)) {
    const average = values.reduce((sum, { estimate }) => sum + estimate, 0) / values.length;
    const squares = values.reduce((sum, { estimate }) => sum + (estimate - average) ** 2, 0);
    spread[name] = Math.sqrt(squares / values.length);
    const bias = Math.abs(average - truth);
    assert.ok(bias < (3.5 * (spread[name] as number)) / Math.sqrt(values.length), `${name}: bias ${bias}`);
    const covered = values.filter(({ low, high }) => low <= truth && truth <= high).length / values.length;
    assert.ok(covered > 0.86, `${name} covers ${covered}`);
  }
  assert.ok((spread['snips'] as number) < (spread['ips'] as number));
  assert.ok((spread['doublyRobust'] as number) < (spread['ips'] as number));
});

test('a right model makes DR right, even under wrong propensities', () => {
  const wrong = { ...log, propensities: recorded.arms.map(() => 1 / 3) };
  const value = doublyRobust({ ...wrong, rewards: model.chosen }, model);
  assert.ok(Math.abs(value.estimate - mean) < 1e-12);
});

test('one sample has no finite interval', () => {
  const { estimate, low, high } = ips({ rewards: [2], propensities: [0.5], target: [0.25] });
  assert.deepEqual([estimate, low, high], [1, -Infinity, Infinity]);
});

test('what is no log is refused', () => {
  const one = { rewards: [1], propensities: [0.5], target: [0.5] };
  const wrong: [string, LoggedChoices, object?][] = [
    ['EMPTY', { rewards: [], propensities: [], target: [] }],
    ['SHAPE', { ...one, target: [] }],
    ['NOT_FINITE', { ...one, rewards: [Number.NaN] }],
    ['USAGE', { ...one, propensities: [0] }],
    ['USAGE', { ...one, propensities: [Number.NaN] }],
    ['USAGE', { ...one, target: [1.5] }],
    ['NOT_FINITE', { ...one, propensities: [1e-320] }],
    ['USAGE', one, { clip: 0 }],
    ['USAGE', one, { level: 1 }],
  ];
  for (const [code, entries, options] of wrong) assert.throws(() => ips(entries, options), { code });
  assert.throws(() => snips({ ...one, target: [0] }), { code: 'EMPTY' });
  assert.throws(() => doublyRobust(one, { chosen: [1, 2], target: [1] }), { code: 'SHAPE' });
  const half = { chosen: [1] } as unknown as ExpectedRewards;
  assert.throws(() => doublyRobust(one, half), { code: 'USAGE', message: /model\.target is left out/ });
});
