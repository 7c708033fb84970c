import type { Batch } from '../contract/index.ts';
import { classesOf, type TreeModel, type TreeObjective } from './model.ts';

/**
 * First and second derivatives of the loss by the margins, times the sample weights, output by output:
 * `gradient[output * rows + row]`. Rounded to float32, as XGBoost has them.
 */
export type Derivatives = { readonly gradient: Float32Array; readonly hessian: Float32Array };

/** What training knows of its samples besides `x`; `margins[output * rows + row]` is the sum of the trees so far. */
export type Targets = {
  readonly y: ArrayLike<number>;
  readonly weights: ArrayLike<number> | undefined;
  readonly margins: Float64Array;
};

// Keeps logarithms finite, and hessians above zero, as in XGBoost, so that sure answers still count.
const LEAST = 1e-16;

const sigmoid = (margin: number): number => 1 / (1 + Math.exp(-margin));

/** Where boosting starts if nobody says: the weighted mean of the targets, and 0.5 for softprob. */
export function meanTarget(objective: TreeObjective, { y, weights }: Batch): number {
  if (objective === 'multi:softprob') return 0.5;
  let sum = 0;
  let total = 0;
  for (let row = 0; row < y.length; row += 1) {
    const weight = weights?.[row] ?? 1;
    sum += weight * (y[row] as number);
    total += weight;
  }
  const mean = sum / total;
  return objective === 'binary:logistic' ? Math.min(1 - 1e-6, Math.max(1e-6, mean)) : mean;
}

/** The margin a model starts from, the same for every output. */
export const baseMargin = ({ objective, baseScore }: Pick<TreeModel, 'objective' | 'baseScore'>): number =>
  objective === 'binary:logistic' ? -Math.log(1 / baseScore - 1) : baseScore;

/** Numbers in one answer: a value, or the probability of each class (two for `binary:logistic`). */
export const answerWidth = (model: Pick<TreeModel, 'objective' | 'outputs'>): number =>
  Math.max(1, classesOf(model));

/** Turns margins (`rows x outputs`) into answers (`rows x answerWidth`); both may be the same array if as wide. */
export function answersOf(
  { objective, outputs }: Pick<TreeModel, 'objective' | 'outputs'>,
  margins: Float64Array,
  answers: Float64Array,
): void {
  if (objective === 'reg:squarederror') answers.set(margins);
  else if (objective === 'binary:logistic') {
    for (let row = 0; row < margins.length; row += 1) {
      const probability = sigmoid(margins[row] as number);
      answers[2 * row] = 1 - probability;
      answers[2 * row + 1] = probability;
    }
  } else {
    for (let at = 0; at < margins.length; at += outputs) softmax(margins, answers, at, at + outputs);
  }
}

function softmax(margins: Float64Array, answers: Float64Array, at: number, end: number): void {
  let largest = margins[at] as number;
  for (let i = at + 1; i < end; i += 1) largest = Math.max(largest, margins[i] as number);
  let sum = 0;
  for (let i = at; i < end; i += 1) {
    const part = Math.exp((margins[i] as number) - largest);
    answers[i] = part;
    sum += part;
  }
  for (let i = at; i < end; i += 1) answers[i] = (answers[i] as number) / sum;
}

/**
 * The loss of the margins as they stand: root mean squared error or mean log-loss, weighted. With `into` also
 * its derivatives.
 */
export function lossOf(objective: TreeObjective, targets: Targets, into?: Derivatives): number {
  const { y, weights } = targets;
  let total = y.length;
  if (weights !== undefined) {
    total = 0;
    for (let row = 0; row < weights.length; row += 1) total += weights[row] as number;
  }
  if (objective === 'reg:squarederror') return Math.sqrt(squaredError(targets, into) / total);
  return (objective === 'binary:logistic' ? logisticLoss(targets, into) : softmaxLoss(targets, into)) / total;
}

function squaredError({ y, weights, margins }: Targets, into?: Derivatives): number {
  let loss = 0;
  for (let row = 0; row < y.length; row += 1) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    const error = (margins[row] as number) - (y[row] as number);
    loss += weight * error * error;
    if (into === undefined) continue;
    into.gradient[row] = weight * error;
    into.hessian[row] = weight;
  }
  return loss;
}

function logisticLoss({ y, weights, margins }: Targets, into?: Derivatives): number {
  let loss = 0;
  for (let row = 0; row < y.length; row += 1) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    const target = y[row] as number;
    const probability = sigmoid(margins[row] as number);
    loss -= weight * Math.log(Math.max(LEAST, target === 1 ? probability : 1 - probability));
    if (into === undefined) continue;
    into.gradient[row] = weight * (probability - target);
    into.hessian[row] = weight * Math.max(LEAST, probability * (1 - probability));
  }
  return loss;
}

function softmaxLoss({ y, weights, margins }: Targets, into?: Derivatives): number {
  const rows = y.length;
  const outputs = margins.length / rows;
  const shares = new Float64Array(outputs);
  let loss = 0;
  for (let row = 0; row < rows; row += 1) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    const target = y[row] as number;
    let largest = -Infinity;
    for (let k = 0; k < outputs; k += 1) {
      const margin = margins[k * rows + row] as number;
      shares[k] = margin;
      if (margin > largest) largest = margin;
    }
    const own = (shares[target] as number) - largest;
    let sum = 0;
    for (let k = 0; k < outputs; k += 1) {
      const part = Math.exp((shares[k] as number) - largest);
      shares[k] = part;
      sum += part;
    }
    loss += weight * (Math.log(sum) - own);
    if (into === undefined) continue;
    for (let k = 0; k < outputs; k += 1) {
      const share = (shares[k] as number) / sum;
      const at = k * rows + row;
      into.gradient[at] = weight * (k === target ? share - 1 : share);
      into.hessian[at] = weight * Math.max(LEAST, 2 * share * (1 - share));
    }
  }
  return loss;
}
