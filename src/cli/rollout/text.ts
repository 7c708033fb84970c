import type { RolloutEvent, RolloutPlan, RolloutStatus } from '../../lifecycle/index.ts';
import { countText, localTime, safeText } from '../text.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const percent = (share: number): string => `${+(100 * share).toFixed(2)} %`;

function spanOf(ms: number): string {
  if (ms >= DAY_MS) return `${+(ms / DAY_MS).toFixed(2)} d`;
  return ms >= HOUR_MS ? `${+(ms / HOUR_MS).toFixed(2)} h` : `${+(ms / 1000).toFixed(2)} s`;
}

/** A plan, one line a step. */
export function planText({
  name,
  regions,
  steps,
  guardrails,
  alpha = 0.05,
  holdback = 0.01,
}: RolloutPlan): string {
  const lines = steps.map((step, i) => {
    const { share, durationMs, minEvidence, accuracy, isErrorFree, needsApproval } = step;
    const what = share === 0 ? 'shadow' : percent(Math.min(share, 1 - holdback));
    const extras = [
      `${minEvidence.model}/${minEvidence.rule} decisions of model/rule`,
      accuracy && `accuracy ${accuracy.atLeast} over ${spanOf(accuracy.overMs)}`,
      isErrorFree && 'without an error',
      needsApproval && 'until promoted',
    ].filter(Boolean);
    return `  ${i + 1}  ${what.padEnd(8)} ${spanOf(durationMs).padEnd(6)} ${extras.join(', ')}\n`;
  });
  const watched = guardrails.map(({ metric, limit }) =>
    limit === undefined ? metric : `${metric} (${limit})`,
  );
  const rest = `  watched: ${watched.join(', ')}; wrongly rolled back with at most ${percent(alpha)}; holdback ${percent(holdback)}\n`;
  return `${safeText(name)} in ${regions.map(safeText).join(', ')}\n${lines.join('')}${rest}`;
}

const meanText = ({ mean, count }: { readonly mean: number; readonly count: number }): string =>
  count === 0 ? '-' : `${mean.toFixed(4)} of ${countText(count)}`;

/** Where a rollout stands: a line, its regions with their evidence, and what happened. */
export function statusText(now: RolloutStatus, events: readonly RolloutEvent[] = []): string {
  const { id, model, version, phase, verdict, reason, tracks } = now;
  const end = [verdict, reason].filter(Boolean).join(': ');
  const head = `${safeText(id)}  ${safeText(model)} ${version}  ${phase}${end === '' ? '' : `  ${safeText(end)}`}\n`;
  const regions = tracks.map(({ region, step, share, waitsFor, guardrails, isDone }) => {
    const wait = waitsFor === '' ? '' : `, waits: has ${safeText(waitsFor)}`;
    const at = `  ${safeText(region)}: ${isDone ? 'done' : `step ${step + 1}`}, ${share === 0 ? 'shadow' : percent(share)}${wait}\n`;
    const evidence = guardrails.map(
      ({ metric, model: ours, rule, pValue, alpha }) =>
        `    ${metric}: model ${meanText(ours)}, rule ${meanText(rule)}; harm p ${pValue.toPrecision(2)}, rolled back at ${alpha.toPrecision(2)}\n`,
    );
    return `${at}${evidence.join('')}`;
  });
  const told = events.map(
    ({ timeMs, kind, region = '', reason: why }) =>
      `  ${localTime(timeMs)}  ${kind}${region === '' ? '' : ` ${safeText(region)}`}${why === '' ? '' : `: ${safeText(why)}`}\n`,
  );
  return `${head}${regions.join('')}${told.join('')}`;
}
