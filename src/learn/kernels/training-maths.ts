/** A run of numbers in the memory of the kernels: float32 there, float32 or float64 in the oracle's. */
export type NumberSlot = { readonly pointer: number; readonly view: Float32Array | Float64Array };

/** The same for 32-bit whole numbers: labels, ids, generators. */
export type WholeSlot = { readonly pointer: number; readonly view: Int32Array };

/** Where slots come from: a `KernelMemory`, a meter of sizes, or the oracle's memory. */
export type KernelSpace = { floats(count: number): NumberSlot; ints(count: number): WholeSlot };

/** `count` values of a slot from `offset` on. */
export function partOf(slot: NumberSlot, offset: number, count: number): NumberSlot {
  return { pointer: slot.pointer + 4 * offset, view: slot.view.subarray(offset, offset + count) };
}

/**
 * C = start + A B. Strides count values: A[i][k] lies at `i * aRow + k * aColumn` (so a transposed matrix is one
 * with its strides swapped), B[k][j] at `k * bRow + j`, C[i][j] at `i * cRow + j`.
 */
export type MatrixProduct = {
  readonly a: NumberSlot;
  readonly aRow: number;
  readonly aColumn: number;
  readonly b: NumberSlot;
  readonly bRow: number;
  readonly c: NumberSlot;
  readonly cRow: number;
  /** Nothing; a row for every row (`startRow` 0: a bias); or a matrix, C itself to add to it. */
  readonly start?: NumberSlot;
  readonly startRow?: number;
};

export const ACTIVATIONS = { relu: 1, sigmoid: 2, tanh: 3 } as const;
/** An activation with a slope that its output tells. */
export type Activation = keyof typeof ACTIVATIONS;

/** Batch norm of a matrix [rows][columns]; every other slot but `unit` (the normalised matrix) is a row. */
export type BatchNorm = {
  readonly values: NumberSlot;
  readonly gradient: NumberSlot;
  readonly unit: NumberSlot;
  readonly columns: number;
  readonly mean: NumberSlot;
  readonly variance: NumberSlot;
  readonly scale: NumberSlot;
  readonly shift: NumberSlot;
  readonly scaleGradient: NumberSlot;
  readonly shiftGradient: NumberSlot;
};

/** What every loss works on: outputs and their gradient [rows][columns], and a weight a row. */
export type LossSlots = {
  readonly outputs: NumberSlot;
  readonly gradient: NumberSlot;
  readonly weights: NumberSlot;
  readonly columns: number;
};
/** Class numbers a row; `parts` is scratch of two values a row. */
export type ClassSlots = LossSlots & { readonly labels: WholeSlot; readonly parts: NumberSlot };
/** Values [rows][columns]. */
export type ValueSlots = LossSlots & { readonly targets: NumberSlot };
/** Costs of the classes [rows][columns], and scratch of two values a row. */
export type CostSlots = ValueSlots & { readonly parts: NumberSlot };

/** One time step of an LSTM layer; gates are [rows][4 hidden] in the order i, f, g, o, the rest [rows][hidden]. */
export type CellSlots = {
  readonly hidden: number;
  readonly gates: NumberSlot;
  readonly before: NumberSlot;
  readonly cell: NumberSlot;
  /** tanh of the new cell. */
  readonly bent: NumberSlot;
  readonly out: NumberSlot;
  readonly outGradient: NumberSlot;
  readonly cellGradient: NumberSlot;
};

/** A block of parameters in training; `count` is a multiple of four, padding stays zero. */
export type ParameterSlots = {
  readonly count: number;
  readonly values: NumberSlot;
  readonly gradients: NumberSlot;
  /** Mean of gradients (Adam), velocity (SGD). */
  readonly first: NumberSlot;
  /** Mean of squared gradients (Adam). */
  readonly second: NumberSlot;
};

/** Numbers of one step. Gradients are multiplied by `scale`; `ridge` times the weight is added to them. */
export type AdamStep = {
  scale: number;
  ridge: number;
  /** Weights are multiplied by this first: 1, or 1 - rate * decay for AdamW. */
  keep: number;
  beta1: number;
  beta2: number;
  /** Rate / (1 - beta1^t). */
  step: number;
  /** 1 / sqrt(1 - beta2^t). */
  lift: number;
  epsilon: number;
};
export type SgdStep = { scale: number; ridge: number; momentum: number; rate: number };

/**
 * The arithmetic of training, on slots; `TrainingKernels` does it in WASM, the oracle in TypeScript, in the same
 * order, so that both give the same bits. Losses return the sum over rows of weight times loss, and write a gradient
 * multiplied by `scale`. Shapes are the caller's affair: nothing is checked here.
 */
export interface TrainingMaths {
  product(of: MatrixProduct, rows: number, columns: number, depth: number): void;
  /** `to` [columns][rows] becomes the transpose of `from` [rows][columns]. */
  transpose(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void;
  /** to[j] += the sum of column j of `from` [rows][columns]. */
  addColumns(from: NumberSlot, to: NumberSlot, rows: number, columns: number): void;
  /** Row i of `to` becomes row ids[i] of `from`. */
  gatherRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void;
  /** Row ids[i] of `to` grows by row i of `from`. */
  scatterRows(from: NumberSlot, ids: WholeSlot, to: NumberSlot, columns: number): void;
  /** In place. */
  activate(kind: Activation, values: NumberSlot, count: number): void;
  /** `gradient` times the slope at `outputs`. */
  activateBack(kind: Activation, outputs: NumberSlot, gradient: NumberSlot, count: number): void;
  multiply(a: NumberSlot, b: NumberSlot, to: NumberSlot, count: number): void;
  /** Each value 1 / `keep` with probability `keep`, else 0; `state` holds four generators, [4 words][4]. */
  dropoutMask(state: WholeSlot, mask: NumberSlot, count: number, keep: number): void;
  /** Mean and biased variance of the columns of `values`. */
  columnMoments(of: BatchNorm, rows: number): void;
  /** values = (values - mean) / sqrt(variance + 1e-5) * scale + shift. */
  normalise(of: BatchNorm, rows: number): void;
  /** `gradient` backward through `normalise`; `frozen`: the moments were constants, not those of these rows. */
  normaliseBack(of: BatchNorm, rows: number, frozen: boolean): void;
  /** Outputs are logits; the loss is -log softmax[label]. */
  crossEntropy(slots: ClassSlots, rows: number, scale: number): number;
  /**
   * Outputs are logits, targets the costs of the classes. The loss is the expected cost under p = softmax, plus
   * `temperature` times the sum of p log p.
   */
  expectedCost(slots: CostSlots, rows: number, scale: number, temperature: number): number;
  /** Sum over the columns of d^2 / 2 up to |d| = delta and straight from there. */
  robustError(slots: ValueSlots, rows: number, scale: number, delta: number): number;
  cellForward(slots: CellSlots, rows: number): void;
  /** Gates become gradients of their sums, `cellGradient` that of the cell before. */
  cellBack(slots: CellSlots, rows: number): void;
  adam(parameters: ParameterSlots, step: AdamStep): void;
  sgd(parameters: ParameterSlots, step: SgdStep): void;
  /** In float64; `count` is a multiple of four. */
  sumSquares(values: NumberSlot, count: number): number;
}

/** The weighted sum of log(parts[0]) + parts[1] over rows: what the cross-entropy kernel leaves to be done. */
export function sumOfLogs(slots: ClassSlots, rows: number): number {
  const { parts, weights } = slots;
  let total = 0;
  for (let i = 0; i < rows; i += 1) {
    const loss = Math.log(parts.view[2 * i] as number) + (parts.view[2 * i + 1] as number);
    total += (weights.view[i] as number) * loss;
  }
  return total;
}

/** A draw of 32 random bits is kept when it lies below this. */
export function keepThreshold(keep: number): number {
  return Math.min(0xffffffff, Math.round(keep * 2 ** 32));
}

/** Turns the parts of a softmax, sum and maximum, into log(sum) + maximum: what tempered costs need. */
export function logOfSums({ view }: NumberSlot, rows: number): void {
  for (let i = 0; i < rows; i += 1) {
    view[2 * i] = Math.log(view[2 * i] as number) + (view[2 * i + 1] as number);
  }
}
