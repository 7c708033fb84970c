import { asRepositoryError, closeReader, type FileSystem, PilotfishError } from '../../../base/index.ts';
import { BettingSequence } from '../../../learn/index.ts';
import { type Line, LineSplitter } from '../../dataset/index.ts';

export type ShadowDay = { readonly day: string; readonly count: number; readonly accuracy: number };

/** What a shadow log says of a model. */
export type ShadowReport = {
  readonly lines: number;
  /** Lines that are none of a shadow log. */
  readonly bad: number;
  /** Decisions that were judged, and the part of them that was right. */
  readonly count: number;
  readonly accuracy: number;
  /** Holds the accuracy with 95 %, however often the log is looked at while it grows. */
  readonly interval: readonly [number, number];
  /** Predictions that failed: they count as wrong. */
  readonly errors: number;
  readonly days: readonly ShadowDay[];
  readonly targetAccuracy: number;
  readonly passed: boolean;
};

const CHUNK_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_DAYS = 10_000;

type Judged = { readonly day: string; readonly isRight: boolean; readonly isError: boolean };

/** What a line says; undefined for one that says nothing. A log without `correct` is judged by what was done. */
function judged(text: string): Judged | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== 'object' || line === null) return undefined;
  const { time, correct, prediction, choice, error } = line as Record<string, unknown>;
  const ms = typeof time === 'string' ? Date.parse(time) : time;
  if (typeof ms !== 'number' || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return undefined;
  const isError = typeof error === 'string';
  const isTold = typeof correct === 'boolean';
  if (!isTold && !isError && (prediction === undefined || choice === undefined)) return undefined;
  const isRight = isTold ? correct : !isError && prediction === choice;
  return { day: new Date(ms).toISOString().slice(0, 10), isRight, isError };
}

/**
 * Reads a shadow log, one JSON object a line, and holds the accuracy of the model against a target.
 * @throws PilotfishError `MISSING`, `IO`; `USAGE` for a target outside (0, 1]; `EMPTY` when no line was judged.
 */
export function validateShadow(fs: FileSystem, path: string, targetAccuracy = 0.95): ShadowReport {
  if (!(targetAccuracy > 0 && targetAccuracy <= 1)) {
    throw new PilotfishError(
      'USAGE',
      `a target accuracy of ${targetAccuracy} cannot be met: give a part such as 0.95`,
    );
  }
  const sequence = new BettingSequence({ low: 0, high: 1, alpha: 0.05, steps: 1000 });
  const days = new Map<string, { count: number; right: number }>();
  let [lines, bad, right, errors] = [0, 0, 0, 0];
  for (const { text } of linesOf(fs, path)) {
    lines += 1;
    const line = text === null ? undefined : judged(text);
    const of = line && (days.get(line.day) ?? { count: 0, right: 0 });
    if (line === undefined || of === undefined || (of.count === 0 && days.size >= MAX_DAYS)) {
      bad += 1;
      continue;
    }
    days.set(line.day, of);
    of.count += 1;
    if (line.isError) errors += 1;
    if (line.isRight) [right, of.right] = [right + 1, of.right + 1];
    sequence.add(line.isRight ? 1 : 0);
  }
  const { count, lower, upper } = sequence;
  if (count === 0) {
    throw new PilotfishError('EMPTY', `${path} judges no decision (${bad} bad lines): is it a shadow log?`);
  }
  const accuracy = right / count;
  return {
    ...{ lines, bad, count, accuracy, interval: [lower, upper], errors, targetAccuracy },
    days: [...days]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, of]) => ({ day, count: of.count, accuracy: of.right / of.count })),
    passed: accuracy >= targetAccuracy,
  };
}

function* linesOf(fs: FileSystem, path: string): Generator<Line> {
  const fd = opened(fs, path);
  try {
    const splitter = new LineSplitter(MAX_LINE_BYTES);
    for (let position = 0; ; ) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const got = fs.read(fd, chunk, { offset: 0, length: chunk.length, position });
      if (got === 0) break;
      position += got;
      yield* splitter.split(chunk.subarray(0, got));
    }
    yield* splitter.end();
  } finally {
    closeReader(fs, fd);
  }
}

function opened(fs: FileSystem, path: string): number {
  try {
    return fs.open(path, 'read');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new PilotfishError('MISSING', `there is no ${path}: name the log that shadow mode writes`, {
        cause: error,
      });
    }
    throw asRepositoryError(error, path);
  }
}
