import type { TreeModel } from '../../trees/index.ts';
import type { DenseLayerDescription, LstmLayerDescription } from '../onnx-net.ts';

/** The models that the files describe, computed in double precision as their definitions stand. */

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function softmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

function activate(values: number[], activation: DenseLayerDescription['activation']): number[] {
  if (activation === 'softmax') return softmax(values);
  const one = {
    linear: (x: number) => x,
    relu: (x: number) => Math.max(0, x),
    tanh: Math.tanh,
    sigmoid,
  }[activation];
  return values.map(one);
}

/** y = activation(x·W + b), layer after layer. */
export function denseAnswer(layers: readonly DenseLayerDescription[], x: readonly number[]): number[] {
  return layers.reduce<number[]>(
    (input, { outputs, weights, bias, activation }) => {
      const sums = Array.from({ length: outputs }, (_, to) =>
        input.reduce(
          (sum, value, from) => sum + value * (weights[from * outputs + to] as number),
          bias[to] as number,
        ),
      );
      return activate(sums, activation);
    },
    [...x],
  );
}

/** The last state of LSTM layers after a sequence, `[hidden]` of the last layer. */
export function lstmState(layers: readonly LstmLayerDescription[], sequence: readonly number[][]): number[] {
  let current = sequence;
  for (const { hidden, weights, bias } of layers) {
    let h = new Array<number>(hidden).fill(0);
    let c = h;
    current = current.map((x) => {
      const row = [...x, ...h];
      const gate = (number: number, unit: number) => {
        const column = number * hidden + unit;
        return row.reduce(
          (sum, value, from) => sum + value * (weights[from * 4 * hidden + column] as number),
          bias[column] as number,
        );
      };
      c = c.map(
        (cell, unit) => sigmoid(gate(1, unit)) * cell + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit)),
      );
      h = c.map((cell, unit) => sigmoid(gate(3, unit)) * Math.tanh(cell));
      return h;
    });
  }
  return current.at(-1) as number[];
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
