import { PilotfishError } from '../../../base/index.ts';
import { checkSnapshot, type Json, type Snapshot } from '../../contract/index.ts';

/**
 * Watches a stream for a change, one value at a time, without allocating. What is found is a verdict of the detector,
 * with no promise on how often it is wrong over a long stream: each says what it was made for. After a change it
 * starts afresh with the next value.
 */
export type ChangeDetector = {
  readonly kind: string;
  /** Takes in a value; true when the stream has changed. @throws PilotfishError `NOT_FINITE` or `USAGE`. */
  update(value: number): boolean;
  /** Forgets the stream. */
  reset(): void;
  snapshot(): Snapshot;
};

/** A detector that also says when a change may be under way. */
export type WarningDetector = ChangeDetector & {
  /** Whether the last value left it suspicious; false when it was sure. */
  readonly isWarning: boolean;
};

/** Squares of larger values, and sums of those, may leave float64. */
const MAX_MAGNITUDE = 1e150;

/** @throws PilotfishError `NOT_FINITE` for NaN, and beyond what can be squared and added up. */
export function checkSignal(value: number): number {
  if (value >= -MAX_MAGNITUDE && value <= MAX_MAGNITUDE) return value;
  throw new PilotfishError('NOT_FINITE', `value is ${value}; give finite numbers of at most 1e150`);
}

/** @throws PilotfishError `USAGE` unless the value lies in [0, 1]: an error (1), none (0), or how bad it was. */
export function checkLoss(value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new PilotfishError('USAGE', `value is ${value}; give 1 for an error, 0 for none, or a share`);
}

// What the profiles of all detectors taught: `const [a, b] = [x, y]` with numbers that are not whole, a choice between
// an argument and such a number, and passing or returning one between functions that are not inlined each cost 16 to 48
// bytes a value, which doubles the time. State in the fields of one object and in typed arrays costs nothing.

/** The state of a detector that remembers a few numbers. */
type State = { readonly [name: string]: number | boolean };

/** A snapshot whose state is plain JSON beside the options. */
export function putState(kind: string, options: { readonly [name: string]: Json }, state: State): Snapshot {
  return { kind, version: 1, config: { ...options, state: { ...state } }, tensors: {} };
}

/**
 * The state that `putState` wrote, with the names and types of `start`.
 * @throws PilotfishError `DAMAGED` or `NEWER_VERSION` for what is no such snapshot.
 */
export function takeState<Names extends State>(snapshot: Snapshot, kind: string, start: Names): Names {
  const { state } = checkSnapshot(snapshot, kind, 1).config;
  const found = Object.entries(start).map(([name, example]) => {
    const value = (state as { readonly [name: string]: Json } | null | undefined)?.[name];
    if (typeof value === typeof example && (typeof value === 'boolean' || Number.isFinite(value)))
      return [name, value];
    throw new PilotfishError('DAMAGED', `the "${kind}" snapshot has no "${name}"; start a new detector`);
  });
  return Object.fromEntries(found) as Names;
}
