import { SIZES } from './validator.ts';

/** Seconds a byte takes that was fetched for nothing, and a wait for bytes that were not there. */
const WASTED_SECONDS_PER_BYTE = 1 / 500e6;
const WAIT_SECONDS = 0.0008;

/** What each answer would have cost when the reader went on for `usedBytes`: the oracle is the smallest. */
export function costsOf(usedBytes: number): number[] {
  return SIZES.map((size) => {
    const wasted = Math.max(0, size - usedBytes) * WASTED_SECONDS_PER_BYTE;
    const waits = usedBytes > size ? Math.ceil((usedBytes - size) / 262_144) * WAIT_SECONDS : 0;
    return wasted + waits;
  });
}
