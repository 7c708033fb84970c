import { quieten } from '../../base/index.ts';

/** What an adviser answers, or undefined: one that throws has no answer, and a promise is none. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    const answer = run();
    quieten(answer);
    return answer;
  } catch {
    return undefined;
  }
}

export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
