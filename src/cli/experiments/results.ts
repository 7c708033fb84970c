import type { ArmComparison, ArmResult, ExperimentResults, GuardrailResult } from '../../lifecycle/index.ts';
import { counted, countText, safeText, table } from '../text.ts';

const PERCENT = 100;
const DIGITS = 4;

/** The result as a person reads it: what decides first, the recommendation last. */
export function resultsText(results: ExperimentResults): string {
  const { experimentId, status, rule, arms, target, asTreated, guardrails, secondary } = results;
  const decided = target[0];
  const parts = [
    `${safeText(experimentId)}  ${status}, ${counted(results.records, 'record')}\n`,
    `${safeText(rule)}\n`,
    armsTable(arms),
    decided === undefined
      ? ''
      : section(`target: ${decided.metric}, ${decided.direction} is better`, target, results),
    asTreated === null
      ? ''
      : section('as treated, by what really served (not randomised)', asTreated, results),
    guardrails.length === 0 ? '' : `guardrails\n${table(guardrails.map(guardrailRow))}`,
    secondary.length === 0 ? '' : section('secondary, corrected for their number', secondary, results),
    splitText(results),
    `${results.recommendation}: ${safeText(results.reason)}\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function splitText({ split, minimumSamples }: ExperimentResults): string {
  if (split.units.every((count) => count === 0))
    return `split: no units yet; ${countText(minimumSamples)} an arm are needed\n`;
  const verdict = split.isMismatch ? 'NOT as intended' : 'as intended';
  return `split: ${split.units.map(countText).join(' / ')} units, ${verdict} (p ${pText(split.pValue)})\n`;
}

function armsTable(arms: readonly ArmResult[]): string {
  const metrics = arms[0]?.metrics.map(({ metric }) => safeText(metric)) ?? [];
  const hasFallbacks = arms.some(({ fallbackShare }) => fallbackShare !== null);
  const head = ['arm', 'share', 'units', ...(hasFallbacks ? ['fell back'] : []), ...metrics];
  const rows = arms.map(({ modelId, isControl, trafficPct, units, fallbackShare, metrics: measured }) => [
    `${safeText(modelId)}${isControl ? ' (control)' : ''}`,
    `${+trafficPct.toFixed(1)} %`,
    countText(units),
    ...(hasFallbacks ? [fallbackShare === null ? '-' : `${(PERCENT * fallbackShare).toFixed(1)} %`] : []),
    ...measured.map(({ mean }) => numberText(mean)),
  ]);
  return table([head, ...rows], new Set(head.map((_, column) => column).slice(1)));
}

function section(
  title: string,
  comparisons: readonly ArmComparison[],
  { analysis }: ExperimentResults,
): string {
  const level = `${+(PERCENT * (1 - analysis.alpha)).toFixed(1)} % interval`;
  const head = ['', 'metric', 'effect', level, 'relative', 'p', ''];
  const rows = comparisons.map((each) => [
    safeText(each.modelId),
    safeText(each.metric),
    each.effect === null ? 'too few units' : signed(each.effect),
    each.effect === null ? '' : `${signed(each.lower)} to ${signed(each.upper)}`,
    each.relativeEffect === null ? '' : relativeText(each),
    each.pValue === null ? '' : pText(each.pValue),
    each.verdict,
  ]);
  return `${safeText(title)}\n${table([head, ...rows])}`;
}

const relativeText = ({ relativeEffect, relativeLower, relativeUpper }: ArmComparison): string =>
  `${percent(relativeEffect)} (${percent(relativeLower)} to ${percent(relativeUpper)})`;

const guardrailRow = ({ modelId, metric, direction, allowed, mean, verdict }: GuardrailResult): string[] => [
  safeText(modelId),
  safeText(metric),
  `${numberText(mean)}, ${direction === 'lower' ? 'at most' : 'at least'} ${numberText(allowed)}`,
  verdict,
];

const numberText = (value: number | null): string =>
  value === null ? '-' : String(+value.toPrecision(DIGITS));
const signed = (value: number | null): string =>
  value === null ? '?' : `${value > 0 ? '+' : ''}${numberText(value)}`;
const percent = (value: number | null): string =>
  value === null ? '?' : `${value > 0 ? '+' : ''}${(PERCENT * value).toFixed(1)} %`;
const pText = (value: number): string => (value < 0.001 ? '< 0.001' : value.toFixed(3));
