// When to stop an experiment: our rule, and the ones beside it.
import { differenceSequence, mixtureRatio, normalQuantile, type Summary } from '../../../src/learn/index.ts';

export const ALPHA = 0.05;
/** From here on an arm is looked at. */
export const FIRST_LOOK = 1000;

/** What a rule sees at one look. */
export interface Look {
  readonly control: Summary;
  readonly treatment: Summary;
  /** Of the difference, and the variance of that. */
  readonly effect: number;
  readonly variance: number;
  /** Effect in standard errors, squared. */
  readonly square: number;
  /** Whether no look follows. */
  readonly isLast: boolean;
}

export interface Rule {
  readonly name: string;
  readonly stops: (look: Look) => boolean;
}

const squareAt = (alpha: number): number => normalQuantile(1 - alpha / 2) ** 2;
/** Below this no rule here stops: each is at least as strict as the naive one. */
export const NAIVE_SQUARE = squareAt(ALPHA);

/** GrowthBook's scale of the normal mixture, in squared standard deviations of one value. */
function growthBookScale(tuneCount: number): number {
  const depth = -2 * Math.log(ALPHA);
  return (depth + Math.log(depth + 1)) / tuneCount;
}

/** GrowthBook's sequential test (gbstats 0.8): the mixture test, scaled by the variance seen. */
const growthBook = (tuneCount: number): Rule => ({
  name: `GrowthBook sequential, tuned to ${tuneCount}`,
  stops: ({ control, treatment, effect, variance }) => {
    const mixing = growthBookScale(tuneCount) * variance * (control.count + treatment.count);
    return mixtureRatio(effect, variance, mixing) > 1 / ALPHA;
  },
});

export const ours: Rule = {
  name: 'ours (differenceSequence)',
  stops: ({ control, treatment }) => differenceSequence(control, treatment, { alpha: ALPHA }).pValue <= ALPHA,
};

export const naive: Rule = {
  name: 'p < 0.05 at every look',
  stops: ({ square }) => square > NAIVE_SQUARE,
};

export const sequential: readonly Rule[] = [growthBook(5000), growthBook(20_000)];

/** All rules for experiments of so many looks; ours comes first. */
export const rulesFor = (looks: number): readonly Rule[] => [
  ours,
  ...sequential,
  {
    name: 'mSPRT, τ² = 1e-4',
    stops: ({ effect, variance }) => mixtureRatio(effect, variance, 1e-4) > 1 / ALPHA,
  },
  { name: `Bonferroni over ${looks} looks`, stops: ({ square }) => square > squareAt(ALPHA / looks) },
  { name: 'fixed horizon, one look', stops: ({ square, isLast }) => isLast && square > NAIVE_SQUARE },
  naive,
];
