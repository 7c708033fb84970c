// Rollouts: how often one of a model that is not worse is rolled back, and how soon a worse one is.
import { FastRng } from '../../src/base/index.ts';
import { quantile } from '../common/statistics.ts';
import { Floor, PeekingTest, Threshold } from './rollout/rules.ts';
import { costOfDeciding, decisionsAfterBreach, rollbackTimes } from './rollout/speed.ts';
import { plan, steady, type World, walk } from './rollout/walks.ts';
import { type Row, type Scale, type Section, shareText } from './section.ts';

const MOST_FALSE = 0.05;
/** Runs by scale: rollouts of equal models, such in other worlds, of worse ones, and rollbacks that are timed. */
const runsOf = {
  small: { same: 100, others: 60, worse: 20, breaches: 10 },
  full: { same: 10_000, others: 2000, worse: 1000, breaches: 200 },
} as const satisfies Readonly<Record<Scale, object>>;

const OTHERS = [
  ['accuracy more than 3 points below the rule', () => new Threshold()],
  ['accuracy below 95 %', () => new Floor()],
  ['z-test at 5 %', () => new PeekingTest()],
] as const;

/** Both wander together by the hour, and drop and recover in between: no harm, though much changes. */
const wandering: World = {
  model: (at) => 0.97 + 0.02 * Math.sin(at / 700) - (at % 20_000 < 2000 ? 0.01 : 0),
  rule: (at) => 0.97 + 0.02 * Math.sin(at / 700) - (at % 20_000 < 2000 ? 0.01 : 0),
};

async function falseRows(scale: Scale): Promise<Row[]> {
  const { same: runs, others } = runsOf[scale];
  const count = { ours: 0, others: OTHERS.map(() => 0) };
  const rng = new FastRng(1);
  for (let run = 0; run < runs; run += 1) {
    const walked = await walk(steady(0.97), rng, { others: OTHERS.map(([, make]) => make()) });
    if (walked.decisions !== undefined) count.ours += 1;
    for (const [k, took] of walked.others.entries()) if (took) count.others[k] = (count.others[k] ?? 0) + 1;
  }
  const beside = OTHERS.map(([name], k) => ({
    measure: `the same, looked at every 100 decisions: ${name}`,
    bound: '',
    measured: shareText(count.others[k] ?? 0, runs),
    isMet: undefined,
  }));
  return [
    falseRow('false rollbacks of a model as good as the rule, accuracy 0.97', count.ours, runs),
    ...beside,
    falseRow(
      'the same, with accuracy 0.95, which is the limit',
      await falseOf(steady(0.95), others, 2),
      others,
    ),
    falseRow('the same, where both wander together', await falseOf(wandering, others, 3), others),
  ];
}

async function falseOf(world: World, runs: number, seed: number): Promise<number> {
  const rng = new FastRng(seed);
  let count = 0;
  for (let run = 0; run < runs; run += 1) if ((await walk(world, rng)).decisions !== undefined) count += 1;
  return count;
}

const falseRow = (measure: string, hits: number, runs: number): Row => ({
  ...{ measure, bound: '≤ 5 %', measured: shareText(hits, runs), isMet: hits <= MOST_FALSE * runs },
});

/** Shares with the decisions in which nine of ten drops are found: what is promised. */
const PROMISED = [
  [0.05, 25_000],
  [0.25, 8000],
  [0.5, 6000],
] as const;

async function foundRows(scale: Scale): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [share, most] of PROMISED) {
    const [first] = plan.steps;
    // One step of this share, for as long as it takes; the limit is off, so that the rule beside it is what finds it.
    const steps = [
      { ...first, share, durationMs: 1e12, minEvidence: { model: 1, rule: 1 } },
      ...plan.steps.slice(-1),
    ];
    const guardrails = plan.guardrails.map(({ limit: _, ...guardrail }) => guardrail);
    const options = { plan: { ...plan, steps, guardrails }, decisions: [400_000] };
    const found = await Promise.all(
      Array.from({ length: runsOf[scale].worse }, (_, run) =>
        walk(steady(0.94, 0.97), new FastRng(run), options),
      ),
    );
    const decisions = found.map((each) => each.decisions ?? Number.POSITIVE_INFINITY);
    const ofModel = found.map((each) => each.ofModel);
    const late = quantile(decisions, 0.9);
    rows.push({
      measure: `decisions until a drop of 3 points (0.97 to 0.94) is found at ${100 * share} %: nine of ten`,
      bound: `≤ ${most}`,
      measured: `${late} (${quantile(ofModel, 0.9)} of the model); half by ${quantile(decisions, 0.5)} (${quantile(ofModel, 0.5)})`,
      isMet: late <= most,
    });
  }
  return rows;
}

async function speedRows(): Promise<Row[]> {
  const { rule, inShadow, push, inCanary } = await costOfDeciding();
  const times = await rollbackTimes(runsOf.full.breaches);
  const p99 = quantile(times, 0.99);
  const ns = (value: number): string => `${value.toFixed(0)} ns`;
  return [
    { measure: 'one push into the shadow ring', bound: '≤ 200 ns', measured: ns(push), isMet: push <= 200 },
    {
      measure: 'what shadow adds to a decision of the rule',
      bound: '≤ 200 ns',
      measured: `${ns(inShadow - rule)} (${ns(rule)} without)`,
      isMet: inShadow - rule <= 200,
    },
    { measure: 'a decision in a canary of 5 %', bound: '', measured: ns(inCanary), isMet: undefined },
    {
      measure: 'from the decision that breaks a guardrail until the registry knows, on disk: p99',
      bound: '≤ 50 ms',
      measured: `${p99.toFixed(1)} ms (median ${quantile(times, 0.5).toFixed(1)})`,
      isMet: p99 <= 50,
    },
  ];
}

/** The part of the promises table about rollouts. */
export async function rolloutSection(scale: Scale): Promise<Section> {
  const after = await decisionsAfterBreach(runsOf[scale].breaches);
  return {
    title: 'Rollout',
    note: `Whole rollouts of document 002's shares (5, 25, 50, 75, 99 %) with 40 000 decisions each; accuracy and cost are watched at every decision, both within the one alpha of 5 %.`,
    rows: [
      ...(await falseRows(scale)),
      ...(await foundRows(scale)),
      {
        measure: 'decisions of the model after the one that broke the guardrail, at most',
        bound: '0',
        measured: String(after),
        isMet: after === 0,
      },
      ...(scale === 'full' ? await speedRows() : []),
    ],
  };
}
