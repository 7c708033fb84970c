import { PilotfishError } from '../../base/index.ts';

/**
 * Weighted least squares with a ridge for several targets at once: gathers the normal equations sample by sample,
 * so that memory does not grow with their number, and solves them by Cholesky.
 *
 *   minimise over b:  sum over samples of w (y − z·b)²  +  sum over j of ridge[j] b[j]²
 */
export class LeastSquares {
  readonly #size: number;
  /** zᵀwz, lower triangle, row by row. */
  readonly #products: Float64Array;
  /** zᵀwy, `[targets][size]`. */
  readonly #moments: readonly Float64Array[];

  constructor(size: number, targets: number) {
    this.#size = size;
    this.#products = new Float64Array(size * size);
    this.#moments = Array.from({ length: targets }, () => new Float64Array(size));
  }

  /** Adds a sample: `z` of the size, one `y` a target. */
  add(z: ArrayLike<number>, y: ArrayLike<number>, weight: number): void {
    for (let row = 0; row < this.#size; row += 1) {
      const weighted = weight * (z[row] as number);
      if (weighted === 0) continue;
      for (let column = 0; column <= row; column += 1) {
        const at = row * this.#size + column;
        this.#products[at] = (this.#products[at] as number) + weighted * (z[column] as number);
      }
      this.#moments.forEach((moment, target) => {
        moment[row] = (moment[row] as number) + weighted * (y[target] as number);
      });
    }
  }

  /**
   * The coefficients, `[targets][size]`; `ridge` has one value a coefficient.
   * @throws PilotfishError `USAGE` when the samples do not determine them.
   */
  solve(ridge: ArrayLike<number>): Float64Array[] {
    const factor = this.#factor(ridge);
    return this.#moments.map((moment) => solveFactored(factor, moment));
  }

  /** Lower triangular L with L·Lᵀ = products + ridge. */
  #factor(ridge: ArrayLike<number>): Float64Array {
    const size = this.#size;
    const factor = this.#products.slice();
    for (let row = 0; row < size; row += 1) {
      const diagonal = (factor[row * size + row] as number) + (ridge[row] as number);
      for (let column = 0; column <= row; column += 1) {
        let rest = column === row ? diagonal : (factor[row * size + column] as number);
        for (let k = 0; k < column; k += 1) {
          rest -= (factor[row * size + k] as number) * (factor[column * size + k] as number);
        }
        if (column < row) factor[row * size + column] = rest / (factor[column * size + column] as number);
        else if (rest > 1e-12 * diagonal) factor[row * size + row] = Math.sqrt(rest);
        else throw new PilotfishError('USAGE', 'too few samples to tell the features apart; ask for more');
      }
    }
    return factor;
  }
}

/** The solution of L·Lᵀ·b = y. */
function solveFactored(factor: Float64Array, y: Float64Array): Float64Array {
  const size = y.length;
  const b = y.slice();
  for (let row = 0; row < size; row += 1) {
    let rest = b[row] as number;
    for (let k = 0; k < row; k += 1) rest -= (factor[row * size + k] as number) * (b[k] as number);
    b[row] = rest / (factor[row * size + row] as number);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let rest = b[row] as number;
    for (let k = row + 1; k < size; k += 1) rest -= (factor[k * size + row] as number) * (b[k] as number);
    b[row] = rest / (factor[row * size + row] as number);
  }
  return b;
}
