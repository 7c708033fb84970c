/** What an adviser answers, or undefined: one that throws has no answer, and a promise is none. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    const answer = run();
    // One that is rejected must not end the process.
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer;
  } catch {
    return undefined;
  }
}

export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
