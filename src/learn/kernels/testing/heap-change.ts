const CALLS = 20_000;

/**
 * Bytes a call by which the heap changes, the median of a few tries: a collection makes it fall, and the test runner
 * allocates too. `heapUsed` tells the bytes in use, which only a test can ask Node for.
 */
export function heapChange(call: () => void, heapUsed: () => number): number {
  const calls = (count: number) => {
    for (let i = 0; i < count; i += 1) call();
  };
  calls(CALLS);
  const tries = [1, 2, 3, 4, 5].map(() => {
    const before = heapUsed();
    calls(CALLS);
    return Math.abs(heapUsed() - before) / CALLS;
  });
  return tries.sort((a, b) => a - b)[2] as number;
}
