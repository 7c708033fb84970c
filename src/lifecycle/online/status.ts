import type { Handle, PipelineRow } from './pipeline-log.ts';
import type { PipelineSettings, PipelineState, PipelineStatus } from './types.ts';

/** How a pipeline is doing. */
export function statusOf(
  row: PipelineRow,
  { engine }: Handle,
  around: { readonly nowMs: number; readonly championId: string; readonly isCarrying: boolean },
): PipelineStatus {
  const { settings } = row;
  const { counts, inbox, board } = engine;
  const retryMs = Math.max(row.retryMs, counts.retryMs);
  const lastError = row.error ?? (counts.error === '' ? undefined : counts.error);
  const isValue = settings.classes === 0;
  const shown = (score: number): number => (isValue ? -score : score);
  const history = board.history.map(shown);
  const needed = -Math.log(settings.alpha / 2);
  return {
    ...{ pipelineId: row.id, name: settings.name, status: stateOf(row, lastError, around.isCarrying) },
    ...{ strategy: settings.strategy, settings },
    champion: { version: engine.champion, modelId: around.championId },
    samples: {
      ...{ scored: board.count, buffered: inbox.buffered, maxBufferSize: settings.maxBufferSize },
      ...{ needed: neededOf(settings, counts.sinceFall), dropped: inbox.dropped },
      ...{ waitForLabel: inbox.waiting, labelTooLate: inbox.unlabelled, duplicates: row.duplicates },
    },
    nextUpdate: whyNot(row, { engine, nowMs: around.nowMs, retryMs: lastError === undefined ? 0 : retryMs }),
    updates: {
      ...{ made: counts.updates, swaps: counts.swaps, rejected: counts.rejected },
      ...{ rollbacks: counts.rollbacks, falls: counts.falls },
      lastMs: counts.updates === 0 ? undefined : counts.lastUpdateMs,
    },
    accuracy: {
      measure: isValue ? 'mean absolute error' : 'accuracy',
      overall: board.mean === undefined ? undefined : shown(board.mean),
      ...{ history, trend: trendOf(history) },
    },
    candidates: engine.rivals.map(({ key, evidence }) => ({
      ...{ candidate: key, trialSamples: evidence.samples, evidence: evidence.logValue, needed },
    })),
    // Candidates are asked beside the champion and never answer.
    exploration: { share: 0, bound: 0 },
    lastError,
    retryAtMs: lastError === undefined ? undefined : retryMs,
  };
}

function stateOf({ status }: PipelineRow, error: string | undefined, isCarrying: boolean): PipelineState {
  if (status !== 'active') return status;
  if (error !== undefined) return 'error';
  return isCarrying ? 'training' : 'active';
}

/** Samples that must wait before an update. */
function neededOf(
  { strategy, batchSize, minSamples, maxBufferSize }: PipelineSettings,
  sinceFall: number,
): number {
  if (strategy === 'mini_batch') return batchSize;
  if (strategy === 'adaptive' && sinceFall >= maxBufferSize) return maxBufferSize;
  return minSamples;
}

function whyNot(
  row: PipelineRow,
  {
    engine,
    nowMs,
    retryMs,
  }: { readonly engine: Handle['engine']; readonly nowMs: number; readonly retryMs: number },
): string {
  const { counts, inbox } = engine;
  const { strategy, updateFrequency } = row.settings;
  const needed = neededOf(row.settings, counts.sinceFall);
  if (row.status !== 'active') return `none: the pipeline is ${row.status}`;
  if (nowMs < retryMs) return `not for ${secondsText(retryMs - nowMs)}: it backs off after an error`;
  if (inbox.buffered < needed) return `not due: ${inbox.buffered} of ${needed} samples wait (${strategy})`;
  const waitMs = counts.lastUpdateMs + updateFrequency - nowMs;
  if (strategy === 'periodic' && waitMs > 0) {
    return `not due: ${inbox.buffered} samples wait, the next update comes in ${secondsText(waitMs)} (${strategy})`;
  }
  return 'due: with the next sample, or at the worker’s next look';
}

const secondsText = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

function trendOf(history: readonly number[]): number | undefined {
  if (history.length < 4) return undefined;
  const half = Math.floor(history.length / 2);
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  return mean(history.slice(half)) - mean(history.slice(0, half));
}
