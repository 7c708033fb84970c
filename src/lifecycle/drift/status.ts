import type { DriftSeverity, DriftType } from './types.ts';
import { MONTH_MS } from './windows/budget.ts';
import type { Evaluation } from './windows/history.ts';
import type { DriftStream } from './windows/stream.ts';

/** How a stream does. */
export type DriftStatus = {
  readonly type: DriftType;
  readonly featureName: string;
  readonly models: readonly string[];
  readonly baselineCount: number;
  /** Values recorded. */
  readonly count: number;
  /** Of the smallest window to the baseline; null before it is full. */
  readonly distance: number | null;
  /** Of the drift that goes on; null when there is none. */
  readonly severity: DriftSeverity | null;
  readonly since: Date | null;
  /** Alarms since the baseline was set. */
  readonly alarms: number;
};

/** Why a stream alarms as often as it does, and what to change. */
export type DriftExplanation = DriftStatus & {
  /** Windows compared, and how many were beyond chance. */
  readonly comparisons: number;
  readonly certain: number;
  readonly alarmsPerMillion: number;
  /** False alarms of the whole system in a month at the pace of this stream; null before its pace is known. */
  readonly falseAlarmsPerMonth: number | null;
  /** Alarms among the last comparisons had the threshold been another. */
  readonly thresholds: readonly { readonly threshold: number; readonly alarms: number }[];
  /** The least distance that is beyond chance, by size of window. */
  readonly sizes: readonly { readonly windowSize: number; readonly critical: number }[];
  /** Of a value with the one before it; the budget is for values that do not follow each other. */
  readonly autocorrelation: number | null;
  readonly advice: readonly string[];
};

export type ExplainSettings = {
  readonly floor: number;
  readonly alarmsPerMillion: number;
  readonly alarmsPerMonth: number | undefined;
  readonly streams: number;
};

const THRESHOLDS = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];
const CORRELATED = 0.2;
const WINDOWS_WANTED = 4;
const MILLION = 1e6;
/** A file that is read in a moment says nothing of the pace. */
const LEAST_MS = 60_000;

export function statusOf(stream: DriftStream, models: readonly string[]): DriftStatus {
  const { open } = stream;
  return {
    ...{ type: stream.type, featureName: stream.name, models },
    ...{ baselineCount: stream.baseline.count, count: stream.count, distance: stream.distance ?? null },
    ...{ severity: open?.severity ?? null, since: open === undefined ? null : new Date(open.sinceMs) },
    alarms: stream.history.alarms,
  };
}

export function explain(
  { stream, models }: { readonly stream: DriftStream; readonly models: readonly string[] },
  settings: ExplainSettings,
): DriftExplanation {
  const entries = stream.history.entries();
  const wanted = [...new Set([...THRESHOLDS, settings.floor])].sort((a, b) => a - b);
  const thresholds = wanted.map((threshold) => ({ threshold, alarms: alarmsAt(entries, threshold) }));
  const sizes = stream.sizes.map(({ windowSize, critical }) => ({ windowSize, critical }));
  const facts = {
    ...statusOf(stream, models),
    ...{ comparisons: entries.length, certain: entries.filter(({ isCertain }) => isCertain).length },
    ...{ alarmsPerMillion: settings.alarmsPerMillion, falseAlarmsPerMonth: perMonth(entries, settings) },
    ...{ thresholds, sizes, autocorrelation: stream.current()?.autocorrelation ?? null },
  };
  return { ...facts, advice: advise(facts, settings) };
}

/** Drifts that begin: a window of some size differs, where none did. */
function alarmsAt(entries: readonly Evaluation[], threshold: number): number {
  const smallest = smallestOf(entries);
  const differing = new Set<number>();
  let isOpen = false;
  let alarms = 0;
  for (const [at, { windowSize, distance, isCertain }] of entries.entries()) {
    if (isCertain && distance >= threshold) differing.add(windowSize);
    else differing.delete(windowSize);
    // Windows that end at the same value are judged together, the smallest first.
    const isLast = entries[at + 1]?.windowSize === smallest || at === entries.length - 1;
    if (!isLast) continue;
    if (!isOpen && differing.size > 0) alarms += 1;
    isOpen = differing.size > 0;
  }
  return alarms;
}

const smallestOf = (entries: readonly Evaluation[]): number =>
  Math.min(...entries.map(({ windowSize }) => windowSize));

/** From the pace of the last comparisons of the smallest window. */
function perMonth(entries: readonly Evaluation[], settings: ExplainSettings): number | null {
  const smallest = smallestOf(entries);
  const times = entries.filter(({ windowSize }) => windowSize === smallest).map(({ timeMs }) => timeMs);
  const passedMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  if (passedMs < LEAST_MS) return null;
  const values = ((times.length - 1) * smallest) / 2;
  const expected = (values / passedMs) * MONTH_MS * (settings.alarmsPerMillion / MILLION);
  return Math.min(expected, settings.alarmsPerMonth ?? Number.POSITIVE_INFINITY);
}

type Facts = Omit<DriftExplanation, 'advice'>;

function advise(facts: Facts, settings: ExplainSettings): string[] {
  const advice = [...adviseOnAlarms(facts, settings), ...adviseOnValues(facts)];
  return advice.length > 0 ? advice : ['nothing to change'];
}

function adviseOnAlarms(
  { alarms, thresholds, severity, since, sizes }: Facts,
  { floor }: ExplainSettings,
): string[] {
  if (alarms === 0) return [];
  const now = thresholds.find(({ threshold }) => threshold === floor)?.alarms ?? 0;
  const better = thresholds.find(({ threshold, alarms: left }) => threshold > floor && left < now);
  const lines = [];
  if (better !== undefined && now > 1) {
    lines.push(
      `raise the threshold (ML_DRIFT_THRESHOLD) from ${floor} to ${better.threshold}: ${better.alarms} in place of ${now} alarms among the last comparisons; smaller drifts are then not told`,
    );
  }
  if (severity !== null) {
    lines.push(
      `the drift of ${since?.toISOString()} goes on: if the feature is to stay as it is now, train the models anew and set the baseline from what they learnt from`,
    );
  }
  const [smallest] = sizes;
  if (smallest !== undefined && now > 1) {
    lines.push(
      `expand the window (ML_DRIFT_WINDOW_SIZE) beyond ${smallest.windowSize} if the feature comes and goes: a swing within one window does not count`,
    );
  }
  return lines;
}

function adviseOnValues({ baselineCount, sizes, autocorrelation, count }: Facts): string[] {
  const lines = [];
  const windowSize = sizes[0]?.windowSize ?? 0;
  if (baselineCount < WINDOWS_WANTED * windowSize) {
    lines.push(
      `review the baseline: ${baselineCount} values are few beside a window of ${windowSize}; ${WINDOWS_WANTED * windowSize} or more show smaller drifts`,
    );
  }
  if (autocorrelation !== null && autocorrelation > CORRELATED) {
    const every = Math.ceil((1 + autocorrelation) / (1 - Math.min(0.99, autocorrelation)));
    lines.push(
      `values follow each other (correlation ${autocorrelation.toFixed(2)}), so that windows differ more than chance allows: record one in ${every}`,
    );
  }
  if (count < windowSize) lines.push(`nothing is judged before ${windowSize} values: ${count} came so far`);
  return lines;
}
