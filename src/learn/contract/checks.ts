import { PilotfishError } from '../../base/index.ts';

/**
 * What every learner asks of the numbers it is given, before it works: each function throws a coded error
 * that names the argument, and returns what it checked.
 */

/** A value in words, for messages about what is not what its type says. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value);
  if (value === undefined) return 'left out';
  if (typeof value === 'string') return `the string "${value}"`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** @throws PilotfishError `USAGE` unless `value` is a whole number in [min, max]. */
export function wholeNumber(name: string, value: number, [min, max]: readonly [number, number]): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new PilotfishError(
      'USAGE',
      `${name} is ${shown(value)}; give a whole number from ${min} to ${max}`,
    );
  }
  return value;
}

/** @throws PilotfishError `USAGE` unless `value` is a finite number in [min, max]. */
export function numberWithin(name: string, value: number, [min, max]: readonly [number, number]): number {
  if (!(Number.isFinite(value) && value >= min && value <= max)) {
    throw new PilotfishError('USAGE', `${name} is ${shown(value)}; give a number from ${min} to ${max}`);
  }
  return value;
}

/** @throws PilotfishError `NOT_FINITE` for NaN or an infinity. */
export function finite(name: string, value: number): number {
  if (!Number.isFinite(value))
    throw new PilotfishError('NOT_FINITE', `${name} is ${shown(value)}; give a finite number`);
  return value;
}

/** @throws PilotfishError `NOT_FINITE` naming the first NaN or infinity among `values`. */
export function allFinite<Values extends ArrayLike<number>>(name: string, values: Values): Values {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) {
      throw new PilotfishError('NOT_FINITE', `${name}[${i}] is ${values[i]}; give finite numbers`);
    }
  }
  return values;
}

/** @throws PilotfishError `SHAPE` unless `values` holds exactly `length` numbers, `USAGE` when it is no list. */
export function ofLength<Values extends ArrayLike<number>>(
  name: string,
  values: Values,
  length: number,
): Values {
  if (values?.length === length) return values;
  requireList(name, values);
  throw new PilotfishError('SHAPE', `${name} has ${values.length} values where ${length} are expected`);
}

/** @throws PilotfishError `EMPTY` when there is nothing in `values`, `USAGE` when it is no list. */
export function notEmpty<Values extends { readonly length: number }>(name: string, values: Values): Values {
  if (values?.length > 0) return values;
  requireList(name, values);
  throw new PilotfishError('EMPTY', `${name} is empty; give at least one value`);
}

function requireList(name: string, values: { readonly length: number } | undefined): void {
  if (typeof values === 'object' && typeof values?.length === 'number') return;
  throw new PilotfishError('USAGE', `${name} is ${shown(values)}; give a list`);
}
