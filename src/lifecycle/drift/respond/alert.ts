import { isoTime } from '../../../base/index.ts';
import type { DriftAlert, DriftSeverity, DriftStats, DriftType } from '../types.ts';
import type { DriftBaseline } from '../windows/baseline.ts';
import type { Finding } from '../windows/finding.ts';

const WHAT: Readonly<Record<DriftType, string>> = {
  feature: 'feature',
  prediction: 'predictions',
  concept: 'errors',
};

/** Document 003's deadlines, and what to look at. */
const NEXT_STEP: Readonly<Record<DriftSeverity, string>> = {
  low: 'watch it; nothing is to be done while the errors of the models stay as they are',
  medium: 'look for the cause, and train the models anew within a week',
  high: 'look for the cause today, and train the models anew within 24 hours',
  critical: 'roll the models back or let the rule decide now, then train them anew with what came since',
};

const HINT: Readonly<Record<DriftType, string>> = {
  feature: 'First make sure that what measures the feature still does so as in training',
  prediction:
    'Answers changed though features may not have: see which version of the model came into production',
  concept: 'The models are wrong more often: what they learnt no longer holds',
};

/** Four digits are enough to read. */
const short = (value: number): string => String(Number(value.toPrecision(4)));

/** A finding as it is told. */
export function alertOf(
  finding: Finding,
  {
    id,
    baseline,
    models,
  }: { readonly id: string; readonly baseline: DriftBaseline; readonly models: readonly string[] },
): DriftAlert {
  const { type, name, severity, distance, atLeast, pValue, method, psi, psiLimit, sums, timeMs } = finding;
  const updatedAt = new Date(timeMs);
  const { histogram, count, mean, variance, min, max } = sums;
  const shared = { featureName: name, bins: [...baseline.edges], updatedAt };
  const currentStats: DriftStats = { ...shared, count, mean, variance, min, max, histogram };
  const measure = method === 'ks' ? 'KS distance' : 'difference of rates';
  const of = models.length === 0 ? '' : `; read by ${models.join(', ')}`;
  return {
    ...{
      id,
      type,
      featureName: name,
      severity,
      score: distance,
      scoreAtLeast: atLeast,
      pValue,
      method,
      psi,
      psiLimit,
    },
    baselineStats: statsOf(name, baseline, updatedAt),
    currentStats,
    detectedAt: updatedAt,
    message:
      `${WHAT[type]} ${name} drifted at ${isoTime(timeMs)}: ${measure} ${short(distance)}, at least ${short(atLeast)}, ` +
      `in the last ${count} values (mean ${short(baseline.mean)} before, ${short(mean)} now)${of}`,
    recommendation: `${HINT[type]}; ${NEXT_STEP[severity]}.`,
    ...{ models, actions: [] },
  };
}

/** A baseline in numbers. */
function statsOf(featureName: string, baseline: DriftBaseline, updatedAt: Date): DriftStats {
  const { count, mean, variance, min, max } = baseline;
  return {
    ...{ featureName, count, mean, variance, min, max, updatedAt },
    ...{ histogram: baseline.histogram(), bins: [...baseline.edges] },
  };
}
