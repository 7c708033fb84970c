import type { Step } from '../../workshop/index.ts';
import { similarHeuristic } from '../heuristic.ts';
import { advantageOf, BasePredictor, SIZES, type Size, sizeOf } from '../model.ts';
import { judge } from './evaluate.ts';
import type { BaseRow } from './table.ts';
import { trainTrees } from './train.ts';

/** By what share of the least cost trees cost less than the rule, for blocks of each size. */
export type Advantages = Readonly<Record<string, number>>;

/**
 * What the trees are worth on data of other packages: each set is judged by trees that learnt from the others alone. The
 * sealed rows have no part in it. A table of a single set says nothing about others: no advantage.
 */
export function* leaveOneOut(rows: readonly BaseRow[], seed: number): Generator<Step, Advantages, void> {
  const open = rows.filter(({ part }) => part !== 'test');
  const sets = [...new Set(open.map(({ set }) => set))];
  const sums = { small: { gain: 0, least: 0 }, large: { gain: 0, least: 0 } };
  for (const [done, left] of sets.entries()) {
    yield { what: `without ${left}`, done, of: sets.length };
    const others = open.filter(({ set }) => set !== left);
    if (!['train', 'val'].every((part) => others.some((row) => row.part === part))) continue;
    const predictor = new BasePredictor(yield* trainTrees(others, seed));
    const own = open.filter(({ set }) => set === left);
    for (const size of SIZES) {
      const judged = own.filter(({ question }) => sizeOf(question) === size);
      const model = judge(judged, (question) => predictor.choose(question));
      sums[size].gain += judge(judged, similarHeuristic).spent - model.spent;
      sums[size].least += model.least;
    }
  }
  const share = (size: Size): number => (sums[size].least === 0 ? 0 : sums[size].gain / sums[size].least);
  return Object.fromEntries(SIZES.map((size) => [advantageOf(size), share(size)]));
}
