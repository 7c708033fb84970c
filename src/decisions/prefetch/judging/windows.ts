import { PilotfishError } from '../../../base/index.ts';
import { AHEAD_SLOTS, AheadEngine, horizonOf } from '../../../blocks/index.ts';
import type { Part } from '../../data/index.ts';
import { cellOf, nameOf } from '../../workshop/index.ts';
import { PREFETCH_FEATURES } from '../features.ts';
import { ReplayCache } from './cache.ts';
import { sealedFrom, type Trace } from './trace.ts';

/** One moment of a run: what was known of the last accesses, and what became of each candidate. */
export type Window = {
  readonly set: string;
  readonly part: Part;
  /** [AHEAD_STEPS][STEP_WIDTH], to a sixty-third. */
  readonly steps: Float32Array;
  /** A sum of `Fate` for each slot; 0 where there was no candidate. */
  readonly fates: Uint8Array;
};

/** What became of a candidate. */
export const Fate = {
  /** There was one. */
  named: 1,
  /** It was not cached, and this was its best slot: the question was about it. */
  offered: 2,
  /** It was asked for while the cache would have kept it. */
  used: 4,
  /** It was what was asked for next. */
  next: 8,
} as const;

/** What of a trace goes into the table. */
export type Sampling = {
  readonly set: string;
  /** At most so many windows, evenly spread over what is not sealed. */
  readonly windows: number;
};

const TRAIN_SHARE = 0.7;

/**
 * Replays a trace with the built-in rule and notes moments with something to decide. The last 15 % are sealed and not
 * looked at.
 */
export function* windowsOf(trace: Trace, { set, windows }: Sampling): Generator<Window> {
  const { keys, knownUpTo, next, distinct, cacheBlocks, count } = trace;
  const cache = new ReplayCache(count, cacheBlocks, (key) => engine.wasted(key));
  const engine = new AheadEngine({
    ...{ keys: count, cacheBlocks, has: (key: number) => cache.has(key) },
    next: (key) => (key < distinct ? (next[key] as number) : -1),
  });
  const horizon = horizonOf(cacheBlocks);
  const open = sealedFrom(keys.length);
  const known: number[] = [];
  let noted = 0;
  for (let at = 0; at + horizon < open; at += 1) {
    const key = keys[at] as number;
    if (cache.ask(key) === 'ahead') engine.used(key);
    known.length = 0;
    for (let i = at + 1; i < (knownUpTo?.[at] ?? 0); i += 1) known.push(keys[i] as number);
    engine.accessed(key, known);
    // Due as soon as the share of the trace that is behind exceeds the share of windows noted.
    if (noted < Math.floor((windows * at) / open) && engine.question.chances.some((chance) => chance > 0)) {
      noted += 1;
      const part = at < TRAIN_SHARE * keys.length ? 'train' : 'val';
      yield { set, part, steps: rounded(engine.question.steps), fates: fatesOf(engine, keys, at, horizon) };
    }
    for (let i = 0; i < engine.count; i += 1) cache.readAhead(engine.keys[i] as number);
  }
}

function fatesOf(
  { history, question }: AheadEngine,
  keys: Int32Array,
  at: number,
  horizon: number,
): Uint8Array {
  const later = keys.subarray(at + 1, at + 1 + horizon);
  return Uint8Array.from({ length: AHEAD_SLOTS }, (_, slot) => {
    const key = history.candidates[slot] as number;
    if (key === -1) return 0;
    const offered = (question.chances[slot] as number) > 0 ? Fate.offered : 0;
    return Fate.named + offered + (later.includes(key) ? Fate.used : 0) + (later[0] === key ? Fate.next : 0);
  });
}

/** Numbers are written as one of 64 signs: the text is read by people, and small. */
const SIGNS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';
const LEVELS = SIGNS.length - 1;
const HEADER = ['set', 'part', 'steps', 'fates'].join('\t');

const rounded = (steps: Float64Array): Float32Array =>
  Float32Array.from(steps, (value) => Math.round(LEVELS * value) / LEVELS);

/** The table as tab-separated text with a header: what `train` reads and whose hash the manifest names. */
export function writeWindows(windows: readonly Window[]): string {
  const lines = windows.map(({ set, part, steps, fates }) => {
    const text = Array.from(steps, (value) => SIGNS[Math.round(LEVELS * value)]).join('');
    return [cellOf(set), part, text, Array.from(fates, (fate) => SIGNS[fate]).join('')].join('\t');
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

const MAX_WINDOWS = 1_000_000;

/** Reads a table back. @throws PilotfishError `DAMAGED`, `LIMIT`. */
export function readWindows(text: string): Window[] {
  // A split without a limit could be made to ask for more memory than there is.
  const [header, ...lines] = text.trimEnd().split('\n', MAX_WINDOWS + 2);
  if (header !== HEADER) {
    throw new PilotfishError(
      'DAMAGED',
      'this is no table of accesses of this version; make one with `pilotfish measure prefetch`',
    );
  }
  if (lines.length > MAX_WINDOWS)
    throw new PilotfishError('LIMIT', `a table of accesses has at most ${MAX_WINDOWS} rows`);
  return lines.map((line, row) => {
    const [set = '', part = '', steps = '', fates = '', ...more] = line.split('\t');
    const values = numbersOf(steps);
    const codes = numbersOf(fates);
    const sound =
      more.length === 0 &&
      (part === 'train' || part === 'val') &&
      steps.length === PREFETCH_FEATURES.length &&
      fates.length === AHEAD_SLOTS &&
      !values.includes(-1) &&
      codes.every((code) => code >= 0 && code < 16);
    if (!sound) throw new PilotfishError('DAMAGED', `row ${row + 1} of the table of accesses does not parse`);
    return {
      ...{ set: nameOf(set), part: part as Part, fates: Uint8Array.from(codes) },
      steps: Float32Array.from(values, (value) => value / LEVELS),
    };
  });
}

const numbersOf = (text: string): number[] => Array.from(text, (sign) => SIGNS.indexOf(sign));
