import { SMALL_FILE_BYTES } from '../../base/index.ts';
import { type BaseCandidate, type BaseQuestion, NEUTRAL_RATIO } from '../../blocks/index.ts';
import { BoostedTrees, decodeSnapshot } from '../../learn/index.ts';
import { checkRoom, type ModelArtefact, modelFile } from '../artefact/index.ts';
import type { RoomModel } from '../contract/index.ts';
import { candidateFeatures, questionFeatures, SIMILAR_FEATURES, SIMILAR_SCHEMA } from './features.ts';
import { STEP_WEIGHT } from './teacher.ts';
import { NO_BASE } from './validator.ts';

/** File of the trees within an artefact. */
export const TREES_FILE = 'worth.safetensors';

/** Blocks are of two sizes, for the store treats them differently: `small` ones share groups. */
export const SIZES = ['small', 'large'] as const;
export type Size = (typeof SIZES)[number];
export const sizeOf = ({ rawBytes }: { readonly rawBytes: number }): Size =>
  rawBytes <= SMALL_FILE_BYTES ? 'small' : 'large';

/** Candidates that are predicted: with all eight the answers were no better and took twice as long. */
const LOOKED_AT = 4;
/**
 * Another candidate than the rule's must promise so much more, in powers of two: the rule's is the newest, which is at
 * hand, and a promise that small is noise.
 */
const MARGIN = 0.1;
/**
 * Beyond these a base is not tried, log2(delta / what it must stay below to be kept). A large block is tried unless it is
 * hopeless: of those that share two features hardly any was not worth it. A small one whose base lies in a group that is
 * still open would share that group, so its delta must be far better; in a later group the base is no help. Settled on
 * the training sets, stored at once and version by version.
 */
const GATES = { large: 0.5, besideBase: -0.5, elsewhere: 0.25 } as const;

function gateOf(question: Readonly<BaseQuestion>, candidate: Readonly<BaseCandidate> | undefined): number {
  if (sizeOf(question) === 'large') return GATES.large;
  // What a record came to is not known until it is written.
  return candidate?.storedRatio === NEUTRAL_RATIO ? GATES.besideBase : GATES.elsewhere;
}

/** Name of the metric that says by what share of the least cost the model costs less than the rule on sets left out. */
export const advantageOf = (size: Size): string => `advantage-${size}`;

/**
 * Answers with the candidate whose delta is predicted smallest, a step of its chain counted like a larger delta, or none
 * where that delta is not expected to be worth it. The trees predict log2(delta / what it must stay below to be kept).
 */
export class BasePredictor {
  readonly #trees: BoostedTrees;
  readonly #x = new Float64Array(SIMILAR_FEATURES.length);

  constructor(trees: BoostedTrees) {
    this.#trees = trees;
  }

  choose(question: Readonly<BaseQuestion>): number {
    const { candidates } = question;
    let best = NO_BASE;
    let expected = 0;
    let least = Number.POSITIVE_INFINITY;
    if (candidates.length > 0) questionFeatures(question, this.#x);
    for (let i = 0; i < candidates.length && i < LOOKED_AT; i += 1) {
      candidateFeatures(question, i, this.#x);
      const predicted = this.#trees.predict(this.#x)[0] as number;
      const cost = predicted + STEP_WEIGHT * (candidates[i]?.chainDepth ?? 0) - (i === 0 ? MARGIN : 0);
      if (cost >= least) continue;
      best = i;
      expected = predicted;
      least = cost;
    }
    return expected > gateOf(question, candidates[best]) ? NO_BASE : best;
  }
}

/** Any question: what is asked first, before a model is published. */
export const WARM_UP: BaseQuestion = {
  ...{ number: 0, rawBytes: 65_536, fileKind: 0, isLeaf: true },
  ...{ siblingRatio: NEUTRAL_RATIO, fileDeltaRatio: NEUTRAL_RATIO, classDeltaRatio: NEUTRAL_RATIO },
  candidates: Array.from({ length: 8 }, (_, i) => ({
    ...{ rawBytes: 60_000 + i, sharedFeatures: 10 - i, chainDepth: i % 4, ageBlocks: 1 + i },
    ...{ storedRatio: NEUTRAL_RATIO, stepsFromLast: 1 - i },
  })),
};

/**
 * The model of a verified artefact. @throws PilotfishError `DAMAGED` when it is none of this room, `SHAPE` when it sees
 * other features.
 */
export function openSimilarModel(artefact: ModelArtefact): RoomModel<BaseQuestion, number> {
  checkRoom(artefact, 'similar', SIMILAR_SCHEMA);
  const { name, version, metrics } = artefact.manifest;
  const trees = BoostedTrees.restore(decodeSnapshot(modelFile(artefact, TREES_FILE)));
  const predictor = new BasePredictor(trees);
  // The trees are laid out by the first choice: it is made here, so that the first real one keeps its time budget.
  predictor.choose(WARM_UP);
  const serves = {
    small: (metrics[advantageOf('small')] ?? 0) > 0,
    large: (metrics[advantageOf('large')] ?? 0) > 0,
  };
  return {
    version: `${name}@${version}`,
    serves: (question) => serves[sizeOf(question)],
    choose: (question) => predictor.choose(question),
  };
}
