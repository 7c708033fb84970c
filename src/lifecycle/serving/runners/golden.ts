import { PilotfishError } from '../../../base/index.ts';
import { GOLDEN_FILE, type SourcedModel } from '../sources/source.ts';
import { checkAnswer, checkRow, type Runner } from './runner.ts';

/** A recorded input and what the model must answer. */
export type GoldenCase = { readonly input: readonly number[]; readonly output: readonly number[] };

/** What a version has to answer before it serves. */
export type Golden = {
  /** Of a value, and of its size where that is above 1. */
  readonly tolerance: number;
  readonly cases: readonly GoldenCase[];
};

const MAX_CASES = 256;
const DEFAULT_TOLERANCE = 1e-6;

/**
 * Records what a model answers, as the file `golden.json` of its artefact: every later load is held to it.
 * @throws PilotfishError `USAGE` for no inputs or more than 256, and as `predict`.
 */
export function recordGolden(
  predict: (x: ArrayLike<number>) => ArrayLike<number>,
  inputs: readonly ArrayLike<number>[],
  tolerance = DEFAULT_TOLERANCE,
): Uint8Array {
  const cases = inputs.map((input) => ({ input: Array.from(input), output: Array.from(predict(input)) }));
  const golden = { tolerance, cases };
  if (isGolden(golden)) return Buffer.from(`${JSON.stringify(golden)}\n`);
  throw new PilotfishError(
    'USAGE',
    `record 1 to ${MAX_CASES} inputs of finite numbers, a tolerance of 0 or more`,
  );
}

/** The recorded answers among the files of a model; null without. @throws PilotfishError `DAMAGED`. */
export function goldenOf({ files }: SourcedModel): Golden | null {
  const bytes = files.get(GOLDEN_FILE);
  if (bytes === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PilotfishError('DAMAGED', `${GOLDEN_FILE} is no JSON; record it anew`, { cause: error });
  }
  if (isGolden(value)) return value;
  throw new PilotfishError('DAMAGED', `${GOLDEN_FILE} holds no recorded answers; record it anew`);
}

/**
 * Asks a model for the first time: every recorded input, or one of zeros where none was recorded. What is compiled or
 * allocated by a first answer is so before a caller waits for it.
 * @throws PilotfishError `REFUSED` for another answer than the recorded one, and as the model.
 */
export async function warmUp(runner: Runner, golden: Golden | null): Promise<void> {
  const cases = golden?.cases ?? [{ input: Array<number>(runner.inputs).fill(0), output: null }];
  for (const [index, { input, output }] of cases.entries()) {
    checkRow(input, runner);
    const values = await runner.run(Float64Array.from(input), 1);
    checkAnswer(values);
    if (output !== null) compare(values, output, { index, tolerance: golden?.tolerance ?? 0 });
    // The path within the process is another one, and its first answer costs as much.
    if (runner.predict !== null) checkAnswer(runner.predict(input));
  }
}

type Place = { readonly index: number; readonly tolerance: number };

function compare(values: ArrayLike<number>, expected: readonly number[], { index, tolerance }: Place): void {
  const isNear = (want: number, i: number): boolean =>
    Math.abs((values[i] as number) - want) <= tolerance * Math.max(1, Math.abs(want));
  if (values.length === expected.length && expected.every(isNear)) return;
  const shown = `${Array.from(values).slice(0, 4).join(', ')} where ${expected.slice(0, 4).join(', ')}`;
  throw new PilotfishError(
    'REFUSED',
    `recorded input ${index} is answered by ${shown} was recorded; train the model again or record it anew`,
  );
}

function isGolden(value: unknown): value is Golden {
  const { tolerance, cases } = (value ?? {}) as Partial<Golden>;
  if (typeof tolerance !== 'number' || !(tolerance >= 0) || !Array.isArray(cases)) return false;
  if (cases.length === 0 || cases.length > MAX_CASES) return false;
  return (cases as Partial<GoldenCase>[]).every((each) => isNumbers(each?.input) && isNumbers(each?.output));
}

const isNumbers = (list: unknown): boolean =>
  Array.isArray(list) && list.length > 0 && list.every((value) => Number.isFinite(value));
