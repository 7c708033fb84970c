import type { HoeffdingLeaf } from './leaf.ts';
import { normalCdf } from './normal.ts';
import type { SplitCriterion } from './options.ts';

/** Estimated class weights of the two branches of a split. */
export type Branches = { readonly left: Float64Array; readonly right: Float64Array };

/** A split of a leaf, and what speaks for it. */
export type Split = {
  readonly feature: number;
  /** Samples with a value up to here go left. */
  readonly threshold: number;
  /** How much less impure the branches are than the leaf. */
  readonly gain: number;
};

/** Thresholds tried a feature, evenly between its smallest and largest value. */
const THRESHOLDS = 10;

/** Each branch of a split takes more than this share of the weight. */
const SMALLEST_BRANCH = 0.01;

/** Impurity of class weights whose sum is positive. */
type Impurity = (weights: Float64Array, sum: number) => number;

/**
 * The best split of what a leaf has seen, and the gain of the best by any other feature; not splitting, with gain 0,
 * takes part.
 */
export function bestSplit(
  leaf: HoeffdingLeaf,
  criterion: SplitCriterion,
): { readonly best: Split | undefined; readonly runnerUp: number } {
  const { classes, features, weight } = leaf.table;
  const impurity = criterion === 'gini' ? gini : entropyBits;
  const before = impurity(weight.subarray(0, classes), weight[classes] as number);
  const branches = { left: new Float64Array(classes), right: new Float64Array(classes) };
  let best: Split | undefined;
  let runnerUp = 0;
  for (let feature = 0; feature < features; feature += 1) {
    const found = { feature, threshold: 0, gain: 0 };
    for (const threshold of thresholdsOf(leaf, feature)) {
      estimateBranches(leaf, { feature, threshold }, branches);
      const gain = before - impurityOf(branches, impurity);
      if (gain > found.gain) Object.assign(found, { threshold, gain });
    }
    const leading = best?.gain ?? 0;
    runnerUp = Math.max(runnerUp, Math.min(found.gain, leading));
    if (found.gain > leading) best = found;
  }
  return { best, runnerUp };
}

/** Class weights on each side: one Gaussian a class, cut off where the class has no values. */
export function estimateBranches(
  leaf: HoeffdingLeaf,
  { feature, threshold }: Pick<Split, 'feature' | 'threshold'>,
  { left, right }: Branches,
): void {
  const { classes, features, weight, mean, squares } = leaf.table;
  for (let c = 0; c < classes; c += 1) {
    const at = c * features + feature;
    const all = weight[c] as number;
    let share = 0;
    if (threshold >= (leaf.highest[at] as number)) share = 1;
    else if (threshold >= (leaf.lowest[at] as number)) {
      const deviation = Math.sqrt((squares[at] as number) / all);
      share = normalCdf((threshold - (mean[at] as number)) / deviation);
    }
    left[c] = share * all;
    right[c] = all - share * all;
  }
}

function thresholdsOf(leaf: HoeffdingLeaf, feature: number): number[] {
  const { classes, features } = leaf.table;
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = feature; at < classes * features; at += features) {
    lowest = Math.min(lowest, leaf.lowest[at] as number);
    highest = Math.max(highest, leaf.highest[at] as number);
  }
  const step = (highest - lowest) / (THRESHOLDS + 1);
  const between = Array.from({ length: THRESHOLDS }, (_, i) => lowest + step * (i + 1));
  return between.filter((threshold) => threshold > lowest && threshold < highest);
}

/** Mean impurity of the branches by weight; no split at all, infinitely impure, where one is as good as empty. */
function impurityOf({ left, right }: Branches, impurity: Impurity): number {
  const [leftSum, rightSum] = [sumOf(left), sumOf(right)];
  const all = leftSum + rightSum;
  if (Math.min(leftSum, rightSum) <= SMALLEST_BRANCH * all) return Number.POSITIVE_INFINITY;
  return (leftSum * impurity(left, leftSum) + rightSum * impurity(right, rightSum)) / all;
}

function sumOf(weights: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < weights.length; c += 1) sum += weights[c] as number;
  return sum;
}

const entropyBits: Impurity = (weights, sum) => {
  let bits = 0;
  for (let c = 0; c < weights.length; c += 1) {
    const share = (weights[c] as number) / sum;
    if (share > 0) bits -= share * Math.log2(share);
  }
  return bits;
};

const gini: Impurity = (weights, sum) => {
  let purity = 0;
  for (let c = 0; c < weights.length; c += 1) purity += ((weights[c] as number) / sum) ** 2;
  return 1 - purity;
};
