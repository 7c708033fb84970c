// The gate: how often it lets through what is no better, and what becomes of poisoned updates.
import { FastRng } from '../../../src/base/index.ts';
import { LogisticRegression } from '../../../src/learn/index.ts';
import { type Row, type Scale, shareText } from '../section.ts';
import { type Served, type Stream, served } from './served.ts';

const RUNS: Readonly<Record<Scale, number>> = { small: 40, full: 1000 };
const ALPHA = 0.05;
/** Samples of one trial. */
const TRIAL = 600;
const CLEAN = 1200;
const POISON = 100;
const AFTER = 600;
const LEAST_KEPT = 0.95;
/** A rate at which one poisoned batch turns a model round. */
const RATE = 0.1;

/** SEA rows; the labels of one batch are turned round. */
function poisoned(seed: number): Stream {
  const rng = new FastRng(seed);
  const rows = Array.from({ length: CLEAN + POISON + AFTER }, () => [
    10 * rng.next(),
    10 * rng.next(),
    10 * rng.next(),
  ]);
  const labels = rows.map(([a = 0, b = 0], i) => Number(a + b <= 8 !== (i >= CLEAN && i < CLEAN + POISON)));
  return { rows, labels };
}

/** Labels that nothing tells anything of: no candidate is better than the champion. */
function coins(seed: number): Stream {
  const rng = new FastRng(seed);
  const rows = Array.from({ length: TRIAL + 50 }, () => [rng.next(), rng.next(), rng.next()]);
  return { rows, labels: rows.map(() => Number(rng.next() < 0.5)) };
}

const countOf = ({ outcomes }: Served, kind: string): number =>
  outcomes.filter((outcome) => outcome.kind === kind).length;

/** The key of a swap is the sample it came with. */
const swapsAfter = ({ outcomes }: Served, from: number): number =>
  outcomes.filter(({ kind, key }) => kind === 'swap' && Number(key) >= from).length;

/** Rows about what the gate lets through. */
export function gateRows(scale: Scale): Row[] {
  const seeds = Array.from({ length: RUNS[scale] }, (_, i) => i + 1);
  const chance = seeds.filter(
    (seed) =>
      countOf(served(new LogisticRegression({ features: 3 }), coins(seed), 'incremental'), 'swap') > 0,
  );
  const runs = seeds.map((seed) =>
    served(new LogisticRegression({ features: 3, rate: RATE }), poisoned(seed), 'mini_batch'),
  );
  // The batch is learnt with its last sample; what serves after that must not be worse for it.
  const kept = runs.filter((run) => swapsAfter(run, CLEAN) === 0 || isGood(run));
  const rejected = runs.filter((run) => countOf(run, 'reject') + countOf(run, 'rollback') > 0);
  return [
    {
      measure: `trials of ${TRIAL} samples of labels by lot in which a candidate was let through`,
      bound: `≤ ${100 * ALPHA} %`,
      measured: shareText(chance.length, seeds.length),
      isMet: chance.length <= ALPHA * seeds.length + 2 * Math.sqrt(ALPHA * (1 - ALPHA) * seeds.length),
    },
    {
      measure: `a batch of ${POISON} samples with labels turned round: served no worse after it, or not at all`,
      bound: `≥ ${100 * LEAST_KEPT} %`,
      measured: shareText(kept.length, seeds.length),
      isMet: kept.length >= LEAST_KEPT * seeds.length,
    },
    {
      measure: 'of these runs, the poisoned candidate was thrown away by the gate within 600 samples',
      bound: '',
      measured: shareText(rejected.length, seeds.length),
      isMet: undefined,
    },
  ];
}

/** Whether what serves from 100 samples after the poison on is right at least nearly as often as before it. */
function isGood({ scores }: Served): boolean {
  const mean = (from: number, to: number): number =>
    scores.subarray(from, to).reduce((sum, s) => sum + s, 0) / (to - from);
  return mean(CLEAN + 2 * POISON, CLEAN + POISON + AFTER) >= mean(CLEAN - 500, CLEAN) - 0.05;
}
