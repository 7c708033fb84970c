/** After so many rank-one updates the inverse is computed anew, which takes rounding out of it. */
const EXACT_EVERY = 256;
/** Nor are they made for the first two samples a feature: leaving a wide prior costs most of the digits. */
const EXACT_EARLY = 2;

/** Index of element (row, column), column <= row, of a symmetric matrix stored as its packed lower triangle. */
const at = (row: number, column: number): number => (row * (row + 1)) / 2 + column;

/** All that a regression has learnt; matrices are packed. For several of them, one behind the other. */
export type RidgeState = {
  /** Sum x x', without the ridge. */
  readonly gram: Float64Array;
  /** Sum y x. */
  readonly moments: Float64Array;
  readonly inverse: Float64Array;
  readonly weights: Float64Array;
  /** Samples so far. */
  readonly updates: Float64Array;
};

/** The state of `count` regressions that have seen nothing. */
export function ridgeStates(count: number, features: number, ridge: number): RidgeState {
  const size = packedSize(features);
  const inverse = new Float64Array(count * size);
  for (let model = 0; model < count; model += 1) {
    for (let i = 0; i < features; i += 1) inverse[model * size + at(i, i)] = 1 / ridge;
  }
  return {
    gram: new Float64Array(count * size),
    moments: new Float64Array(count * features),
    inverse,
    weights: new Float64Array(count * features),
    updates: new Float64Array(count),
  };
}

/** Numbers in a packed matrix of `features` rows. */
export const packedSize = (features: number): number => at(features, 0);

/** The part of regression `index` of `count`; shares memory with `states`. */
export function ridgeState(states: RidgeState, index: number, count: number): RidgeState {
  const part = (values: Float64Array) => {
    const size = values.length / count;
    return values.subarray(index * size, (index + 1) * size);
  };
  return {
    gram: part(states.gram),
    moments: part(states.moments),
    inverse: part(states.inverse),
    weights: part(states.weights),
    updates: part(states.updates),
  };
}

/**
 * Ridge regression one sample at a time: A = ridge I + sum x x', b = sum y x, weights = A^-1 b. The inverse follows
 * A by Sherman and Morrison (1950), with an exact Cholesky refactorisation for the first samples and every 256; when older samples are
 * discounted, which is not of rank one because the ridge stays, after every sample.
 */
export class Ridge {
  /** A^-1 b, one number a feature. */
  readonly weights: Float64Array;
  readonly #features: number;
  readonly #ridge: number;
  readonly #gram: Float64Array;
  readonly #moments: Float64Array;
  readonly #inverse: Float64Array;
  readonly #updates: Float64Array;
  readonly #factor: Float64Array;
  readonly #product: Float64Array;

  /** Works in `state`, which belongs to it from now on: fresh from `ridgeStates`, or as an earlier one left it. */
  constructor(ridge: number, state: RidgeState) {
    this.#ridge = ridge;
    this.#features = state.weights.length;
    this.weights = state.weights;
    this.#gram = state.gram;
    this.#moments = state.moments;
    this.#inverse = state.inverse;
    this.#updates = state.updates;
    this.#factor = new Float64Array(state.gram.length);
    this.#product = new Float64Array(this.#features);
  }

  /** weights · x. */
  mean(x: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.#features; i += 1) sum += (this.weights[i] as number) * (x[i] as number);
    return sum;
  }

  /** x' A^-1 x: how little is known in the direction of x. */
  spread(x: Float64Array): number {
    const inverse = this.#inverse;
    let sum = 0;
    let next = 0;
    for (let i = 0; i < this.#features; i += 1) {
      let row = 0;
      for (let j = 0; j < i; j += 1) row += (inverse[next++] as number) * (x[j] as number);
      const own = x[i] as number;
      sum += own * (2 * row + (inverse[next++] as number) * own);
    }
    return Math.max(sum, 0);
  }

  /** Learns from one sample, after `keep` of all earlier ones is left. */
  learn(x: Float64Array, y: number, keep: number): void {
    const gram = this.#gram;
    let next = 0;
    for (let i = 0; i < this.#features; i += 1) {
      const own = x[i] as number;
      for (let j = 0; j <= i; j += 1) {
        gram[next] = (gram[next] as number) * keep + own * (x[j] as number);
        next += 1;
      }
      this.#moments[i] = (this.#moments[i] as number) * keep + y * own;
    }
    const updates = (this.#updates[0] as number) + 1;
    this.#updates[0] = updates;
    const early = updates <= EXACT_EARLY * this.#features;
    if (keep < 1 || early || updates % EXACT_EVERY === 0) this.#solve();
    else this.#update(x, y);
  }

  /** (A + x x')^-1 = A^-1 - v v' / (1 + x' v) with v = A^-1 x; the weights move along v. */
  #update(x: Float64Array, y: number): void {
    const inverse = this.#inverse;
    const v = this.#product.fill(0);
    let next = 0;
    for (let i = 0; i < this.#features; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const value = inverse[next++] as number;
        v[i] = (v[i] as number) + value * (x[j] as number);
        v[j] = (v[j] as number) + value * (x[i] as number);
      }
      v[i] = (v[i] as number) + (inverse[next++] as number) * (x[i] as number);
    }
    let spread = 0;
    for (let i = 0; i < this.#features; i += 1) spread += (x[i] as number) * (v[i] as number);
    const gain = 1 / (1 + Math.max(spread, 0));
    const step = (y - this.mean(x)) * gain;
    next = 0;
    for (let i = 0; i < this.#features; i += 1) {
      const scaled = (v[i] as number) * gain;
      for (let j = 0; j <= i; j += 1) {
        inverse[next] = (inverse[next] as number) - scaled * (v[j] as number);
        next += 1;
      }
      this.weights[i] = (this.weights[i] as number) + step * (v[i] as number);
    }
  }

  /** Inverse and weights from gram and moments, exactly. */
  #solve(): void {
    this.#factorise();
    this.#invertFactor();
    const { weights } = this;
    weights.fill(0);
    for (let i = 0; i < this.#features; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        let sum = 0;
        for (let k = i; k < this.#features; k += 1) {
          sum += (this.#factor[at(k, i)] as number) * (this.#factor[at(k, j)] as number);
        }
        this.#inverse[at(i, j)] = sum;
        weights[i] = (weights[i] as number) + sum * (this.#moments[j] as number);
        if (j < i) weights[j] = (weights[j] as number) + sum * (this.#moments[i] as number);
      }
    }
  }

  /** Cholesky: factor factor' = gram + ridge I. No pivot is below the ridge but by rounding, hence the floor. */
  #factorise(): void {
    const factor = this.#factor;
    for (let i = 0; i < this.#features; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        let sum = this.#gram[at(i, j)] as number;
        for (let k = 0; k < j; k += 1) sum -= (factor[at(i, k)] as number) * (factor[at(j, k)] as number);
        const diagonal = Math.sqrt(Math.max(sum + this.#ridge, this.#ridge));
        factor[at(i, j)] = i === j ? diagonal : sum / (factor[at(j, j)] as number);
      }
    }
  }

  /** The factor becomes its own inverse, row by row. */
  #invertFactor(): void {
    const factor = this.#factor;
    for (let i = 0; i < this.#features; i += 1) {
      const pivot = factor[at(i, i)] as number;
      for (let j = 0; j < i; j += 1) {
        let sum = 0;
        for (let k = j; k < i; k += 1) sum -= (factor[at(i, k)] as number) * (factor[at(k, j)] as number);
        factor[at(i, j)] = sum / pivot;
      }
      factor[at(i, i)] = 1 / pivot;
    }
  }
}
