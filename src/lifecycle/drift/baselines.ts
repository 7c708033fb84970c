import { areTexts, FastRng, isObject, need, PilotfishError } from '../../base/index.ts';
import type { RegistryChange } from '../registry/index.ts';
import type { BaselineSource, StoredBaseline } from './records/store.ts';
import { DRIFT_TYPES, type DriftType } from './types.ts';
import { DriftBaseline } from './windows/baseline.ts';
import { notFinite } from './windows/stream.ts';

/** What a baseline is of. */
export type BaselineOptions = RegistryChange & {
  /** `feature`. */
  readonly type?: DriftType;
  /** The models that read these features: those an alarm concerns. */
  readonly models?: readonly string[];
  readonly source?: BaselineSource;
};

/** Codes of values fit into 16 bits. */
const MAX_BASELINE = 10_000;
const MIN_BASELINE = 20;
const MAX_GIVEN = 10_000_000;
const MAX_NAME = 256;

/**
 * Baselines of samples by name, checked before anything is changed.
 * @throws PilotfishError `USAGE`, `EMPTY`, `NOT_FINITE`, `LIMIT`.
 */
export function madeBaselines(
  samples: Readonly<Record<string, ArrayLike<number>>>,
  { type = 'feature', models = [], source = {} }: BaselineOptions,
): (StoredBaseline & { readonly baseline: DriftBaseline })[] {
  checkType(type);
  need(areTexts(models), 'models is a list of names of models');
  need(
    isObject(samples),
    'a baseline is values by the name of their feature: give { request_size: [1024, …] }',
  );
  const entries = Object.entries(samples);
  if (entries.length === 0)
    throw new PilotfishError('EMPTY', 'a baseline has at least one feature: give its values');
  return entries.map(([feature, given]) => {
    const values = checkedValues(checkName(feature), given);
    return { type, feature, models, source, values, baseline: new DriftBaseline(values) };
  });
}

/** @throws PilotfishError `USAGE`. */
export function checkType(type: DriftType): void {
  need(DRIFT_TYPES.includes(type), `${type} is no type: give ${DRIFT_TYPES.join(', ')}`);
}

function checkName(name: string): string {
  if (name.length > 0 && name.length <= MAX_NAME && name.isWellFormed()) return name;
  throw new PilotfishError('USAGE', `a feature has a name of 1 to ${MAX_NAME} characters`);
}

/** The values in rising order; of many a sample, drawn the same way every time. */
function checkedValues(name: string, values: ArrayLike<number>): Float64Array {
  const isList = Array.isArray(values) || ArrayBuffer.isView(values);
  need(isList, `the baseline of "${name}" is a list of its values: give at least ${MIN_BASELINE}`);
  if (values.length < MIN_BASELINE)
    throw new PilotfishError(
      'EMPTY',
      `"${name}" has ${values.length} values: a baseline needs ${MIN_BASELINE}`,
    );
  if (values.length > MAX_GIVEN)
    throw new PilotfishError('LIMIT', `"${name}" has more than ${MAX_GIVEN} values: give a sample of them`);
  const all = Float64Array.from(values);
  for (const value of all) if (!Number.isFinite(value)) throw notFinite(name, value);
  if (all.length > MAX_BASELINE) {
    const rng = new FastRng(all.length);
    for (let i = 0; i < MAX_BASELINE; i += 1) {
      const other = i + rng.below(all.length - i);
      [all[i], all[other]] = [all[other] as number, all[i] as number];
    }
  }
  return all.slice(0, MAX_BASELINE).sort();
}
