// Policies judged by the log of another: simulation against the truth.
import { FastRng } from '../../../src/base/index.ts';
import {
  ContextualBandit,
  evaluateOffPolicy,
  type LoggedChoice,
} from '../../../src/lifecycle/online/index.ts';
import { type Row, type Scale, shareText } from '../section.ts';

const RUNS: Readonly<Record<Scale, number>> = { small: 100, full: 1000 };
const CHOICES = 500;
const EXPLORATION = 0.3;
/** Of the estimate's mean, in standard errors of it. */
const MOST_BIAS = 3;
const LEAST_COVERAGE = 0.9;
/** The candidate plays the second arm always: half the contexts suit it. */
const TRUTH = 0.5;
const CANDIDATE = { propensities: () => Float64Array.of(0, 1, 0) };

/** Three arms; which of the first two is right follows from the sign of the first number of the context. */
const expected = (x: number, arm: number): number => (arm === 2 ? 0.1 : (arm === 0) === x > 0 ? 0.8 : 0.2);

function logOf(seed: number): { readonly log: LoggedChoice[]; readonly explored: number } {
  const rng = new FastRng(seed);
  const bandit = new ContextualBandit({
    arms: 3,
    features: 2,
    exploration: EXPLORATION,
    explorer: 'uniform',
    seed,
  });
  let explored = 0;
  const log = Array.from({ length: CHOICES }, () => {
    const context = [2 * rng.next() - 1, 2 * rng.next() - 1];
    const best = bandit.best({ context });
    const { arm, propensity } = bandit.predict({ context });
    if (best[arm] !== true) explored += 1;
    const reward = Number(rng.next() < expected(context[0] as number, arm));
    bandit.learnOne({ arm, reward, context });
    return { context, arm, propensity, reward };
  });
  return { log, explored };
}

/** Rows about off-policy estimates and the bound of exploration. */
export function banditRows(scale: Scale): Row[] {
  const logs = Array.from({ length: RUNS[scale] }, (_, seed) => logOf(seed + 1));
  const estimates = logs.map(({ log }) => evaluateOffPolicy(CANDIDATE, log));
  const explored = logs.reduce((sum, run) => sum + run.explored, 0);
  const rows = (['ips', 'dr'] as const).flatMap((kind): Row[] => {
    const values = estimates.map((estimate) => estimate[kind]);
    const mean = values.reduce((sum, { estimate }) => sum + estimate, 0) / values.length;
    const variance =
      values.reduce((sum, { estimate }) => sum + (estimate - mean) ** 2, 0) / (values.length - 1);
    const bias = (mean - TRUTH) / Math.sqrt(variance / values.length);
    const covered = values.filter(({ low, high }) => low <= TRUTH && TRUTH <= high).length;
    return [
      {
        measure: `${kind} of a candidate from ${values.length} logs of ${CHOICES} choices: bias in standard errors (truth ${TRUTH})`,
        bound: `≤ ${MOST_BIAS}`,
        measured: `${Math.abs(bias).toFixed(2)} (mean ${mean.toFixed(4)}, spread ${Math.sqrt(variance).toFixed(4)})`,
        isMet: Math.abs(bias) <= MOST_BIAS,
      },
      {
        measure: `${kind}: 95 % intervals that hold the truth`,
        bound: `≥ ${100 * LEAST_COVERAGE} %`,
        measured: shareText(covered, values.length),
        isMet: covered >= LEAST_COVERAGE * values.length,
      },
    ];
  });
  const choices = CHOICES * logs.length;
  const share: Row = {
    measure: 'share of choices of another arm than those that look best',
    bound: `≤ ${100 * EXPLORATION} %`,
    measured: shareText(explored, choices),
    isMet: explored <= EXPLORATION * choices,
  };
  return [...rows, share];
}
