const CALLS = 20_000;
const TRIES = 5;
/** What is compiled in the background is finished late on a busy machine; until then numbers are boxed. */
const ROUNDS = 40;
const NOTHING_BYTES = 1;

/**
 * Bytes a call by which the heap changes once the code is compiled, the median of a few tries: a collection makes it
 * fall, and the test runner allocates too. `heapUsed` tells the bytes in use, which only a test can ask Node for.
 */
export function heapChange(call: () => void, heapUsed: () => number): number {
  const calls = (count: number) => {
    for (let i = 0; i < count; i += 1) call();
  };
  calls(CALLS);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && least > NOTHING_BYTES; round += 1) {
    const tries = Array.from({ length: TRIES }, () => {
      const before = heapUsed();
      calls(CALLS);
      return Math.abs(heapUsed() - before) / CALLS;
    });
    least = Math.min(least, tries.sort((a, b) => a - b)[TRIES >> 1] as number);
  }
  return least;
}
