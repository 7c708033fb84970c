import { bootstrap } from '../../../learn/index.ts';
import type { ScoreRow, ScoreSet } from '../../scoreboard/index.ts';
import { BASELINES, baseline, oracle, plain } from './contenders.ts';
import { type Entrant, replay, type Tally } from './replay.ts';
import type { Trace } from './trace.ts';

/** The policies of the scoreboard beside the baselines. */
export type Policies = {
  readonly heuristic: Entrant;
  readonly model?: Entrant;
  /** Whether the model answers in use; the rule does where not. */
  readonly modelServes: boolean;
  /** Time of one decision so far, microseconds. */
  readonly decisionUs: () => { readonly p50: number; readonly p99: number } | undefined;
};

/** One trace as it stands on the scoreboard. One step a row. */
export function* scoreTrace(name: string, trace: Trace, policies: Policies): Generator<string, ScoreSet> {
  const isTree = trace.knownUpTo !== undefined;
  const names = Object.keys(BASELINES).filter((who) => isTree || who !== 'tree-children');
  const row = (who: string, serving: boolean, entrant: Entrant): ScoreRow => ({
    ...{ who, serving },
    ...metricsOf(replay(trace, entrant)),
  });
  const rows: ScoreRow[] = [];
  if (policies.model !== undefined) {
    yield `${name} model`;
    const scored = row('model', policies.modelServes, policies.model);
    const timed = policies.decisionUs();
    rows.push(
      timed === undefined ? scored : { ...scored, decisionP50Us: timed.p50, decisionP99Us: timed.p99 },
    );
  }
  yield `${name} heuristic`;
  rows.push(row('heuristic', !policies.modelServes, policies.heuristic));
  yield `${name} lru`;
  const lru = row('lru', false, plain);
  const limited: ScoreRow[] = [];
  for (const who of names) {
    yield `${name} ${who}`;
    limited.push(row(who, false, baseline(BASELINES[who] as (typeof BASELINES)[string], true)));
  }
  const best = [lru, ...limited].reduce((a, b) => (Number(b['hitRate']) > Number(a['hitRate']) ? b : a));
  rows.push(lru, ...limited, { ...best, who: 'best-fixed', bestIs: best.who });
  rows.push({ ...lru, who: 'document-rule' });
  yield `${name} oracle`;
  rows.push(row('oracle', false, oracle));
  for (const who of names) {
    yield `${name} ${who} unlimited`;
    const entrant = baseline(BASELINES[who] as (typeof BASELINES)[string], false);
    rows.push({ ...row(`${who} unlimited`, false, entrant), unlimited: true });
  }
  return { name, n: trace.keys.length - trace.countFrom, rows };
}

const MIN_SLICES = 2;

/** Plain fractions; the interval of the hit rate by resampling stretches of time. */
function metricsOf(tally: Tally): Record<string, number> {
  const { demand, hits, issued, usedSoon, wasted, asked, guessed, right } = tally;
  const total = demand.reduce((sum, count) => sum + count, 0);
  const slices = Float64Array.from(demand, (_, i) => i).filter((i) => (demand[i] as number) > 0);
  const rateOf = (drawn: ArrayLike<number>): number => {
    let [all, found] = [0, 0];
    for (let i = 0; i < drawn.length; i += 1) {
      all += demand[drawn[i] as number] as number;
      found += hits[drawn[i] as number] as number;
    }
    return found / Math.max(1, all);
  };
  const rate = rateOf(slices);
  const interval =
    slices.length < MIN_SLICES
      ? { low: rate, high: rate }
      : bootstrap(slices, rateOf, { method: 'percentile', resamples: 300 });
  const [hitAt5, coverage] = [right / Math.max(1, asked), guessed / Math.max(1, asked)];
  return {
    ...{ hitRate: rate, hitRateLow: interval.low, hitRateHigh: interval.high },
    waste: wasted / Math.max(1, total),
    usedOfIssued: usedSoon / Math.max(1, issued),
    ...{ hitAt5, coverage },
    // Five guesses, one next access: what document 000 asks for cannot exceed a fifth of the coverage.
    precisionAt5: hitAt5 / 5,
    precisionAt5Ceiling: coverage / 5,
  };
}
