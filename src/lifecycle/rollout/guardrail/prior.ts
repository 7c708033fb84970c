import type { SavedMoments } from '../../../learn/index.ts';

/** What a side is taken to be before it was seen: as many observations of this variance, in squares of the range. */
const PRIOR_COUNT = 8;
export const PRIOR_VARIANCE = 1 / 16;

/** The mean of what one side came to, shrunk to a prior while there is little. */
export const expectedMean = ({ count, mean }: SavedMoments, prior: number): number =>
  (count * mean + PRIOR_COUNT * prior) / (count + PRIOR_COUNT);

/** The same of its variance. */
export const expectedVariance = ({ count, m2 }: SavedMoments, prior: number): number =>
  (m2 + PRIOR_COUNT * prior) / (count + PRIOR_COUNT);
