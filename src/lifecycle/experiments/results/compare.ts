import {
  differenceSequence,
  differenceTest,
  type EffectInterval,
  holm,
  type Summary,
} from '../../../learn/index.ts';
import type { Analysis, Guardrail, MetricSpec } from '../definition/types.ts';
import type { Comparison, GuardrailResult } from './types.ts';

/** Samples of the control and of a treatment in one metric. */
export type Pair = { readonly modelId: string; readonly control: Summary; readonly treatment: Summary };

/** Fewer values show no spread. */
const LEAST = 2;

const hasSpread = ({ count, variance }: Summary): boolean => count >= LEAST && Number.isFinite(variance);

/** How a difference is to be told. */
type Telling = { readonly analysis: Analysis; readonly alpha: number; readonly scale?: 'relative' };

/** The difference with its interval, by the way the experiment is judged; undefined while there is too little. */
function effectOf(
  { control, treatment }: Omit<Pair, 'modelId'>,
  { analysis, ...options }: Telling,
): EffectInterval | undefined {
  if (!hasSpread(control) || !hasSpread(treatment)) return undefined;
  if (analysis.method === 'fixed') return differenceTest(control, treatment, options);
  const { tuneCount } = analysis;
  return differenceSequence(control, treatment, {
    ...options,
    ...(tuneCount === undefined ? {} : { tuneCount }),
  });
}

/** A treatment against the control at a given alpha. */
export function compare(metric: MetricSpec, pair: Pair, analysis: Analysis, alpha: number): Comparison {
  const found = effectOf(pair, { analysis, alpha });
  // A part of nothing, or of less than nothing, says nothing.
  const part = pair.control.mean > 0 ? effectOf(pair, { analysis, alpha, scale: 'relative' }) : undefined;
  return {
    ...{ modelId: pair.modelId, metric: metric.name, direction: metric.direction },
    ...{
      effect: finiteOrNull(found?.effect),
      lower: finiteOrNull(found?.lower),
      upper: finiteOrNull(found?.upper),
    },
    ...{ relativeEffect: finiteOrNull(part?.effect), relativeLower: finiteOrNull(part?.lower) },
    ...{ relativeUpper: finiteOrNull(part?.upper), pValue: finiteOrNull(found?.pValue) },
    verdict: found === undefined ? 'undecided' : verdictOf(metric, found),
  };
}

function verdictOf({ direction }: MetricSpec, { lower, upper }: EffectInterval): Comparison['verdict'] {
  if (lower > 0) return direction === 'higher' ? 'better' : 'worse';
  if (upper < 0) return direction === 'higher' ? 'worse' : 'better';
  return 'undecided';
}

/** p-values corrected for the number of comparisons; a verdict that does not survive is taken back. */
export function corrected(comparisons: readonly Comparison[], alpha: number): Comparison[] {
  if (comparisons.length === 0) return [];
  const adjusted = holm(comparisons.map(({ pValue }) => pValue ?? 1));
  return comparisons.map((comparison, at) => {
    const pValue = comparison.pValue === null ? null : (adjusted[at] as number);
    return { ...comparison, pValue, verdict: (pValue ?? 1) <= alpha ? comparison.verdict : 'undecided' };
  });
}

/** Whether a treatment keeps its distance from what the guardrail allows. */
export function guard(guardrail: Guardrail, pair: Pair, analysis: Analysis, alpha: number): GuardrailResult {
  const { name: metric, direction } = guardrail;
  const allowed = allowedBy(guardrail, pair.control);
  const found = effectOf({ control: allowed, treatment: pair.treatment }, { analysis, alpha });
  const isKept = found !== undefined && (direction === 'lower' ? found.upper < 0 : found.lower > 0);
  const isBroken = found !== undefined && (direction === 'lower' ? found.lower > 0 : found.upper < 0);
  return {
    ...{ modelId: pair.modelId, metric, direction },
    allowed: pair.control.count === 0 ? null : allowed.mean,
    mean: pair.treatment.count === 0 ? null : pair.treatment.mean,
    verdict: isKept ? 'kept' : isBroken ? 'broken' : 'open',
  };
}

/** The control made worse by the margin: as a sample, because the margin grows with its uncertain mean. */
function allowedBy({ direction, marginAbsolute, marginRelative = 0 }: Guardrail, control: Summary): Summary {
  const sign = direction === 'lower' ? 1 : -1;
  if (marginAbsolute !== undefined) return { ...control, mean: control.mean + sign * marginAbsolute };
  const factor = 1 + sign * marginRelative * (control.mean < 0 ? -1 : 1);
  return { count: control.count, mean: control.mean * factor, variance: control.variance * factor * factor };
}

export const finiteOrNull = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
