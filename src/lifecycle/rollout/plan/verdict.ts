import type { CheckedPlan } from './check.ts';

/** How one look at a step, and the step itself, ended. */
export const VERDICTS = ['Successful', 'Failed', 'Inconclusive', 'Error'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Measurements so far. */
export type Tally = {
  successful: number;
  failed: number;
  inconclusive: number;
  error: number;
  consecutiveSuccess: number;
  consecutiveError: number;
};

export const newTally = (): Tally => ({
  ...{ successful: 0, failed: 0, inconclusive: 0, error: 0, consecutiveSuccess: 0, consecutiveError: 0 },
});

/** Notes a measurement. */
export function count(tally: Tally, measured: Verdict): void {
  tally.consecutiveSuccess = measured === 'Successful' ? tally.consecutiveSuccess + 1 : 0;
  tally.consecutiveError = measured === 'Error' ? tally.consecutiveError + 1 : 0;
  if (measured === 'Successful') tally.successful += 1;
  else if (measured === 'Failed') tally.failed += 1;
  else if (measured === 'Inconclusive') tally.inconclusive += 1;
  else tally.error += 1;
}

/** What ends a step before its time; undefined: it goes on. */
export function limitPassed(
  tally: Tally,
  limits: CheckedPlan['analysis'],
): Exclude<Verdict, 'Successful'> | undefined {
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit } = limits;
  if (failureLimit >= 0 && tally.failed > failureLimit) return 'Failed';
  if (inconclusiveLimit >= 0 && tally.inconclusive > inconclusiveLimit) return 'Inconclusive';
  return tally.consecutiveError > consecutiveErrorLimit ? 'Error' : undefined;
}

/**
 * The verdict when the last measurement is made, as Argo Rollouts has it: Failed when failures passed their limit,
 * whatever else; Inconclusive when the successes in a row that were asked for are missing; else Successful.
 */
export function verdictAtEnd(tally: Tally, limits: CheckedPlan['analysis']): Verdict {
  const passed = limitPassed(tally, limits);
  if (passed !== undefined) return passed;
  const { consecutiveSuccessLimit: needed } = limits;
  return needed > 0 && tally.consecutiveSuccess < needed ? 'Inconclusive' : 'Successful';
}
