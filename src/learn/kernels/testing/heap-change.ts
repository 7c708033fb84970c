const CALLS = 20_000;

/**
 * Bytes a call by which the heap changes, the median of a few tries: a collection makes it fall, and the test runner
 * allocates too.
 */
export function heapChange(call: () => void): number {
  const calls = (count: number) => {
    for (let i = 0; i < count; i += 1) call();
  };
  calls(CALLS);
  const tries = [1, 2, 3, 4, 5].map(() => {
    const before = process.memoryUsage().heapUsed;
    calls(CALLS);
    return Math.abs(process.memoryUsage().heapUsed - before) / CALLS;
  });
  return tries.sort((a, b) => a - b)[2] as number;
}
