import { PilotfishError } from '../../base/index.ts';
import { allFinite, ofLength } from '../contract/index.ts';
import { type BootstrapInterval, type BootstrapOptions, bootstrap } from './bootstrap.ts';
import { studentTwoSided } from './distributions/student.ts';
import { checkLevel, type Interval, studentInterval } from './intervals.ts';
import { type Summary, summarize } from './summary.ts';

/** A t-test of two means; `estimate`, `low` and `high` are of the difference, first minus second. */
export type MeanComparison = Interval & {
  /** The difference in standard errors; infinite when there is a difference and no spread. */
  readonly t: number;
  readonly freedom: number;
  /** Two-sided. */
  readonly pValue: number;
};

function compareMeans(
  difference: number,
  spread: { readonly error: number; readonly freedom: number; readonly level: number },
): MeanComparison {
  const t = difference === 0 ? 0 : difference / spread.error;
  return {
    ...studentInterval(difference, spread),
    t,
    freedom: spread.freedom,
    pValue: studentTwoSided(t, spread.freedom),
  };
}

/** Standard error of a difference of means and its degrees of freedom, after Welch and Satterthwaite. */
export function welchSpread(first: Summary, second: Summary): { error: number; freedom: number } {
  const [a, b] = [first.variance / first.count, second.variance / second.count];
  // Two samples without spread leave 0 / 0; any number of degrees gives the same answer then.
  const freedom =
    a + b === 0
      ? first.count + second.count - 2
      : (a + b) ** 2 / (a ** 2 / (first.count - 1) + b ** 2 / (second.count - 1));
  return { error: Math.sqrt(a + b), freedom };
}

/**
 * Welch's test of two independent samples: means compared without assuming equal variances (Welch 1947).
 * Only valid for one look at a sample whose size was fixed beforehand.
 * @throws PilotfishError `EMPTY` when a sample has fewer than two values, `USAGE` for a level outside (0, 1).
 */
export function welchTest(first: Summary, second: Summary, level = 0.95): MeanComparison {
  checkLevel(level);
  for (const { count } of [first, second]) {
    if (count < 2)
      throw new PilotfishError('EMPTY', `a sample of ${count} shows no spread; give two or more`);
  }
  return compareMeans(first.mean - second.mean, { ...welchSpread(first, second), level });
}

/** A paired comparison: by Student's t, and by resampling the pairs. */
export type PairedComparison = MeanComparison & { readonly bootstrap: BootstrapInterval };

/**
 * Compares two measurements of the same things (two policies on the same requests): the mean of the differences,
 * first minus second, with Student's interval and test and a bootstrap interval over the pairs.
 * @throws PilotfishError `EMPTY` for fewer than two pairs, `SHAPE` for unequal lengths, `NOT_FINITE`, `USAGE`.
 */
export function comparePaired(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: BootstrapOptions = {},
): PairedComparison {
  allFinite('first', first);
  allFinite('second', ofLength('second', second, first.length));
  const differences = Float64Array.from(first, (value, i) => value - (second[i] as number));
  const resampled = bootstrap(differences, meanOf, options);
  const { count, mean, variance } = summarize(differences);
  const spread = { error: Math.sqrt(variance / count), freedom: count - 1, level: options.level ?? 0.95 };
  return { ...compareMeans(mean, spread), bootstrap: resampled };
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] as number;
  return sum / values.length;
}
