import type { Batch, Matrix } from '../../contract/index.ts';
import type { BoostingRound, Learnt } from '../learnt.ts';
import type { Tree } from '../model.ts';
import { baseMargin, type Derivatives, lossOf, type Targets } from '../objective.ts';
import type { ResolvedOptions } from '../options.ts';
import { addTree } from '../walk.ts';
import { binMatrix } from './bins.ts';
import { TreeGrower } from './grow.ts';

/** Margins of every row under the trees so far, output by output, summed in the order of the trees. */
function marginsOf(x: Matrix, { objective, outputs }: ResolvedOptions, learnt: Learnt): Float64Array {
  const base = baseMargin({ objective, baseScore: learnt.baseScore });
  const margins = new Float64Array(x.rows * outputs).fill(base);
  learnt.trees.forEach((tree, index) => {
    addTree(tree, x, marginsFor(margins, x, index % outputs));
  });
  return margins;
}

const marginsFor = (margins: Float64Array, { rows }: Matrix, output: number): Float64Array =>
  margins.subarray(output * rows, (output + 1) * rows);

type Validation = { readonly x: Matrix; readonly targets: Targets };

/** Gradient boosting of one training set, a round at a time; what it learns goes into `learnt`. */
export class Boosting {
  readonly learnt: Learnt;
  readonly #x: Matrix;
  readonly #options: ResolvedOptions;
  readonly #targets: Targets;
  readonly #validation: Validation | undefined;
  readonly #derivatives: Derivatives;
  readonly #grower: TreeGrower;
  readonly #rows: Uint32Array;

  /** All data must be checked. Goes on from the trees in `learnt`; changes nothing before the first round. */
  constructor(
    { x, y, weights }: Batch,
    validation: Batch | undefined,
    { options, learnt }: { readonly options: ResolvedOptions; readonly learnt: Learnt },
  ) {
    this.#x = x;
    this.#options = options;
    this.learnt = learnt;
    this.#grower = new TreeGrower(binMatrix(x, options.maxBins), options);
    this.#targets = { y, weights, margins: marginsOf(x, options, learnt) };
    this.#validation = validation && {
      x: validation.x,
      targets: {
        y: validation.y,
        weights: validation.weights,
        margins: marginsOf(validation.x, options, learnt),
      },
    };
    const size = x.rows * options.outputs;
    this.#derivatives = { gradient: new Float32Array(size), hessian: new Float32Array(size) };
    lossOf(options.objective, this.#targets, this.#derivatives);
    this.#rows = new Uint32Array(x.rows);
  }

  /** No round is left, or early stopping has lost its patience. */
  isDone(): boolean {
    const { rounds, outputs, earlyStoppingRounds: patience } = this.#options;
    const { done, trees, last, best } = this.learnt;
    if (done || trees.length >= rounds * outputs) return true;
    return patience !== undefined && (last?.round ?? 0) - (best?.round ?? 0) >= patience;
  }

  /** Grows one tree an output, all from the answers before the round. */
  round(): BoostingRound {
    const { outputs, earlyStoppingRounds } = this.#options;
    const { learnt } = this;
    for (let output = 0; output < outputs; output += 1) learnt.trees.push(this.#growTree(output));
    const round = learnt.trees.length / outputs;
    learnt.last = this.#report(round, this.#derivatives);
    const { validationLoss } = learnt.last;
    const least = learnt.best?.validationLoss ?? Infinity;
    if (earlyStoppingRounds !== undefined && validationLoss !== null && validationLoss < least) {
      learnt.best = learnt.last;
    }
    return learnt.last;
  }

  /** Keeps the trees up to the best round if early stopping watched, else all; returns the last round kept. */
  finish(): BoostingRound {
    const { learnt } = this;
    const { outputs } = this.#options;
    const kept = learnt.best ?? learnt.last;
    if (!learnt.done && kept !== undefined) learnt.trees.length = kept.round * outputs;
    learnt.last = kept;
    learnt.done = true;
    // A model from elsewhere comes without the story of its training.
    return kept ?? this.#report(learnt.trees.length / outputs);
  }

  /** How things stand after a round; with `into` also the derivatives for the next. */
  #report(round: number, into?: Derivatives): BoostingRound {
    const { objective } = this.#options;
    const held = this.#validation;
    return {
      round,
      trainingLoss: lossOf(objective, this.#targets, into),
      validationLoss: held === undefined ? null : lossOf(objective, held.targets),
    };
  }

  #growTree(output: number): Tree {
    const margins = marginsFor(this.#targets.margins, this.#x, output);
    const drawn = this.#drawRows();
    const tree = this.#grower.grow({
      derivatives: this.#derivatives,
      from: output * this.#x.rows,
      rows: this.#rows.subarray(0, drawn),
      features: this.#drawFeatures(),
      rng: this.learnt.rng,
      margins,
    });
    addTree(tree, this.#x, margins, this.#rows.subarray(drawn));
    if (this.#validation !== undefined) {
      const { x, targets } = this.#validation;
      addTree(tree, x, marginsFor(targets.margins, x, output));
    }
    return tree;
  }

  /** Puts the drawn rows first, ascending, and the others after them; returns how many were drawn. */
  #drawRows(): number {
    const { subsample } = this.#options;
    const rows = this.#rows;
    let drawn = 0;
    let left = rows.length;
    for (let row = 0; row < rows.length; row += 1) {
      if (subsample === 1 || this.learnt.rng.next() < subsample) {
        rows[drawn] = row;
        drawn += 1;
      } else {
        left -= 1;
        rows[left] = row;
      }
    }
    return drawn;
  }

  /** At least one feature, ascending. */
  #drawFeatures(): Uint32Array {
    const { columns } = this.#x;
    const all = Uint32Array.from({ length: columns }, (_, feature) => feature);
    const wanted = Math.max(1, Math.round(columns * this.#options.colsampleByTree));
    if (wanted === columns) return all;
    this.learnt.rng.shuffle(all);
    return all.subarray(0, wanted).sort();
  }
}
