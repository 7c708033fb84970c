import { PilotfishError } from '../../base/index.ts';
import { type Json, numberWithin, shown, wholeNumber } from '../contract/index.ts';
import { MAX_TREE_CLASSES, MAX_TREES, type TreeObjective } from './model.ts';

/** How `BoostedTrees` learns. Names and defaults are XGBoost's unless a line says otherwise. */
export type BoostedTreesOptions = {
  readonly objective: TreeObjective;
  /** Classes of `multi:softprob`; not for the other objectives. */
  readonly classes?: number;
  /** Boosting rounds; each grows one tree an output. Default 100. */
  readonly rounds?: number;
  /** Shrinks every leaf. Default 0.3. */
  readonly learningRate?: number;
  /** Most edges from root to leaf, 1 to 32. Default 6. */
  readonly maxDepth?: number;
  /** Least sum of hessians in a child. Default 1. */
  readonly minChildWeight?: number;
  /** A split must lower the loss by at least this. Default 0. */
  readonly gamma?: number;
  /** L2 penalty on leaf values. Default 1. */
  readonly lambda?: number;
  /** L1 penalty on leaf values. Default 0. */
  readonly alpha?: number;
  /** Share of the samples each tree sees, drawn anew. Default 1. */
  readonly subsample?: number;
  /** Share of the features each tree may ask for, drawn anew. Default 1. */
  readonly colsampleByTree?: number;
  /** Most values a feature is told apart by, missing included, 2 to 256. Default 256. */
  readonly maxBins?: number;
  /** Where boosting starts, in the space of the answer. Default: the mean of the targets (0.5 for softprob). */
  readonly baseScore?: number;
  /** For each feature 1: the answer may only rise with it, -1: only fall, 0: free. Not for softprob. */
  readonly monotone?: readonly number[];
  /** Stop when the validation loss has not improved for so many rounds, and keep the best. Default: never. */
  readonly earlyStoppingRounds?: number;
  /** What a feature with one value throughout means. Default `refuse`. */
  readonly constantFeatures?: 'refuse' | 'allow';
  /** Default 0. */
  readonly seed?: number;
};

/** The options with every default filled in. */
export type ResolvedOptions = Required<
  Omit<BoostedTreesOptions, 'classes' | 'baseScore' | 'earlyStoppingRounds'>
> & {
  readonly outputs: number;
  readonly baseScore: number | undefined;
  readonly earlyStoppingRounds: number | undefined;
};

/** Targets, weights and base scores beyond this would leave float32 in their products. */
export const MAX_TARGET = 1e18;

const HUGE = 1e30;

/** @throws PilotfishError `USAGE` or `NOT_FINITE` naming the option that cannot be. */
export function resolveOptions(given: BoostedTreesOptions): ResolvedOptions {
  const outputs = outputsOf(given);
  const { constantFeatures = 'refuse', monotone = [], earlyStoppingRounds: patience } = given;
  if (constantFeatures !== 'refuse' && constantFeatures !== 'allow') {
    throw new PilotfishError(
      'USAGE',
      `constantFeatures is ${shown(constantFeatures)}; say 'refuse' or 'allow'`,
    );
  }
  return {
    objective: given.objective,
    outputs,
    rounds: wholeNumber('rounds', given.rounds ?? 100, [1, Math.floor(MAX_TREES / outputs)]),
    learningRate: numberWithin('learningRate', given.learningRate ?? 0.3, [1e-6, 1]),
    maxDepth: wholeNumber('maxDepth', given.maxDepth ?? 6, [1, 32]),
    minChildWeight: numberWithin('minChildWeight', given.minChildWeight ?? 1, [0, HUGE]),
    gamma: numberWithin('gamma', given.gamma ?? 0, [0, HUGE]),
    lambda: numberWithin('lambda', given.lambda ?? 1, [0, HUGE]),
    alpha: numberWithin('alpha', given.alpha ?? 0, [0, HUGE]),
    subsample: numberWithin('subsample', given.subsample ?? 1, [1e-6, 1]),
    colsampleByTree: numberWithin('colsampleByTree', given.colsampleByTree ?? 1, [1e-6, 1]),
    maxBins: wholeNumber('maxBins', given.maxBins ?? 256, [2, 256]),
    baseScore: given.baseScore === undefined ? undefined : checkedBase(given.objective, given.baseScore),
    monotone: checkedMonotone(given.objective, monotone),
    earlyStoppingRounds:
      patience === undefined ? undefined : wholeNumber('earlyStoppingRounds', patience, [1, MAX_TREES]),
    constantFeatures,
    seed: wholeNumber('seed', given.seed ?? 0, [0, Number.MAX_SAFE_INTEGER]),
  };
}

function outputsOf({ objective, classes }: BoostedTreesOptions): number {
  if (objective === 'multi:softprob') {
    if (classes === undefined) {
      throw new PilotfishError('USAGE', 'multi:softprob needs the number of classes; give it as `classes`');
    }
    return wholeNumber('classes', classes, [2, MAX_TREE_CLASSES]);
  }
  if (objective !== 'reg:squarederror' && objective !== 'binary:logistic') {
    throw new PilotfishError(
      'USAGE',
      `objective is ${shown(objective)}; use reg:squarederror, binary:logistic or multi:softprob`,
    );
  }
  if (classes !== undefined) {
    throw new PilotfishError('USAGE', `classes is for multi:softprob; leave it out of ${objective}`);
  }
  return 1;
}

function checkedBase(objective: TreeObjective, baseScore: number): number {
  if (objective === 'binary:logistic') return numberWithin('baseScore', baseScore, [1e-6, 1 - 1e-6]);
  return numberWithin('baseScore', baseScore, [-MAX_TARGET, MAX_TARGET]);
}

function checkedMonotone(objective: TreeObjective, monotone: readonly number[]): readonly number[] {
  if (!Array.isArray(monotone) || monotone.some((sign) => sign !== -1 && sign !== 0 && sign !== 1)) {
    throw new PilotfishError('USAGE', 'monotone holds -1, 0 or 1 for each feature');
  }
  if (objective === 'multi:softprob' && monotone.some((sign) => sign !== 0)) {
    throw new PilotfishError('USAGE', 'class probabilities that sum to one cannot all be monotone');
  }
  return [...monotone];
}

/** The options as JSON, for a snapshot; `resolveOptions` takes them back. */
export function optionsToJson({ outputs, ...options }: ResolvedOptions): Json {
  const { baseScore, earlyStoppingRounds, monotone, ...plain } = options;
  return {
    ...plain,
    monotone: [...monotone],
    ...(options.objective === 'multi:softprob' ? { classes: outputs } : {}),
    ...(baseScore === undefined ? {} : { baseScore }),
    ...(earlyStoppingRounds === undefined ? {} : { earlyStoppingRounds }),
  };
}
