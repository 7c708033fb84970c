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
