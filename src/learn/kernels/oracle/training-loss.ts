import type {
  AdamStep,
  ClassSlots,
  CostSlots,
  LossSlots,
  ParameterSlots,
  SgdStep,
  ValueSlots,
} from '../training-maths.ts';
import { type Arithmetic, at } from './training-arithmetic.ts';

/** Twins of `assembly/training-loss.ts` and `assembly/training-optimizer.ts`. */

/** Writes e^(output - maximum) of a row into its gradient; gives the maximum and the sum, in the kernels' order. */
function exponentials(
  { round, exp }: Arithmetic,
  slots: LossSlots,
  row: number,
): { highest: number; sum: number } {
  const { columns, outputs, gradient } = slots;
  const start = row * columns;
  let highest = -Infinity;
  for (let j = 0; j < columns; j += 1) highest = Math.max(highest, at(outputs.view, start + j));
  const lanes = [0, 0, 0, 0];
  const body = columns & ~3;
  for (let j = 0; j < columns; j += 1) {
    const e = exp(round(at(outputs.view, start + j) - highest));
    gradient.view[start + j] = e;
    if (j < body) lanes[j % 4] = round(at(lanes, j % 4) + e);
  }
  let sum = round(round(at(lanes, 0) + at(lanes, 1)) + round(at(lanes, 2) + at(lanes, 3)));
  for (let j = body; j < columns; j += 1) sum = round(sum + at(gradient.view, start + j));
  return { highest, sum };
}

export function crossEntropy(maths: Arithmetic, slots: ClassSlots, rows: number, scale: number): void {
  const { round } = maths;
  const gradient = slots.gradient.view;
  for (let i = 0; i < rows; i += 1) {
    const { highest, sum } = exponentials(maths, slots, i);
    const weight = round(at(slots.weights.view, i) * round(scale));
    const factor = round(weight / sum);
    const start = i * slots.columns;
    for (let j = start; j < start + slots.columns; j += 1) gradient[j] = round(at(gradient, j) * factor);
    const label = start + at(slots.labels.view, i);
    gradient[label] = round(at(gradient, label) - weight);
    slots.parts.view[2 * i] = sum;
    slots.parts.view[2 * i + 1] = round(highest - at(slots.outputs.view, label));
  }
}

export function softmaxRows(maths: Arithmetic, slots: CostSlots, rows: number): void {
  const { round } = maths;
  const { columns, gradient, parts } = slots;
  for (let i = 0; i < rows; i += 1) {
    const { highest, sum } = exponentials(maths, slots, i);
    const factor = round(1 / sum);
    for (let j = i * columns; j < (i + 1) * columns; j += 1) {
      gradient.view[j] = round(at(gradient.view, j) * factor);
    }
    parts.view.set([sum, highest], 2 * i);
  }
}

export function expectedCost(
  { round }: Arithmetic,
  slots: CostSlots,
  rows: number,
  [scale, temperature]: readonly [number, number],
): number {
  const gradient = slots.gradient.view;
  let total = 0;
  for (let i = 0; i < rows; i += 1) {
    const [start, end] = [i * slots.columns, (i + 1) * slots.columns];
    const tempered = (j: number) => {
      const logP = round(at(slots.outputs.view, j) - at(slots.parts.view, 2 * i));
      return round(at(slots.targets.view, j) + round(round(temperature) * logP));
    };
    let expected = 0;
    for (let j = start; j < end; j += 1) expected = round(expected + round(at(gradient, j) * tempered(j)));
    const weight = at(slots.weights.view, i);
    const slope = round(weight * round(scale));
    for (let j = start; j < end; j += 1) {
      gradient[j] = round(round(at(gradient, j) * round(tempered(j) - expected)) * slope);
    }
    total += weight * expected;
  }
  return total;
}

export function robustError(
  { round }: Arithmetic,
  slots: ValueSlots,
  rows: number,
  [scale, delta]: readonly [number, number],
): number {
  const bound = round(delta);
  let total = 0;
  for (let i = 0; i < rows; i += 1) {
    const weight = at(slots.weights.view, i);
    const slope = round(weight * round(scale));
    let sum = 0;
    for (let j = i * slots.columns; j < (i + 1) * slots.columns; j += 1) {
      const d = round(at(slots.outputs.view, j) - at(slots.targets.view, j));
      const isInside = Math.abs(d) <= bound;
      sum += isInside ? 0.5 * d * d : bound * (Math.abs(d) - 0.5 * bound);
      slots.gradient.view[j] = round((isInside ? d : Math.sign(d) * bound) * slope);
    }
    total += weight * sum;
  }
  return total;
}

export function adam({ round }: Arithmetic, parameters: ParameterSlots, step: AdamStep): void {
  const { values, gradients, first, second } = parameters;
  const [beta1, beta2] = [round(step.beta1), round(step.beta2)];
  const [new1, new2] = [round(1 - beta1), round(1 - beta2)];
  for (let i = 0; i < parameters.count; i += 1) {
    const w = at(values.view, i);
    const g = round(round(at(gradients.view, i) * round(step.scale)) + round(w * round(step.ridge)));
    const m = round(round(at(first.view, i) * beta1) + round(g * new1));
    const v = round(round(at(second.view, i) * beta2) + round(round(g * g) * new2));
    const below = round(round(round(Math.sqrt(v)) * round(step.lift)) + round(step.epsilon));
    first.view[i] = m;
    second.view[i] = v;
    values.view[i] = round(round(w * round(step.keep)) - round(round(m * round(step.step)) / below));
  }
}

export function sgd({ round }: Arithmetic, parameters: ParameterSlots, step: SgdStep): void {
  const { values, gradients, first } = parameters;
  for (let i = 0; i < parameters.count; i += 1) {
    const w = at(values.view, i);
    const g = round(round(at(gradients.view, i) * round(step.scale)) + round(w * round(step.ridge)));
    const v = round(round(at(first.view, i) * round(step.momentum)) + g);
    first.view[i] = v;
    values.view[i] = round(w - round(v * round(step.rate)));
  }
}

export function sumSquares(values: { readonly [index: number]: number }, count: number): number {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < count; i += 1) lanes[i % 4] = at(lanes, i % 4) + at(values, i) * at(values, i);
  return at(lanes, 0) + at(lanes, 2) + (at(lanes, 1) + at(lanes, 3));
}
