import type { FastRng } from '../../../base/index.ts';
import type { Batch, Matrix } from '../../contract/index.ts';
import { binMatrix } from './bins.ts';
import { TreeGrower } from './grow.ts';
import type { Tree } from '../model.ts';
import { type Derivatives, lossOf, type Targets } from '../objective.ts';
import type { ResolvedOptions } from '../options.ts';
import { addTree } from '../walk.ts';

/** Where boosting goes on: the margin of no trees, the trees so far, and the chance of the next. */
export type BoostingStart = {
  readonly baseMargin: number;
  readonly trees: readonly Tree[];
  readonly rng: FastRng;
};

/** Margins of every row under the given trees, `rows x outputs`, summed in the order of the trees. */
export function marginsOf(
  x: Matrix,
  outputs: number,
  { baseMargin, trees }: Omit<BoostingStart, 'rng'>,
): Float64Array {
  const margins = new Float64Array(x.rows * outputs).fill(baseMargin);
  trees.forEach((tree, index) => {
    addTree(tree, x, { margins, outputs, output: index % outputs });
  });
  return margins;
}

/** Gradient boosting of one training set, a round at a time. */
export class Boosting {
  readonly #x: Matrix;
  readonly #options: ResolvedOptions;
  readonly #targets: Targets;
  readonly #derivatives: Derivatives;
  readonly #grower: TreeGrower;
  readonly #rng: FastRng;
  readonly #rows: Uint32Array;

  constructor({ x, y, weights }: Batch, options: ResolvedOptions, start: BoostingStart) {
    const { outputs } = options;
    this.#x = x;
    this.#options = options;
    this.#grower = new TreeGrower(binMatrix(x, options.maxBins), options);
    this.#targets = { y, weights, margins: marginsOf(x, outputs, start) };
    const size = x.rows * outputs;
    this.#derivatives = { gradient: new Float32Array(size), hessian: new Float32Array(size) };
    this.#rng = start.rng;
    this.#rows = new Uint32Array(x.rows);
  }

  /** Grows one tree an output. `loss` is that of the training rows before the round. */
  round(): { readonly trees: readonly Tree[]; readonly loss: number } {
    const loss = lossOf(this.#options.objective, this.#targets, this.#derivatives);
    const trees = Array.from({ length: this.#options.outputs }, (_, output) => this.#growTree(output));
    return { trees, loss };
  }

  #growTree(output: number): Tree {
    const { outputs } = this.#options;
    const { margins } = this.#targets;
    const drawn = this.#drawRows();
    const tree = this.#grower.grow({
      derivatives: this.#derivatives,
      from: output * this.#x.rows,
      rows: this.#rows.subarray(0, drawn),
      features: this.#drawFeatures(),
      rng: this.#rng,
      onLeaf: (value, rows) => {
        for (let i = 0; i < rows.length; i += 1) {
          const at = (rows[i] as number) * outputs + output;
          margins[at] = (margins[at] as number) + value;
        }
      },
    });
    addTree(tree, this.#x, { margins, outputs, output, rows: this.#rows.subarray(drawn) });
    return tree;
  }

  /** Puts the drawn rows first, ascending, and the others after them; returns how many were drawn. */
  #drawRows(): number {
    const { subsample } = this.#options;
    const rows = this.#rows;
    let drawn = 0;
    let left = rows.length;
    for (let row = 0; row < rows.length; row += 1) {
      if (subsample === 1 || this.#rng.next() < subsample) {
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
    this.#rng.shuffle(all);
    return all.subarray(0, wanted).sort();
  }
}
