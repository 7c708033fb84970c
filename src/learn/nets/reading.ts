import { hasCode, PilotfishError } from '../../base/index.ts';
import type { Json } from '../contract/index.ts';

/** Reads the config of a snapshot that may hold anything. @throws PilotfishError `DAMAGED` from every method. */
export class ConfigReader {
  readonly #values: { readonly [key: string]: Json };

  constructor(json: Json) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new PilotfishError(
        'DAMAGED',
        'the snapshot has a config that is no record; take another snapshot',
      );
    }
    this.#values = json as { readonly [key: string]: Json };
  }

  number(key: string): number {
    return this.#value(key, (value) => typeof value === 'number' && Number.isFinite(value));
  }

  /** A whole number, not negative. */
  count(key: string): number {
    return this.#value(key, (value) => Number.isSafeInteger(value) && (value as number) >= 0);
  }

  flag(key: string): boolean {
    return this.#value(key, (value) => typeof value === 'boolean');
  }

  /** One of these words. */
  word<Word extends string>(key: string, words: readonly Word[]): Word {
    return this.#value(key, (value) => words.includes(value as Word));
  }

  text(key: string): string {
    return this.#value(key, (value) => typeof value === 'string');
  }

  list(key: string): readonly Json[] {
    return this.#value(key, (value) => Array.isArray(value));
  }

  record(key: string): ConfigReader {
    return new ConfigReader(this.has(key) ? (this.#values[key] as Json) : null);
  }

  /** Whether the key is there with anything but null. */
  has(key: string): boolean {
    return Object.hasOwn(this.#values, key) && this.#values[key] !== null;
  }

  #value<Value extends Json>(key: string, fits: (value: Json) => boolean): Value {
    const value = Object.hasOwn(this.#values, key) ? (this.#values[key] as Json) : null;
    if (!fits(value))
      throw new PilotfishError('DAMAGED', `the snapshot has no usable "${key}"; take another`);
    return value as Value;
  }
}

/** Runs checks that blame a caller, on numbers that come from a snapshot: `USAGE` becomes `DAMAGED`. */
export function asDamage<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!hasCode(error, 'USAGE', 'LIMIT', 'SHAPE', 'NOT_FINITE')) throw error;
    throw new PilotfishError('DAMAGED', `the snapshot cannot be restored: ${error.message}`, {
      cause: error,
    });
  }
}

/** @throws PilotfishError `USAGE` for a word that is none of these. */
export function oneOf<Word extends string>(name: string, word: Word, words: readonly Word[]): Word {
  if (words.includes(word)) return word;
  throw new PilotfishError('USAGE', `${name} is ${word}; give one of ${words.join(', ')}`);
}
