import { PilotfishError } from './errors.ts';

/** Stops on a broken promise of our own code; never used to check input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition)
    throw new PilotfishError('INTERNAL', `${message}: this is a bug in Pilotfish, please report it`);
}

/** The value, which our own code promises to be there. */
export function must<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) {
    throw new PilotfishError('INTERNAL', `${message}: this is a bug in Pilotfish, please report it`);
  }
  return value;
}

/** Whether a value is an object, and no list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is a list of objects. */
export const areObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

/** Whether a value is a list of texts. */
export const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/**
 * Checks input: holds callers to the shape of what they give where no type does.
 * @param message what to give
 * @throws PilotfishError `USAGE` unless it holds.
 */
export function need(holds: boolean, message: string): void {
  if (!holds) throw new PilotfishError('USAGE', message);
}
