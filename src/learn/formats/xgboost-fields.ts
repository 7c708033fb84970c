import { PilotfishError } from '../../base/index.ts';

/** Typed reading of the parsed JSON of a model, where everything may be anything. */

/** A JSON object; only its own keys count, or a file could name what every object inherits. */
export type Fields = { readonly [key: string]: unknown };

export function fieldAt(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

export function asObject(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw damaged(`${name} is no object`);
}

export const objectAt = (fields: Fields, key: string): Fields => asObject(fieldAt(fields, key), key);

export function listAt(fields: Fields, key: string): readonly unknown[] {
  const value = fieldAt(fields, key);
  if (!Array.isArray(value)) throw damaged(`${key} is no list`);
  return value;
}

/** A list of exactly `length` numbers. */
export function numbersAt(fields: Fields, key: string, length: number): readonly number[] {
  const list = listAt(fields, key);
  if (list.length !== length) throw damaged(`${key} has ${list.length} values where ${length} are expected`);
  const isNumber = (value: unknown): value is number => typeof value === 'number';
  if (!list.every(isNumber)) throw damaged(`${key} does not hold numbers only`);
  return list;
}

/** A list of exactly `length` flags: 0 and 1, or false and true as versions before 1.6 wrote. */
export function flagsAt(fields: Fields, key: string, length: number): readonly number[] {
  const flags = listAt(fields, key).map((flag) => (typeof flag === 'boolean' ? Number(flag) : flag));
  if (!flags.every((flag) => flag === 0 || flag === 1)) throw damaged(`${key} holds more than 0 and 1`);
  return numbersAt({ [key]: flags }, key, length);
}

/** A count, which XGBoost writes as text. */
export function countAt(fields: Fields, key: string, absent?: number): number {
  const value = fieldAt(fields, key);
  if (value === undefined && absent !== undefined) return absent;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  throw damaged(`${key} is no count`);
}

export const damaged = (reason: string): PilotfishError =>
  new PilotfishError('DAMAGED', `not a model of XGBoost (${reason}); save it anew`);

export const unsupported = (what: string): PilotfishError =>
  new PilotfishError(
    'UNSUPPORTED',
    `${what} cannot be read; train with gbtree, numeric features and one target`,
  );
