// Goals as findings state them.
import { median } from '../../common/statistics.ts';
import type { Goal } from '../results.ts';

/** One figure by another; null where one of them is missing. */
export const quotient = (part: number | null | undefined, whole: number | null | undefined): number | null =>
  part == null || whole == null || whole === 0 ? null : part / whole;

export const atMost = (text: string, value: number | null, limit: number): Goal => ({
  ...{ text, value, limit },
  must: 'at most',
});

export const atLeast = (text: string, value: number | null, limit: number): Goal => ({
  ...{ text, value, limit },
  must: 'at least',
});

/** The middle value; NaN without any. */
export const middle = (values: readonly number[]): number => median(values) ?? Number.NaN;

/** Milliseconds of wall clock that the work takes. */
export function wallMs(work: () => void): number {
  const started = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - started) / 1e6;
}

/** Milliseconds of processor time that this process spends on the work, its helper threads included. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
