import type { PipelineEvent, PipelineStatus, PipelineUpdate } from '../../lifecycle/index.ts';
import { counted, countText, localTime, safeText } from '../text.ts';

const shareText = (value: number): string => value.toFixed(4);

/** A pipeline in one line. */
export function lineOf({
  pipelineId,
  status,
  strategy,
  champion,
  accuracy,
  nextUpdate,
}: PipelineStatus): string {
  const score =
    accuracy.overall === undefined
      ? 'nothing scored yet'
      : `${accuracy.measure} ${shareText(accuracy.overall)}`;
  return `${status.padEnd(8)}  ${safeText(pipelineId)}  ${strategy}  ${safeText(champion.version)}  ${score}  update ${nextUpdate}\n`;
}

/** All that is known of a pipeline. */
export function statusText(status: PipelineStatus): string {
  const { samples, updates, exploration, settings } = status;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['champion', `${status.champion.version} (${status.champion.modelId}), ${settings.algorithm}`],
    ['next update', status.nextUpdate],
    ['samples', samplesText(status)],
    [
      'updates',
      `${updates.made} made, ${counted(updates.swaps, 'swap')}, ${updates.rejected} rejected, ${updates.rollbacks} rolled back, the score fell ${counted(updates.falls, 'time')}`,
    ],
    [status.accuracy.measure, accuracyText(status)],
    ['candidates', candidatesText(status)],
    [
      'exploration',
      `${(100 * exploration.share).toFixed(1)} % of answers, at most ${(100 * exploration.bound).toFixed(1)} %: candidates are asked beside the champion and never answer`,
    ],
    [
      'dropped',
      samples.dropped === 0
        ? undefined
        : `${samples.dropped} samples, the oldest of a full buffer: raise --max-buffer or update more often`,
    ],
    ['last error', status.lastError],
    ['retry', status.retryAtMs === undefined ? undefined : `not before ${localTime(status.retryAtMs)}`],
  ];
  const lines = facts
    .filter(([, value]) => value !== undefined)
    .map(([what, value = '']) => `  ${what}: ${safeText(value)}\n`);
  return `${status.status}  ${safeText(status.pipelineId)}  ${safeText(status.name)}  ${status.strategy}\n${lines.join('')}`;
}

function samplesText({ samples }: PipelineStatus): string {
  const waiting = samples.waitForLabel === 0 ? '' : `, ${samples.waitForLabel} wait for their label`;
  const late = samples.labelTooLate === 0 ? '' : `, ${samples.labelTooLate} never got it`;
  const again = samples.duplicates === 0 ? '' : `, ${samples.duplicates} came again`;
  return `${countText(samples.scored)} scored; ${samples.buffered} wait, of ${samples.needed} that an update needs and ${samples.maxBufferSize} that may${waiting}${late}${again}`;
}

function accuracyText({ accuracy: { overall, history, trend } }: PipelineStatus): string {
  if (overall === undefined) return 'nothing scored yet';
  const last = history.slice(-5).map(shareText).join(' ');
  const way = trend === undefined ? '' : `, trend ${trend < 0 ? '' : '+'}${shareText(trend)}`;
  return `${shareText(overall)}${last === '' ? '' : `; last blocks of 25: ${last}`}${way}`;
}

const candidatesText = ({ candidates }: PipelineStatus): string =>
  candidates
    .map(
      ({ candidate, trialSamples, evidence, needed }) =>
        `${candidate} after ${counted(trialSamples, 'sample')}: evidence ${evidence.toFixed(2)} of ${needed.toFixed(2)}`,
    )
    .join('; ');

/** What an event led to, in one line. */
export function updateText({ seq, kind, subject, report, timeMs }: PipelineUpdate): string {
  const figures = Object.entries(report).map(
    ([name, value]) => `${name}=${typeof value === 'number' ? +value.toFixed(4) : value}`,
  );
  return `${localTime(timeMs)}  ${String(seq).padStart(7)}  ${kind.padEnd(8)}  ${safeText(subject)}  ${safeText(figures.join(' '))}\n`;
}

/** An event in one line. */
export function eventText(event: PipelineEvent & { readonly seq: number }): string {
  const { seq, timeMs, kind } = event;
  const id = 'sampleId' in event ? `  ${safeText(event.sampleId)}` : '';
  const label = 'y' in event && event.y !== undefined ? `  ${event.y}` : '';
  const row = event.kind === 'sample' ? `  ${event.x.join(' ')}` : '';
  return `${localTime(timeMs)}  ${String(seq).padStart(7)}  ${kind.padEnd(7)}${id}${label}${row}\n`;
}
