/** The least part that says anything: the inverse of it weighs what was observed under it. */
export const LEAST_PART = 1e-6;
/** How far apart the bounds of a metric may be: squares of what lies between are still numbers, and more than nothing. */
export const METRIC_RANGE = { least: 1e-100, most: 1e100 } as const;

/** One thing that must not become worse. */
export type Guardrail = {
  /** What is observed of each decision: `cost`, `accuracy`, … */
  readonly metric: string;
  readonly better: 'lower' | 'higher';
  /** Bounds of the values; what lies beyond counts as the bound. */
  readonly low: number;
  readonly high: number;
  /** By how much the mean under the model may be worse than under the rule beside it. 0. */
  readonly margin?: number;
  /** What is to be found soon, beyond the margin. 3 % of the range. */
  readonly effect?: number;
  /** What the mean under the model must reach, whatever the rule comes to. */
  readonly limit?: number;
};

/** Accuracy that a step must end with: of the model, over the last `overMs` of it. */
export type AccuracyTarget = { readonly atLeast: number; readonly overMs: number };

export type RolloutStep = {
  /** Part of the decisions that the model makes: 0 in shadow, where it is only asked, up to 1, less the holdback. */
  readonly share: number;
  readonly durationMs: number;
  /** Decisions of the model and of the rule, in this step and for every guardrail, without which it does not end. */
  readonly minEvidence: { readonly model: number; readonly rule: number };
  readonly accuracy?: AccuracyTarget;
  /** An error of the model starts the duration anew. */
  readonly isErrorFree?: boolean;
  /** Ends only when someone promotes. */
  readonly needsApproval?: boolean;
};

/** When measurements end a step, in the words of Argo Rollouts. */
export type AnalysisLimits = {
  /** Failed measurements that are tolerated; -1: any number. 0. */
  readonly failureLimit?: number;
  /** Successes in a row that are needed; 0: none. 0. */
  readonly consecutiveSuccessLimit?: number;
  /** Inconclusive measurements that are tolerated; -1: any number. -1: a step waits for its evidence. */
  readonly inconclusiveLimit?: number;
  /** Errors in a row that are tolerated. 4. */
  readonly consecutiveErrorLimit?: number;
};

/** A way from shadow to everyone, as data. */
export type RolloutPlan = {
  readonly name: string;
  /** Each walks all steps, with evidence of its own. */
  readonly regions: readonly string[];
  readonly steps: readonly RolloutStep[];
  readonly guardrails: readonly Guardrail[];
  /** Probability of ever rolling back a model that is not worse, over all guardrails and regions and all time. 0.05. */
  readonly alpha?: number;
  /** Part of the decisions that stays with the rule at 100 %. 0.01. */
  readonly holdback?: number;
  readonly analysis?: AnalysisLimits;
  /** Failures of the hooks `pre-rollout` and `rollout` that roll back. 5. */
  readonly hookThreshold?: number;
  /** How long a step may wait for evidence beyond its duration before the rollout pauses. Without end. */
  readonly patienceMs?: number;
};

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Cost beside that of doing nothing: what the rooms of the store observe. */
export const COST: Guardrail = { metric: 'cost', better: 'lower', low: 0, high: 2 };
/** Whether a choice was the best one, or as good: 0 or 1. */
export const ACCURACY: Guardrail = { metric: 'accuracy', better: 'higher', low: 0, high: 1 };

const EVIDENCE = { model: 500, rule: 100 };
const LAST_EVIDENCE = { model: 1000, rule: 20 };

/** Shadow, 5, 25, 50, 75 and 100 %, a day each; the cost must not become worse. */
export const STANDARD_PLAN: RolloutPlan = {
  name: 'standard',
  regions: ['default'],
  guardrails: [COST],
  steps: [
    { share: 0, durationMs: DAY_MS, minEvidence: { model: 500, rule: 0 } },
    ...[0.05, 0.25, 0.5, 0.75].map((share) => ({ share, durationMs: DAY_MS, minEvidence: EVIDENCE })),
    { share: 1, durationMs: DAY_MS, minEvidence: LAST_EVIDENCE },
  ],
};

/**
 * Document 002: shadow for 14 days with 95 % accuracy over 7; 5 % for 14 days, rolled back when accuracy is below 95 %
 * or costs more than the rule; 25, 50, 75 and 100 % over 28 days in each region; 30 days without an error.
 */
export const DOCUMENT_PLAN: RolloutPlan = {
  name: 'document-002',
  regions: ['default'],
  guardrails: [{ ...ACCURACY, effect: 0.03, limit: 0.95 }, COST],
  steps: [
    {
      ...{ share: 0, durationMs: 14 * DAY_MS, minEvidence: { model: 1000, rule: 0 } },
      accuracy: { atLeast: 0.95, overMs: 7 * DAY_MS },
    },
    { share: 0.05, durationMs: 14 * DAY_MS, minEvidence: EVIDENCE },
    ...[0.25, 0.5, 0.75].map((share) => ({ share, durationMs: 7 * DAY_MS, minEvidence: EVIDENCE })),
    { share: 1, durationMs: 7 * DAY_MS, minEvidence: LAST_EVIDENCE },
    { share: 1, durationMs: 30 * DAY_MS, minEvidence: LAST_EVIDENCE, isErrorFree: true },
  ],
};

/** Plans by name. */
export const PLANS: Readonly<Record<string, RolloutPlan>> = {
  standard: STANDARD_PLAN,
  'document-002': DOCUMENT_PLAN,
};
