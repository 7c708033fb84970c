import { areObjects, need as demand } from '../../../base/index.ts';
import { type Guardrail, LEAST_PART, METRIC_RANGE, type RolloutPlan, type RolloutStep } from './plan.ts';

/** A plan with everything said. */
export type CheckedPlan = Required<Omit<RolloutPlan, 'patienceMs' | 'analysis' | 'guardrails'>> & {
  readonly guardrails: readonly CheckedGuardrail[];
  readonly analysis: Required<NonNullable<RolloutPlan['analysis']>>;
  readonly patienceMs: number | undefined;
};

export type CheckedGuardrail = Omit<Guardrail, 'margin' | 'effect'> & {
  readonly margin: number;
  readonly effect: number;
};

const DEFAULT_ANALYSIS = {
  ...{ failureLimit: 0, consecutiveSuccessLimit: 0, inconclusiveLimit: -1, consecutiveErrorLimit: 4 },
};
const DEFAULT_EFFECT = 0.03;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_REGIONS = 100;
const MAX_STEPS = 50;
const MAX_GUARDRAILS = 16;
const MAX_HOLDBACK = 0.5;
/** Below it no harm would ever be sure enough. */
const LEAST_ALPHA = 1e-9;

function need(holds: boolean, message: string): void {
  demand(holds, `the plan cannot be used: ${message}`);
}

const isCount = (value: unknown, least = 0): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least;

/** Fills in what a plan leaves out. @throws PilotfishError `USAGE` naming what makes no sense. */
export function checkPlan(plan: RolloutPlan): CheckedPlan {
  const { name, regions, steps, guardrails, alpha = 0.05, holdback = 0.01, hookThreshold = 5 } = plan;
  const analysis = { ...DEFAULT_ANALYSIS, ...plan.analysis };
  need(typeof name === 'string' && WORD.test(name), 'its name has 1 to 64 letters, digits, `.`, `_` and `-`');
  const lists: readonly (readonly unknown[])[] = [steps, guardrails];
  need(lists.every(areObjects), 'its steps and guardrails are lists of objects');
  checkNames('regions', regions, MAX_REGIONS);
  checkNames(
    'guardrails',
    guardrails.map(({ metric }) => metric),
    MAX_GUARDRAILS,
  );
  need(alpha >= LEAST_ALPHA && alpha < 1, `alpha ${alpha} lies between ${LEAST_ALPHA} and 1`);
  const mostHeld = `holdback ${holdback} lies from ${LEAST_PART} up to ${MAX_HOLDBACK}`;
  need(holdback >= LEAST_PART && holdback <= MAX_HOLDBACK, `${mostHeld}: without one nobody would notice`);
  need(isCount(hookThreshold, 1), 'hookThreshold is a whole number from 1');
  const { failureLimit, consecutiveSuccessLimit, inconclusiveLimit, consecutiveErrorLimit } = analysis;
  const limits = [failureLimit + 1, consecutiveSuccessLimit, inconclusiveLimit + 1, consecutiveErrorLimit];
  need(
    limits.every((limit) => isCount(limit)),
    'limits of the analysis are whole numbers from 0, or -1 for none',
  );
  const isJudged = failureLimit >= 0 || consecutiveSuccessLimit > 0;
  need(isJudged, 'failureLimit or consecutiveSuccessLimit must be on');
  need(plan.patienceMs === undefined || plan.patienceMs >= 0, 'patienceMs is not below 0');
  need(steps.length > 0 && steps.length <= MAX_STEPS, `it has 1 to ${MAX_STEPS} steps`);
  for (const [i, step] of steps.entries()) checkStep(step, i, steps[i - 1]?.share ?? 0);
  need(steps.at(-1)?.share === 1, 'its last step has share 1');
  return {
    ...{
      name,
      regions: [...regions],
      steps: steps.map((step) => ({ ...step })),
      alpha,
      holdback,
      hookThreshold,
    },
    ...{ analysis, patienceMs: plan.patienceMs, guardrails: guardrails.map(checkGuardrail) },
  };
}

function checkNames(what: string, names: readonly string[], most: number): void {
  need(Array.isArray(names) && names.length > 0 && names.length <= most, `it has 1 to ${most} ${what}`);
  need(
    names.every((name) => WORD.test(name)),
    `names of ${what} have letters, digits, \`.\`, \`_\` and \`-\``,
  );
  need(new Set(names).size === names.length, `two of its ${what} have the same name`);
}

function checkStep(step: RolloutStep, index: number, shareBefore: number): void {
  const { share, durationMs, minEvidence, accuracy } = step;
  const which = `step ${index + 1}`;
  const isPart = share === 0 || (share >= LEAST_PART && share <= 1);
  need(isPart, `${which} has share ${share}, which is neither 0 nor a part from ${LEAST_PART} to 1`);
  need(share >= shareBefore, `${which} takes traffic back: shares only grow`);
  need(durationMs >= 0 && durationMs < Infinity, `${which} has a duration of ${durationMs} ms`);
  need(
    isCount(minEvidence?.model, 1),
    `${which} needs at least one decision of the model: nothing is no evidence`,
  );
  need(
    isCount(minEvidence?.rule, share > 0 ? 1 : 0),
    `${which} needs at least one decision of the rule beside it`,
  );
  if (accuracy === undefined) return;
  const isTarget = accuracy.atLeast > 0 && accuracy.atLeast < 1 && accuracy.overMs > 0;
  need(isTarget, `${which} has an accuracy target that is not between 0 and 1, over some time`);
}

function checkGuardrail(guardrail: Guardrail): CheckedGuardrail {
  const { metric, better, low, high, limit, margin = 0 } = guardrail;
  const range = high - low;
  const { effect = DEFAULT_EFFECT * range } = guardrail;
  need(better === 'lower' || better === 'higher', `${metric} is better lower or higher`);
  const isRange = range >= METRIC_RANGE.least && range <= METRIC_RANGE.most;
  need(
    isRange,
    `${metric} needs finite bounds, low < high, and neither next to each other nor beyond measure`,
  );
  need(margin >= 0 && margin < range, `the margin of ${metric} lies from 0 to below its range`);
  need(effect > 0 && effect <= range, `the effect of ${metric} lies above 0 and within its range`);
  need(
    limit === undefined || (limit > low && limit < high),
    `the limit of ${metric} lies between its bounds`,
  );
  return { ...guardrail, margin, effect };
}
