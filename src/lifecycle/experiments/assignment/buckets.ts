import { PilotfishError, sha256 } from '../../../base/index.ts';
import type { HashVersion } from '../definition/types.ts';
import { growthBookBucket } from './growthbook.ts';
import { type BucketRange, rangeAt } from './ranges.ts';
import { SipHash } from './siphash.ts';

const MAX_UNIT = 256;
const MAX_UTF8_BYTES_PER_UNIT = 3;
const KEY_BYTES = 16;
const TO_UNIT_INTERVAL = 2 ** -53;

/** The unit as UTF-8; the hash wants some room behind it. */
const scratch = new Uint8Array(MAX_UNIT * MAX_UTF8_BYTES_PER_UNIT + 8);
const encoder = new TextEncoder();

/** A key that no other purpose and no other seed has. */
const keyed = (purpose: string, seed: string): SipHash =>
  new SipHash(sha256(Buffer.from(`pilotfish ${purpose} 1\0${seed}`)).subarray(0, KEY_BYTES));

/**
 * The range that holds the bucket of a unit, from 0; -1 for none. The same wherever and whenever it is asked. The bucket,
 * 0 inclusive to 1 exclusive, never leaves the function: as a result it would be allocated.
 */
export type RangeOf = (unit: string, ranges: readonly BucketRange[]) => number;

/** @param seed what tells this division of the units from every other */
export function rangeFinder(version: HashVersion, seed: string): RangeOf {
  if (version === 'pilotfish-1') {
    const hash = keyed('bucket', seed);
    return (unit, ranges) => {
      hash.hash(scratch, encoded(unit));
      return rangeAt(ranges, ((hash.high >>> 0) * 2 ** 21 + (hash.low >>> 11)) * TO_UNIT_INTERVAL);
    };
  }
  const number = version === 'growthbook-1' ? 1 : 2;
  return (unit, ranges) => {
    checkUnit(unit);
    return rangeAt(ranges, growthBookBucket(seed, unit, number) as number);
  };
}

/** Eight bytes by which an experiment knows a unit: names of users are not kept. */
export function unitHash(seed: string): (unit: string) => Uint8Array {
  const hash = keyed('unit', seed);
  return (unit) => {
    hash.hash(scratch, encoded(unit));
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(hash.high, 0);
    bytes.writeInt32BE(hash.low, 4);
    return bytes;
  };
}

/** Writes the unit into `scratch`. @returns its bytes @throws PilotfishError `USAGE`. */
function encoded(unit: string): number {
  checkUnit(unit);
  const { length } = unit;
  for (let i = 0; i < length; i += 1) {
    const code = unit.charCodeAt(i);
    if (code > 0x7f) return encodedSlowly(unit);
    scratch[i] = code;
  }
  return length;
}

function encodedSlowly(unit: string): number {
  // Two units with different broken halves of a character would become the same text.
  if (unit.isWellFormed()) return encoder.encodeInto(unit, scratch).written;
  throw new PilotfishError(
    'USAGE',
    'the unit is no well-formed text: give the id of a user, device or request',
  );
}

function checkUnit(unit: string): void {
  if (typeof unit === 'string' && unit.length > 0 && unit.length <= MAX_UNIT) return;
  throw new PilotfishError(
    'USAGE',
    `a unit is a text of 1 to ${MAX_UNIT} characters: give the id of a user, device or request`,
  );
}
