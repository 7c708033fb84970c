import { PilotfishError } from '../../../base/index.ts';
import type { FeatureSlot } from '../../../decisions/index.ts';

/** What answers for one loaded version. */
export interface Runner {
  readonly platform: 'pilotfish' | 'xgboost' | 'onnx';
  /** Features of a row. */
  readonly inputs: number;
  /** Values of an answer. */
  readonly outputs: number;
  /** Whether NaN stands for a feature that is missing. */
  readonly missing: 'allow' | 'refuse';
  /** Answers one row in this thread, in an array that the next call reuses; null where another thread answers. */
  readonly predict: ((x: ArrayLike<number>) => Float64Array) | null;
  /** Answers `rows` rows of `inputs` values with as many of `outputs`; the array may be reused by the next call. */
  run(x: Float64Array, rows: number): Float64Array | Promise<Float64Array>;
  close(): Promise<void>;
}

/** What the numbers of a model mean, as far as it says. */
export type ModelSignature = {
  /** What goes in, in order; null for a model that takes plain vectors only. */
  readonly features: readonly FeatureSlot[] | null;
  /** What the values of an answer stand for; null when they are values. */
  readonly classes: readonly string[] | null;
  /** Whether the highest value wins or, for costs, the lowest. */
  readonly scoresAre: 'probabilities' | 'costs' | 'values';
};

/** Features by the name of their slot, or in the order of the slots. */
export type ServedFeatures = { readonly [name: string]: number } | ArrayLike<number>;

/**
 * A row of its own from what a caller gave: nothing of the caller's is kept.
 * @throws PilotfishError `USAGE` for a feature of another name, `SHAPE`, `NOT_FINITE`.
 */
export function rowFrom(
  features: ServedFeatures,
  runner: Runner,
  { features: slots }: ModelSignature,
): Float64Array {
  const row = isList(features) ? Float64Array.from(features) : namedRow(features, slots);
  checkRow(row, runner);
  return row;
}

/** @throws PilotfishError `SHAPE`, `NOT_FINITE`. */
export function checkRow(row: ArrayLike<number>, { inputs, missing }: Runner): void {
  if (row.length !== inputs) {
    throw new PilotfishError(
      'SHAPE',
      `${row.length} features where the model takes ${inputs}; give ${inputs}`,
    );
  }
  for (let i = 0; i < row.length; i += 1) {
    const value = row[i] as number;
    if (Number.isFinite(value) || (missing === 'allow' && Number.isNaN(value))) continue;
    const advice = missing === 'allow' ? 'finite numbers, NaN where missing' : 'finite numbers';
    throw new PilotfishError('NOT_FINITE', `feature ${i} is ${value}; give ${advice}`);
  }
}

/** @throws PilotfishError `NOT_FINITE` for an answer that is none. */
export function checkAnswer(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isFinite(values[i])) continue;
    throw new PilotfishError(
      'NOT_FINITE',
      `the model answers ${values[i]}; ask another version, or roll back`,
    );
  }
}

/** The name of the class that wins; null when the answer is no choice. */
export function labelOf(values: ArrayLike<number>, { classes, scoresAre }: ModelSignature): string | null {
  if (classes === null || scoresAre === 'values') return null;
  let best = 0;
  for (let i = 1; i < values.length; i += 1) {
    const [value, leader] = [values[i] as number, values[best] as number];
    if (scoresAre === 'costs' ? value < leader : value > leader) best = i;
  }
  return classes[best] ?? null;
}

/** No answer within the budget: the model, or this question of it, hangs. */
export class LateRun extends PilotfishError {
  constructor(limitMs: number) {
    super('LIMIT', `the foreign model has not answered after ${limitMs} ms; its thread is started anew`);
  }
}

/** An error of the model as one a caller can act on. */
export function asModelError(error: unknown, what: string): PilotfishError {
  if (error instanceof PilotfishError) return error;
  return new PilotfishError('INTERNAL', `${what} threw; ask another version, or roll back`, { cause: error });
}

const isList = (features: ServedFeatures): features is ArrayLike<number> =>
  Array.isArray(features) || (ArrayBuffer.isView(features) && 'length' in features);

function namedRow(
  features: { readonly [name: string]: number } | null | undefined,
  slots: readonly FeatureSlot[] | null,
): Float64Array {
  if (typeof features !== 'object' || features === null) {
    throw new PilotfishError('USAGE', 'give the features as a list of numbers, or by name');
  }
  if (slots === null) {
    throw new PilotfishError(
      'USAGE',
      'the model does not name its features; give them as a list, in its order',
    );
  }
  for (const name of Object.keys(features)) {
    if (slots.some((slot) => slot.name === name)) continue;
    throw new PilotfishError('USAGE', `the model has no feature "${name}"; describe() lists those it has`);
  }
  return Float64Array.from(slots, ({ name, neutral }) => features[name] ?? neutral);
}
