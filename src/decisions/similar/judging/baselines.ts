import type { BaseQuestion } from '../../../blocks/index.ts';
import { similarHeuristic } from '../heuristic.ts';
import { NO_BASE } from '../validator.ts';

/** Somebody who answers the question of the store, content-free as it is. */
export type Rule = { readonly who: string; choose(question: Readonly<BaseQuestion>): number };

/** The best of `score`; the first of equal ones. */
function bestBy(
  { candidates }: Readonly<BaseQuestion>,
  score: (candidate: BaseQuestion['candidates'][number]) => number,
): number {
  let best = NO_BASE;
  let most = Number.NEGATIVE_INFINITY;
  for (const [i, candidate] of candidates.entries()) {
    const value = score(candidate);
    if (value <= most) continue;
    best = i;
    most = value;
  }
  return best;
}

/** The newest block that resembles at all, however little. */
export const alwaysNewest: Rule = {
  who: 'always-newest',
  choose: (question) => bestBy(question, ({ ageBlocks }) => -ageBlocks),
};

/** A step of the chain weighs as much as half a feature: the strongest rule that needs no model. */
export const sharedLessDepth: Rule = {
  who: 'shared-less-depth',
  choose: (question) => bestBy(question, ({ sharedFeatures, chainDepth }) => sharedFeatures - chainDepth / 2),
};

/** Least numbers of shared features that are tried for the best constant in hindsight. */
export const THRESHOLDS: readonly number[] = [2, 3, 4, 6, 8, 10];

/** The rule, where at least so many features are shared. */
export const sharedThreshold = (least: number): Rule => ({
  who: 'best-fixed',
  choose: (question) =>
    (question.candidates[0]?.sharedFeatures ?? 0) >= least ? similarHeuristic(question) : NO_BASE,
});
