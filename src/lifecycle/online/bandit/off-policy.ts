import { PilotfishError } from '../../../base/index.ts';
import {
  type Bandit,
  doublyRobust,
  ips,
  LinearRegression,
  type OffPolicyOptions,
  type PolicyValue,
  snips,
} from '../../../learn/index.ts';

/** A choice as it was logged, with the reward it brought. */
export type LoggedChoice = {
  /** One row for all arms, or one row an arm. */
  readonly context: readonly number[];
  readonly legal?: readonly number[] | undefined;
  readonly arm: number;
  /** Probability with which it was chosen. */
  readonly propensity: number;
  readonly reward: number;
};

/** What a candidate policy would have brought in place of the one that logged. */
export type OffPolicyEstimate = {
  readonly choices: number;
  /** Mean reward of the policy that logged. */
  readonly logged: number;
  readonly ips: PolicyValue;
  /** Undefined when the candidate never does what was logged. */
  readonly snips: PolicyValue | undefined;
  /** The one to read: unbiased like `ips`, and steadier as far as rewards can be foreseen. */
  readonly dr: PolicyValue;
};

/** A policy that can say what it would do. */
export type CandidatePolicy = Pick<Bandit, 'propensities'>;

/**
 * Judges a policy by another's log before anybody is exposed to it: inverse propensity scoring, self-normalised, and
 * doubly robust with a model of the rewards that has only seen earlier choices, which keeps it unbiased. The candidate
 * must not have learnt from this log: what it was chosen by cannot judge it.
 * @param log in the order of the choices
 * @throws PilotfishError `EMPTY`; `USAGE` for propensities that are none; as the candidate.
 */
export function evaluateOffPolicy(
  candidate: CandidatePolicy,
  log: readonly LoggedChoice[],
  options: OffPolicyOptions = {},
): OffPolicyEstimate {
  if (log.length === 0)
    throw new PilotfishError('EMPTY', 'the log has no choice with a reward: wait for rewards');
  const shares = log.map(({ context, legal }) =>
    Float64Array.from(candidate.propensities({ context, ...(legal === undefined ? {} : { legal }) })),
  );
  const rewards = Float64Array.from(log, ({ reward }) => reward);
  const choices = {
    rewards,
    propensities: Float64Array.from(log, ({ propensity }) => propensity),
    target: Float64Array.from(log, ({ arm }, i) => shares[i]?.[arm] ?? 0),
  };
  return {
    ...{ choices: log.length, logged: rewards.reduce((sum, reward) => sum + reward, 0) / log.length },
    ips: ips(choices, options),
    snips: choices.target.some((share) => share > 0) ? snips(choices, options) : undefined,
    dr: doublyRobust(choices, expectedRewards(log, shares), options),
  };
}

/** Learns fast at first, then averages. */
const RATE = { kind: 'inverse-scaling', rate: 0.2, power: 0.5 } as const;

/** What a regression an arm, learnt from all earlier choices, expects of each; within the rewards that were seen. */
function expectedRewards(log: readonly LoggedChoice[], shares: readonly Float64Array[]) {
  const arms = shares[0]?.length ?? 0;
  const [chosen, target] = [new Float64Array(log.length), new Float64Array(log.length)];
  const models: LinearRegression[] = [];
  let [lowest, highest] = [0, 0];
  for (const [i, { context, arm, reward }] of log.entries()) {
    for (let each = 0; each < arms; each += 1) {
      models[each] ??= new LinearRegression({ features: context.length, rate: RATE });
      const foreseen = (models[each] as LinearRegression).predict(context)[0] as number;
      const expected = Math.min(highest, Math.max(lowest, foreseen));
      if (each === arm) chosen[i] = expected;
      target[i] = (target[i] as number) + (shares[i]?.[each] ?? 0) * expected;
    }
    models[arm]?.learnOne({ x: context, y: reward });
    lowest = Math.min(lowest, reward);
    highest = Math.max(highest, reward);
  }
  return { chosen, target };
}
