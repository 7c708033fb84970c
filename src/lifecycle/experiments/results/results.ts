import { hasCode } from '../../../base/index.ts';
import { quantileSummary, type SequentialSrm, type Summary } from '../../../learn/index.ts';
import type { ExperimentStatus } from '../definition/states.ts';
import type { Plan } from '../plan.ts';
import { type BinCount, BinnedQuantiles } from '../records/bins.ts';
import { NO_SUMS, type SavedSums, summaryOf } from '../records/sums.ts';
import { compare, corrected, finiteOrNull, guard, type Pair } from './compare.ts';
import { recommend } from './recommendation.ts';
import type { ArmResult, Comparison, ExperimentResults, GuardrailResult } from './types.ts';

/** Sums of an arm in a metric; `treated` 0: by where units belong, 1: by what served. */
export type PlacedSums = {
  readonly arm: number;
  readonly metric: number;
  readonly treated: number;
} & SavedSums;

/** Values of an arm that fell into a bin, for metrics that are quantiles. */
export type PlacedBin = Omit<PlacedSums, keyof SavedSums> & BinCount;

/** What a result is computed from. */
export type Evidence = {
  readonly status: ExperimentStatus;
  readonly records: number;
  readonly sums: readonly PlacedSums[];
  readonly bins: readonly PlacedBin[];
  readonly split: SequentialSrm;
  /** The fixed horizon was reached; always true for `anytime`. */
  readonly isDue: boolean;
};

/** A split that is wrong by chance alone is found with this probability, ever. */
export const SPLIT_ALPHA = 0.001;

/** What the records say, and what follows. */
export function resultsOf(plan: Plan, evidence: Evidence): ExperimentResults {
  const { id: experimentId, name, rule, analysis, minimumSamples } = plan.definition;
  const samples = new Samples(plan, evidence);
  const target = targetOf(plan, samples, 0);
  const guardrails = guardrailsOf(plan, samples);
  const arms = armsOf(plan, samples);
  const fellBack = arms.some(({ fallbackShare }) => (fallbackShare ?? 0) > 0);
  const isMismatch = evidence.split.rejects(SPLIT_ALPHA);
  const split = { units: evidence.split.snapshot().counts, pValue: evidence.split.pValue, isMismatch };
  const found = { target, guardrails, arms, isMismatch, isDue: evidence.isDue };
  return {
    ...{
      experimentId,
      name,
      status: evidence.status,
      rule,
      analysis,
      minimumSamples,
      records: evidence.records,
    },
    ...{ arms, target, asTreated: fellBack ? targetOf(plan, samples, 1) : null, guardrails },
    ...{ secondary: secondaryOf(plan, samples), split },
    ...recommend(plan.definition, found),
  };
}

const placeOf = ({ arm, metric, treated }: Omit<PlacedSums, keyof SavedSums>): string =>
  `${arm} ${metric} ${treated}`;

/** A quantile as a summary that compares like a mean; without spread while the sample is too small to show any. */
function quantileOf(sample: BinnedQuantiles, share: number): Summary {
  try {
    return quantileSummary(sample, share);
  } catch (error) {
    if (!hasCode(error, 'EMPTY')) throw error;
    return { count: sample.count, mean: sample.quantile(share), variance: Number.NaN };
  }
}

/** A sample so large that its size adds nothing to the uncertainty. */
const NEVER: Summary = { count: 1_000_000, mean: 0, variance: 0 };

/** The sums by their place. */
class Samples {
  readonly #plan: Plan;
  readonly #sums = new Map<string, SavedSums>();
  readonly #bins: ReadonlyMap<string, readonly BinCount[]>;

  constructor(plan: Plan, { sums, bins }: Pick<Evidence, 'sums' | 'bins'>) {
    this.#plan = plan;
    for (const each of sums) this.#sums.set(placeOf(each), each);
    this.#bins = Map.groupBy(bins, placeOf);
  }

  of(arm: number, metric: number, treated = 0): Summary {
    const place = placeOf({ arm, metric, treated });
    const summary = summaryOf(this.#sums.get(place) ?? NO_SUMS);
    const share = this.#plan.metrics[metric]?.quantile;
    if (share === undefined || summary.count === 0) return summary;
    return quantileOf(new BinnedQuantiles(this.#bins.get(place) ?? []), share);
  }

  /** Every treatment beside the control. A control that says nothing of fallbacks has none. */
  pairs(metric: number, treated = 0): Pair[] {
    const found = this.of(this.#plan.control, metric, treated);
    const isSilent = metric === this.#plan.fallback && found.count === 0;
    const control = isSilent ? NEVER : found;
    return this.#plan.arms.flatMap(({ modelId, isControl }, arm) =>
      isControl ? [] : [{ modelId, control, treatment: this.of(arm, metric, treated) }],
    );
  }
}

/** Alpha is divided among the treatments. */
function targetOf({ definition }: Plan, samples: Samples, treated: number): Comparison[] {
  const { target, analysis, arms } = definition;
  const alpha = analysis.alpha / (arms.length - 1);
  return samples.pairs(0, treated).map((pair) => compare(target, pair, analysis, alpha));
}

/** Alpha is divided among guardrails and treatments: a broken one is a false alarm with probability alpha in all. */
function guardrailsOf(plan: Plan, samples: Samples): GuardrailResult[] {
  const { guardrails, analysis, arms } = plan.definition;
  const alpha = analysis.alpha / (guardrails.length * (arms.length - 1));
  return guardrails.flatMap((guardrail) =>
    samples.pairs(plan.metricAt(guardrail.name)).map((pair) => guard(guardrail, pair, analysis, alpha)),
  );
}

function secondaryOf(plan: Plan, samples: Samples): Comparison[] {
  const { secondary, analysis, arms } = plan.definition;
  const alpha = analysis.alpha / (secondary.length * (arms.length - 1));
  const raw = secondary.flatMap((metric) =>
    samples.pairs(plan.metricAt(metric.name)).map((pair) => ({
      // The interval holds together with all others; the p-value is corrected below.
      ...compare(metric, pair, analysis, alpha),
      verdict: compare(metric, pair, analysis, analysis.alpha).verdict,
    })),
  );
  return corrected(raw, analysis.alpha);
}

function armsOf(plan: Plan, samples: Samples): ArmResult[] {
  const { fallback } = plan;
  return plan.arms.map(({ modelId, isControl, trafficPct }, arm) => {
    const share = samples.of(arm, fallback);
    const metrics = plan.metrics.slice(0, fallback).map(({ name: metric }, at) => {
      const { count, mean, variance } = samples.of(arm, at);
      return {
        metric,
        units: count,
        mean: count === 0 ? null : mean,
        deviation: count < 2 ? null : finiteOrNull(Math.sqrt(variance)),
      };
    });
    const fallbackShare = share.count === 0 ? null : share.mean;
    return { modelId, isControl, trafficPct, units: metrics[0]?.units ?? 0, fallbackShare, metrics };
  });
}
