import type { TreeModel } from '../../trees/index.ts';
import type { OnnxLayer, OnnxLstm, OnnxMlp } from '../onnx-net.ts';

/** The models that the files describe, computed in double precision as their definitions stand. */

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function softmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

const ACTIVATIONS = {
  linear: (sums: number[]) => sums,
  relu: (sums: number[]) => sums.map((sum) => Math.max(0, sum)),
  tanh: (sums: number[]) => sums.map(Math.tanh),
  sigmoid: (sums: number[]) => sums.map(sigmoid),
  softmax,
};

/** x·W + b. */
const sumsOf = ({ weights, bias }: OnnxLayer, x: readonly number[]): number[] =>
  Array.from(bias, (start, to) =>
    x.reduce((sum, value, from) => sum + value * (weights[from * bias.length + to] as number), start),
  );

/** The answer for one row, `[outputs]`. */
export function mlpAnswer({ layers, activation, output }: OnnxMlp, x: readonly number[]): number[] {
  return layers.reduce<number[]>(
    (row, layer, index) => ACTIVATIONS[index < layers.length - 1 ? activation : output](sumsOf(layer, row)),
    [...x],
  );
}

/** The answer at the end of a sequence of rows, or of rows with one id each, `[outputs]`. */
export function lstmAnswer(
  { embedding, recurrent, head, output }: OnnxLstm,
  sequence: readonly number[][],
): number[] {
  let steps = sequence;
  if (embedding !== undefined) {
    const [{ weights, bias }] = recurrent as [OnnxLayer];
    const width = weights.length / bias.length - bias.length / 4;
    steps = sequence.map(([id = 0]) =>
      Array.from({ length: width }, (_, i) => embedding[id * width + i] as number),
    );
  }
  for (const layer of recurrent) {
    const hidden = layer.bias.length / 4;
    let [h, c] = [new Array<number>(hidden).fill(0), new Array<number>(hidden).fill(0)];
    steps = steps.map((x) => {
      const sums = sumsOf(layer, [...x, ...h]);
      const gate = (number: number, unit: number) => sums[number * hidden + unit] as number;
      c = c.map((cell, unit) => {
        return sigmoid(gate(1, unit)) * cell + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit));
      });
      h = c.map((cell, unit) => sigmoid(gate(3, unit)) * Math.tanh(cell));
      return h;
    });
  }
  return ACTIVATIONS[output](sumsOf(head, steps.at(-1) as number[]));
}

/** Sum of the leaves a row falls into, and the base score, `[outputs]`. */
export function treeMargins(model: TreeModel, x: readonly number[]): number[] {
  const { objective, outputs, baseScore, trees } = model;
  const start = objective === 'binary:logistic' ? Math.log(baseScore / (1 - baseScore)) : baseScore;
  const margins = new Array<number>(outputs).fill(start);
  trees.forEach(({ left, right, feature, threshold, defaultLeft, value }, index) => {
    let node = 0;
    while ((left[node] as number) >= 0) {
      const asked = Math.fround(x[feature[node] as number] as number);
      const goesLeft = Number.isNaN(asked) ? defaultLeft[node] === 1 : asked < (threshold[node] as number);
      node = (goesLeft ? left[node] : right[node]) as number;
    }
    margins[index % outputs] = (margins[index % outputs] as number) + (value[node] as number);
  });
  return margins;
}

/** What XGBoost answers: values, probabilities of class 1, or of every class. */
export function treeAnswer(model: TreeModel, x: readonly number[]): number[] {
  const margins = treeMargins(model, x);
  if (model.objective === 'reg:squarederror') return margins;
  return model.objective === 'binary:logistic' ? margins.map(sigmoid) : softmax(margins);
}
