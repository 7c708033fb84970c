// Compares what a script prints now with what it printed when it was recorded.
import assert from 'node:assert/strict';

/** How far numbers may lie apart: so much, or so much of the larger one. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** Other builds of a tool round the last digits differently. */
export const rounding: Tolerance = { absolute: 1e-9, relative: 1e-6 };

const isClose = (a: number, b: number, { absolute, relative }: Tolerance): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= Math.max(absolute, relative * Math.max(Math.abs(a), Math.abs(b)));

const keysOf = (value: object): string[] => Object.keys(value).sort();

/** Asserts that two JSON values agree: numbers within the tolerance, everything else exactly. */
export function assertClose(actual: unknown, expected: unknown, tolerance: Tolerance, path = '$'): void {
  if (typeof actual === 'number' && typeof expected === 'number') {
    assert.ok(isClose(actual, expected, tolerance), `${path}: ${actual} where ${expected} is recorded`);
  } else if (Array.isArray(actual) && Array.isArray(expected)) {
    assert.equal(actual.length, expected.length, `${path}: length`);
    actual.forEach((value, i) => {
      assertClose(value, expected[i], tolerance, `${path}[${i}]`);
    });
  } else if (
    typeof actual === 'object' &&
    typeof expected === 'object' &&
    actual !== null &&
    expected !== null
  ) {
    assert.deepEqual(keysOf(actual), keysOf(expected), `${path}: keys`);
    for (const key of Object.keys(actual)) {
      const of = (value: object) => (value as Record<string, unknown>)[key];
      assertClose(of(actual), of(expected), tolerance, `${path}.${key}`);
    }
  } else {
    assert.deepEqual(actual, expected, path);
  }
}
