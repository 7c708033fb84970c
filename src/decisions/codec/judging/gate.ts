import { summarize } from '../../../learn/index.ts';
import { shownAs, type Work } from '../../workshop/index.ts';
import { LINKS, type LinkName } from '../links.ts';
import { advantageOf, type CodecPredictor, netPredictor, treesPredictor } from '../model.ts';
import { isUnsampled, stepsFor } from '../steps.ts';
import { heuristicChooser, tableChooser } from './baselines.ts';
import type { CostRow } from './costs.ts';
import { type Chooser, evaluate, regretOf } from './evaluate.ts';
import { referenceOf, trainNets, trainTrees } from './train.ts';

type CodecFamily = 'mlp' | 'boosted-trees';
type Candidate = { readonly family: CodecFamily; readonly seed: number };

/** Fewer sets than this say nothing about an unseen one. */
const LEAST_SETS = 3;
/** At 10 Gbit/s nothing is measured and next to nothing can be won: it does not decide between families. */
export const DECIDING_LINKS: readonly LinkName[] = ['10M', '100M', '1G'];

/** A predictor as it stands on a scoreboard: with the steps of the room, and told how fast the machine is. */
export function modelChooser(predictor: CodecPredictor, referenceSeconds: number | undefined): Chooser {
  return {
    who: 'model',
    referenceSeconds,
    steps: stepsFor,
    choose: (question) => predictor.choose(question),
  };
}

/** How a family does on sets it knows nothing of. */
export type NewSetReport = {
  /** Mean over sets, and over the links that decide between families. */
  readonly meanRegret: number;
  /** By how much less than the better rule it regrets on each link, named as in the manifest. */
  readonly advantages: Readonly<Record<string, number>>;
};

/**
 * Leaves each set in turn out of training and judges a family on it; the sealed part has no say. An advantage is the
 * mean over the sets, each counting alike. Undefined where there are too few sets. The validation part of the sets that
 * were learnt from is too kind a judge: by it the trees won, which regretted three times as much as the nets on files
 * of kinds neither had seen. Yields after each round or epoch.
 */
export function* judgeOnNewSets(
  rows: readonly CostRow[],
  candidate: Candidate,
): Work<NewSetReport | undefined> {
  const open = rows.filter(({ part }) => part !== 'test');
  const names = [...new Set(open.map(({ set }) => set))];
  if (names.length < LEAST_SETS) return undefined;
  const judged: Judged[] = [];
  for (const [done, name] of names.entries()) {
    const others = open.filter(({ set }) => set !== name);
    const step = { what: `${candidate.family} on new sets`, done, of: names.length };
    const model = yield* shownAs(step, fit(others, candidate));
    judged.push({ model, rows: open.filter(({ set }) => set === name) });
  }
  const links = Object.keys(LINKS) as LinkName[];
  const regrets = DECIDING_LINKS.flatMap((link) =>
    judged.map(({ rows: of, model }) => regretOf(evaluate(of, LINKS[link], model))),
  );
  return {
    meanRegret: summarize(regrets).mean,
    advantages: Object.fromEntries(
      [true, false].flatMap((isSmall) => {
        const blocks = judged.map((each) => ({ ...each, rows: each.rows.filter(isOfSize(isSmall)) }));
        return links.map((link) => [advantageOf(link, isSmall), advantage(blocks, LINKS[link])]);
      }),
    ),
  };
}

type Judged = { readonly model: Chooser; readonly rows: readonly CostRow[] };

/** Whether a row is of a block too small to be looked at, or of one that is not. */
export const isOfSize =
  (isSmall: boolean) =>
  ({ rawBytes }: CostRow): boolean =>
    isUnsampled(rawBytes) === isSmall;

/** Sets without such blocks do not count; nothing is earned by fewer than enough sets. */
function advantage(blocks: readonly Judged[], link: number): number {
  const judged = blocks.filter(({ rows }) => rows.length > 0);
  if (judged.length < LEAST_SETS) return 0;
  const against = [heuristicChooser, tableChooser].map((rule) => {
    const differences = judged.map(
      ({ rows, model }) => regretOf(evaluate(rows, link, rule)) - regretOf(evaluate(rows, link, model)),
    );
    return summarize(differences).mean;
  });
  return Math.min(...against);
}

/** As it would serve: all nets, or all trees. */
function* fit(rows: readonly CostRow[], { family, seed }: Candidate): Work<Chooser> {
  const predictor =
    family === 'mlp'
      ? netPredictor(yield* trainNets(rows, { seed }))
      : treesPredictor(yield* trainTrees(rows, { seed }));
  return modelChooser(predictor, referenceOf(rows));
}
