import type { Clock } from '../../../base/index.ts';
import { bootstrap, quantile } from '../../../learn/index.ts';
import type { ScoreRow, ScoreSet } from '../../scoreboard/index.ts';
import type { Step } from '../../workshop/index.ts';
import { alwaysNewest, type Rule, sharedLessDepth, sharedThreshold, THRESHOLDS } from './baselines.ts';
import type { SetBlock } from './blocks.ts';
import { oracleChoice } from './measure.ts';
import { Replay, type Replayed, type Selector } from './replay.ts';
import { type Choose, NoBases, StoreSelector, SuperFeatures } from './selectors.ts';
import { Trials } from './trials.ts';

/** A set to score, and who stands on the scoreboard beside the baselines. */
export type SimilarContest = {
  readonly name: string;
  readonly blocks: readonly SetBlock[];
  /** Which blocks count; all are stored. */
  readonly counts: (block: SetBlock) => boolean;
  /** Answers as the room does: the model where it serves, else the rule. */
  readonly model: Rule | undefined;
  readonly clock: Clock;
};

/** One policy and what it made of the set. */
type Entrant = {
  readonly who: string;
  readonly replayed: Replayed;
  /** Microseconds of each decision, look-up included; empty where nobody measured. */
  readonly decisionUs: readonly number[];
};

/** Decisions are timed so often, and the fastest run counts: what disturbs one only makes it longer. */
const TIMED_RUNS = 3;
const RESAMPLES = 200;

/** The scoreboard entry of one data set. Yields as blocks are stored. */
export function* scoreSimilarSet(contest: SimilarContest): Generator<Step, ScoreSet, void> {
  const { name, blocks, clock, model } = contest;
  const trials = new Trials(blocks, clock);
  function* stored(who: string, selector: Selector): Generator<Step, Entrant, void> {
    const steps = new Replay(blocks, trials, selector).run();
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        const decisionUs = selector instanceof StoreSelector ? selector.decisionUs : [];
        return { who, replayed: step.value, decisionUs };
      }
      if (step.value % 64 === 0) yield { what: `${name} ${who}`, done: step.value, of: blocks.length };
    }
  }
  function* timed(who: string, choose?: Choose): Generator<Step, Entrant, void> {
    let fastest = yield* stored(who, new StoreSelector(clock, choose));
    for (let i = 1; i < TIMED_RUNS; i += 1) {
      const again = yield* stored(who, new StoreSelector(clock, choose));
      if (total(again.decisionUs) < total(fastest.decisionUs)) fastest = again;
    }
    return fastest;
  }
  const asked = (rule: Rule): Generator<Step, Entrant, void> => timed(rule.who, (q) => rule.choose(q));
  const none = yield* stored('document-rule', new NoBases());
  const heuristic = yield* timed('heuristic');
  const oracle = yield* stored('oracle', new StoreSelector(clock, oracleChoice(trials)));
  let fixed: Entrant | undefined;
  for (const least of THRESHOLDS) {
    const rule = sharedThreshold(least);
    const entrant = yield* stored(rule.who, new StoreSelector(clock, (q) => rule.choose(q)));
    if (fixed === undefined || bytesIn(contest, entrant) < bytesIn(contest, fixed)) fixed = entrant;
  }
  const entrants = [
    ...(model === undefined ? [] : [yield* asked(model)]),
    ...[heuristic, ...(fixed === undefined ? [] : [fixed]), none],
    yield* stored('super-features', new SuperFeatures()),
    ...[yield* asked(alwaysNewest), yield* asked(sharedLessDepth)],
    oracle,
  ];
  const serving = model === undefined ? 'heuristic' : 'model';
  const n = blocks.filter(contest.counts).length;
  const rows = entrants.map((entrant) => rowOf(contest, entrant, { none, heuristic, oracle, serving }));
  return { name, n, rows };
}

const total = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/** Bytes of the blocks that count. */
function bytesIn({ blocks, counts }: SimilarContest, { replayed }: Entrant): number {
  let sum = 0;
  blocks.forEach((block, i) => {
    if (counts(block)) sum += replayed.storedBytes[i] as number;
  });
  return sum;
}

type Beside = {
  readonly none: Entrant;
  readonly heuristic: Entrant;
  readonly oracle: Entrant;
  readonly serving: string;
};

function rowOf(contest: SimilarContest, entrant: Entrant, beside: Beside): ScoreRow {
  const { none, heuristic, oracle, serving } = beside;
  const clusters = clustersOf(contest, { none, entrant, oracle });
  const share = (above: keyof Cluster, below: keyof Cluster) => (drawn: readonly Cluster[]) => {
    const whole = total(drawn.map((cluster) => cluster[below]));
    return whole === 0 ? 0 : total(drawn.map((cluster) => cluster[above])) / whole;
  };
  const savings = (drawn: readonly Cluster[]): number => 1 - share('stored', 'none')(drawn);
  const regret = (drawn: readonly Cluster[]): number => share('stored', 'oracle')(drawn) - 1;
  const useless = share('useless', 'tried');
  const { decisionUs } = entrant;
  const times =
    decisionUs.length === 0 || entrant.who === 'oracle'
      ? {}
      : { decisionP50Us: quantile(decisionUs, 0.5), decisionP99Us: quantile(decisionUs, 0.99) };
  return {
    ...{ who: entrant.who, serving: entrant.who === serving },
    ...withInterval('savings', clusters, savings),
    storedRatio: share('stored', 'raw')(clusters),
    ...withInterval('regret', clusters, regret),
    ...withInterval('uselessCandidates', clusters, useless),
    notKept: share('notKept', 'tried')(clusters),
    ...(entrant.who === 'oracle' ? {} : { cpuRatio: secondsOf(entrant) / secondsOf(heuristic) }),
    ...times,
  };
}

/** Encoding and deciding; of the whole set, since groups and warm-up belong to all blocks. */
const secondsOf = ({ replayed, decisionUs }: Entrant): number =>
  total(replayed.seconds) + total(decisionUs) / 1e6;

/** Sums over the blocks of one file through all its versions: what is drawn together. */
type Cluster = {
  stored: number;
  none: number;
  oracle: number;
  raw: number;
  tried: number;
  useless: number;
  notKept: number;
};

function clustersOf(
  { blocks, counts }: SimilarContest,
  { none, entrant, oracle }: { none: Entrant; entrant: Entrant; oracle: Entrant },
): Cluster[] {
  const clusters = new Map<string, Cluster>();
  const { storedBytes, tried, useless, notKept } = entrant.replayed;
  blocks.forEach((block, i) => {
    if (!counts(block)) return;
    const zeros = { stored: 0, none: 0, oracle: 0, raw: 0, tried: 0, useless: 0, notKept: 0 };
    const sums = clusters.get(block.group) ?? zeros;
    sums.stored += storedBytes[i] as number;
    sums.none += none.replayed.storedBytes[i] as number;
    sums.oracle += oracle.replayed.storedBytes[i] as number;
    sums.raw += block.raw.length;
    sums.tried += tried[i] as number;
    sums.useless += useless[i] as number;
    sums.notKept += notKept[i] as number;
    clusters.set(block.group, sums);
  });
  return [...clusters.values()];
}

/** A metric of clusters with its interval, clusters drawn whole. */
function withInterval(
  name: string,
  clusters: readonly Cluster[],
  metric: (drawn: readonly Cluster[]) => number,
): Record<string, number> {
  const value = metric(clusters);
  if (clusters.length < 2) return { [name]: value, [`${name}Low`]: value, [`${name}High`]: value };
  const indices = Float64Array.from(clusters, (_, i) => i);
  const drawn = (at: Float64Array): number => metric(Array.from(at, (index) => clusters[index] as Cluster));
  const { low, high } = bootstrap(indices, drawn, { method: 'percentile', resamples: RESAMPLES });
  return { [name]: value, [`${name}Low`]: low, [`${name}High`]: high };
}
