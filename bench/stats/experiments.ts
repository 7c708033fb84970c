// Experiments: false winners, power, and splits that are not what was asked for.
import { FastRng } from '../../src/base/index.ts';
import { type Arm, type Batches, rateArm, tailArm, timeArm } from './experiments/arms.ts';
import { secondsPerAssignment } from './experiments/assignments.ts';
import { simulateBets, simulateDifferences } from './experiments/bets.ts';
import { varianceLeft } from './experiments/covariates.ts';
import { FIRST_LOOK, naive, ours, rulesFor, sequential } from './experiments/rules.ts';
import { type Outcome, simulate } from './experiments/simulate.ts';
import { SPLIT_ALPHA, type SplitRuns, simulateSplits } from './experiments/splits.ts';
import { type Row, type Scale, type Section, shareText } from './section.ts';

const LOOK_EVERY = 50;
const LAST_COUNT = 20_000;
const LOOKS = (LAST_COUNT - FIRST_LOOK) / LOOK_EVERY + 1;
const MOST_FALSE = 0.05;

/** Runs by scale: experiments without and with an effect, experiments of single values, splits, bets, exact differences. */
const runsOf = {
  small: { same: 400, different: 400, times: 10, splits: 60, bets: 200, exact: 5 },
  full: { same: 20_000, different: 10_000, times: 2000, splits: 10_000, bets: 10_000, exact: 1000 },
} as const satisfies Readonly<Record<Scale, object>>;

/** Two arms from one seed; the control gets `ratio` times as many values. */
function armsOf(make: (batches: Batches, isTreatment: boolean) => Arm, seed: number, ratio = 1) {
  const rng = new FastRng(seed);
  return {
    control: make({ size: LOOK_EVERY * ratio, rng }, false),
    treatment: make({ size: LOOK_EVERY, rng }, true),
    lastCount: LAST_COUNT,
  };
}

const rates = (control: number, treatment: number, seed: number, ratio = 1) =>
  armsOf((batches, isTreatment) => rateArm(isTreatment ? treatment : control, batches), seed, ratio);

/** False winners of one A/A experiment; a promise only where the rule is ours. */
function falseRow(outcome: Outcome, { runs, what }: { readonly runs: number; readonly what: string }): Row {
  const isPromise = outcome.rule === ours;
  return {
    measure: `false winners, ${what}: ${outcome.rule.name}`,
    bound: isPromise ? '≤ 5 %' : '',
    measured: shareText(outcome.stopped, runs),
    isMet: isPromise ? outcome.stopped <= MOST_FALSE * runs : undefined,
  };
}

function sameRows(scale: Scale): Row[] {
  const { same, times } = runsOf[scale];
  const few = [ours, naive];
  const what = 'rate 0.10';
  return [
    ...simulate({ ...rates(0.1, 0.1, 1), runs: same }, rulesFor(LOOKS)).map((outcome) =>
      falseRow(outcome, { runs: same, what }),
    ),
    ...simulate({ ...rates(0.1, 0.1, 2, 9), runs: same }, few).map((outcome) =>
      falseRow(outcome, { runs: same, what: 'rate 0.10, treatment 10 %' }),
    ),
    ...simulate({ ...rates(0.01, 0.01, 3), runs: same }, few).map((outcome) =>
      falseRow(outcome, { runs: same, what: 'rate 0.01' }),
    ),
    ...simulate({ ...armsOf((batches) => timeArm(1, batches), 4), runs: times }, few).map((outcome) =>
      falseRow(outcome, { runs: times, what: 'log-normal times, variation 1' }),
    ),
    ...simulate({ ...armsOf((batches) => tailArm(0.95, 1, batches), 5), runs: times }, few).map((outcome) =>
      falseRow(outcome, { runs: times, what: '95th percentile of such times, from a sketch' }),
    ),
  ];
}

/** Power beside GrowthBook's at the same alpha, on the same runs. */
function powerRows(scale: Scale, lift: number, seed: number): Row[] {
  const runs = runsOf[scale].different;
  const outcomes = simulate({ ...rates(0.1, 0.1 * (1 + lift), seed), runs }, rulesFor(LOOKS));
  const theirs = Math.max(...outcomes.filter(({ rule }) => sequential.includes(rule)).map(({ won }) => won));
  return outcomes
    .filter(({ rule }) => rule !== naive)
    .map(({ rule, won, medianCount }) => ({
      measure: `power at ${(100 * lift).toFixed(0)} % more than 0.10: ${rule.name}`,
      bound: rule === ours ? "≥ GrowthBook's" : '',
      measured: `${shareText(won, runs, 1)}, half stopped by ${Math.round(medianCount)} per arm`,
      isMet: rule === ours ? won >= theirs : undefined,
    }));
}

function splitRows(scale: Scale): Row[] {
  const runs = runsOf[scale].splits;
  const right = (share: number, seed: number): Row[] => {
    const { alarms, peekAlarms } = simulateSplits({ runs, units: LAST_COUNT, seed, share, actual: share });
    const what = `correct split ${100 - 100 * share}/${100 * share}`;
    return [
      {
        measure: `sequential SRM alarms at ${SPLIT_ALPHA}, ${what}, every unit`,
        bound: '≤ 0.1 %',
        measured: shareText(alarms, runs, 3),
        isMet: alarms <= SPLIT_ALPHA * runs,
      },
      {
        measure: `χ² alarms at ${SPLIT_ALPHA}, ${what}, every 50 units from 1000`,
        bound: '',
        measured: shareText(peekAlarms, runs, 3),
        isMet: undefined,
      },
    ];
  };
  const wrong: SplitRuns = { runs: runs / 20, units: 200_000, seed: 23, share: 0.5, actual: 0.51 };
  const { alarms, medianUnits } = simulateSplits(wrong);
  return [
    ...right(0.5, 21),
    ...right(0.1, 22),
    {
      measure: 'sequential SRM, 49/51 where 50/50 was asked: found within 200 000 units',
      bound: '',
      measured: `${shareText(alarms, wrong.runs, 1)}, half by ${Math.round(medianUnits)}`,
      isMet: undefined,
    },
  ];
}

function betRows(scale: Scale): Row[] {
  const runs = runsOf[scale].bets;
  const same = simulateBets({ runs, values: LAST_COUNT, seed: 31, claim: 0.1, actual: 0.1 });
  const worse = simulateBets({ runs, values: LAST_COUNT, seed: 32, claim: 0.1, actual: 0.13 });
  return [
    {
      measure: 'exact test "a rate is 0.10 at most", every value, the rate is 0.10: false alarms',
      bound: '≤ 5 %',
      measured: shareText(same.rejected, runs),
      isMet: same.rejected <= MOST_FALSE * runs,
    },
    {
      measure: 'the same where the rate is 0.13: found',
      bound: '',
      measured: `${shareText(worse.rejected, runs, 1)}, half by ${Math.round(worse.medianValues)} values`,
      isMet: undefined,
    },
  ];
}

function exactRows(scale: Scale): Row[] {
  const runs = runsOf[scale].exact;
  const ends = { runs, units: 2 * LAST_COUNT, control: 0.1 };
  const same = simulateDifferences({ ...ends, seed: 33, treatment: 0.1 });
  const better = simulateDifferences({ ...ends, seed: 34, treatment: 0.11 });
  return [
    {
      measure: 'false winners, rate 0.10: exact interval (BettingDifference), every value from the first',
      bound: '≤ 5 %',
      measured: shareText(same, runs),
      isMet: same <= MOST_FALSE * runs,
    },
    {
      measure: 'power at 10 % more than 0.10: exact interval, every value from the first',
      bound: '',
      measured: shareText(better, runs, 1),
      isMet: undefined,
    },
  ];
}

function covariateRows(): Row[] {
  return [0.3, 0.5, 0.7, 0.9].map((correlation, i) => {
    const left = varianceLeft(correlation, 20_000, 41 + i);
    const expected = 1 - correlation ** 2;
    return {
      measure: `CUPED, variance left at correlation ${correlation}`,
      bound: `${expected.toFixed(2)} ± 3 %`,
      measured: left.toFixed(4),
      isMet: Math.abs(left / expected - 1) <= 0.03,
    };
  });
}

async function assignmentRow(): Promise<Row> {
  const us = (await secondsPerAssignment()) * 1e6;
  return {
    measure: 'one assignment of a unit of twelve characters, of 65 536 that come in turn',
    bound: '≤ 1 µs',
    measured: `${us.toFixed(2)} µs`,
    isMet: us <= 1,
  };
}

const NOTE = [
  `Two arms, looked at every ${LOOK_EVERY} values of the smaller arm from ${FIRST_LOOK} to ${LAST_COUNT}; alpha 0.05,`,
  'two-sided. Ours is tuned to effects that some 10 000 values an arm can just show; much greater ones it finds a',
  'little later than a rule tuned to less.',
].join('\n');

/** The part of the promises table about experiments. */
export async function experimentsSection(scale: Scale): Promise<Section> {
  return {
    title: 'Experiments',
    note: NOTE,
    rows: [
      ...sameRows(scale),
      ...powerRows(scale, 0.1, 11),
      ...powerRows(scale, 0.05, 12),
      ...powerRows(scale, 0.3, 13),
      ...splitRows(scale),
      ...exactRows(scale),
      ...betRows(scale),
      ...covariateRows(),
      ...(scale === 'full' ? [await assignmentRow()] : []),
    ],
  };
}
