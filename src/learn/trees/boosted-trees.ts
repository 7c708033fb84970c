import { FastRng, PilotfishError } from '../../base/index.ts';
import {
  type Batch,
  checkSnapshot,
  type Fits,
  type Json,
  type Learner,
  type Matrix,
  type Predicts,
  type Snapshot,
} from '../contract/index.ts';
import { checkTraining } from './checks.ts';
import { FlatTrees } from './flat.ts';
import { featureImportance, type ImportanceType } from './importance.ts';
import { type BoostingRound, type Learnt, modelOf, saveLearnt, takeLearnt } from './learnt.ts';
import { checkTreeModel, copyTree, type TreeModel } from './model.ts';
import { meanTarget } from './objective.ts';
import { type BoostedTreesOptions, optionsToJson, type ResolvedOptions, resolveOptions } from './options.ts';
import { Boosting } from './training/boosting.ts';

/** What training may be given besides its samples. */
export type BoostingOptions = {
  /** Samples not learnt from: their loss is told after each round, and early stopping watches it. */
  readonly validation?: Batch;
};

const kind = 'boosted-trees';
const version = 1;

/**
 * Gradient boosted decision trees by histograms, with XGBoost's objectives, penalties and tree semantics (Chen,
 * Guestrin: XGBoost, KDD 2016), on one thread of plain TypeScript and about as fast as XGBoost's `hist` on one.
 * NaN in `x` is a missing value; each split learns where those go.
 *
 * `predict` takes a row of `features` values and answers one value (`reg:squarederror`) or the probabilities of
 * all classes, two for `binary:logistic`; the array is reused by the next call.
 *
 * Errors: `EMPTY`, `SHAPE`, `NOT_FINITE`, `ONE_CLASS`, `CONSTANT_FEATURE`, `LIMIT`, `USAGE` for bad data or options
 * before anything changes; `UNTRAINED`.
 */
export class BoostedTrees implements Learner, Fits<BoostingRound, BoostingOptions>, Predicts {
  readonly kind = kind;
  readonly #options: ResolvedOptions;
  #learnt: Learnt | undefined;
  #flat: FlatTrees | undefined;

  /** @throws PilotfishError `USAGE` or `NOT_FINITE` naming the option that cannot be. */
  constructor(options: BoostedTreesOptions) {
    this.#options = resolveOptions(options);
  }

  /** A learner that has finished with this model, e.g. one read from a file. @throws as `checkTreeModel`. */
  static fromModel(model: TreeModel): BoostedTrees {
    const { objective, outputs, features, baseScore, trees } = checkTreeModel(model);
    const classes = objective === 'multi:softprob' ? { classes: outputs } : {};
    const rounds = Math.max(1, trees.length / outputs);
    const learner = new BoostedTrees({ objective, ...classes, rounds });
    const rng = new FastRng(0);
    learner.#learnt = {
      features,
      baseScore,
      trees: trees.map(copyTree),
      rng,
      last: undefined,
      best: undefined,
      done: true,
    };
    return learner;
  }

  /**
   * The inverse of `snapshot`.
   * @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, as the constructor for its options and as `checkTreeModel`.
   */
  static restore(snapshot: Snapshot): BoostedTrees {
    const { config } = checkSnapshot(snapshot, kind, version);
    const learner = new BoostedTrees(takeOptions(config['options']));
    if (config['model'] !== undefined) learner.#learnt = takeLearnt(learner.#options, snapshot);
    return learner;
  }

  /** Learns from scratch; tells of the last round whose trees were kept. */
  fit(batch: Batch, options: BoostingOptions = {}): BoostingRound {
    const rounds = this.#boost(this.#start(batch, options, undefined));
    for (;;) {
      const step = rounds.next();
      if (step.done) return step.value;
    }
  }

  /**
   * Learns a round at each `next()`, going on from the rounds already learnt: a learner restored from a snapshot
   * between two rounds, given the same data, ends with the very trees it would have had without the pause. The
   * generator returns what `fit` does; while it waits, the learner can be asked and saved.
   */
  train(batch: Batch, options: BoostingOptions = {}): Generator<BoostingRound, BoostingRound, void> {
    return this.#boost(this.#start(batch, options, this.#learnt));
  }

  /** The answer for one row of `features` values, NaN where missing. */
  predict(x: ArrayLike<number>): Float64Array {
    return this.#walker().predict(x);
  }

  /** `predict` for every row, in a fresh matrix. */
  predictMany(x: Matrix): Matrix {
    return this.#walker().predictMany(x);
  }

  /** How much each feature matters to the trees; 0 for those never asked for. */
  importance(type: ImportanceType = 'gain'): Float64Array {
    return featureImportance(modelOf(this.#options, this.#trained()), type);
  }

  /** What was learnt, as others read and write it; a copy. */
  get model(): TreeModel {
    const model = modelOf(this.#options, this.#trained());
    return { ...model, trees: model.trees.map(copyTree) };
  }

  snapshot(): Snapshot {
    const options = optionsToJson(this.#options);
    if (this.#learnt === undefined) return { kind, version, config: { options }, tensors: {} };
    const { config, tensors } = saveLearnt(this.#options, this.#learnt);
    return { kind, version, config: { options, ...config }, tensors };
  }

  #trained(): Learnt {
    if (this.#learnt === undefined) {
      throw new PilotfishError('UNTRAINED', 'these trees have learnt nothing yet; call fit or train first');
    }
    return this.#learnt;
  }

  #walker(): FlatTrees {
    this.#flat ??= new FlatTrees(modelOf(this.#options, this.#trained()));
    return this.#flat;
  }

  /** Checks all data and bins it; changes nothing that was learnt. */
  #start(batch: Batch, { validation }: BoostingOptions, before: Learnt | undefined): Boosting {
    const options = this.#options;
    checkTraining(batch, options, before?.features);
    const { columns } = batch.x;
    if (validation !== undefined) {
      checkTraining(validation, { ...options, constantFeatures: 'allow' }, columns);
    } else if (options.earlyStoppingRounds !== undefined) {
      throw new PilotfishError(
        'USAGE',
        'earlyStoppingRounds needs a validation set; give one with the batch',
      );
    }
    const learnt = before ?? {
      features: columns,
      baseScore: options.baseScore ?? meanTarget(options.objective, batch),
      trees: [],
      rng: new FastRng(options.seed),
      last: undefined,
      best: undefined,
      done: false,
    };
    return new Boosting(batch, validation, { options, learnt });
  }

  *#boost(boosting: Boosting): Generator<BoostingRound, BoostingRound, void> {
    this.#learnt = boosting.learnt;
    this.#flat = undefined;
    while (!boosting.isDone()) {
      const round = boosting.round();
      this.#flat = undefined;
      yield round;
    }
    this.#flat = undefined;
    return boosting.finish();
  }
}

function takeOptions(options: Json | undefined): BoostedTreesOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new PilotfishError('DAMAGED', 'the snapshot has no options');
  }
  // Whatever is in there, the constructor looks at every field.
  return options as unknown as BoostedTreesOptions;
}
