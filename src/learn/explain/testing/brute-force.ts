import type { Matrix } from '../../contract/index.ts';
import type { PredictFunction } from '../predictor.ts';

/** Shapley values by their definition, over all coalitions; for up to about 14 features and one output. */
export function bruteForceShapley(
  predict: PredictFunction,
  x: ArrayLike<number>,
  background: Matrix,
): Float64Array {
  const features = background.columns;
  const value = Float64Array.from({ length: 2 ** features }, (_, known) =>
    meanAnswer(predict, { x, background, known }),
  );
  const share = sharesOf(features);
  return Float64Array.from({ length: features }, (_, feature) => {
    let sum = 0;
    for (let known = 0; known < value.length; known += 1) {
      if ((known >> feature) & 1) continue;
      const gain = (value[known | (1 << feature)] as number) - (value[known] as number);
      sum += (share[bitsOf(known)] as number) * gain;
    }
    return sum;
  });
}

type Case = { readonly x: ArrayLike<number>; readonly background: Matrix; readonly known: number };

/** Mean answer with the features of the bits in `known` taken from x. */
function meanAnswer(predict: PredictFunction, { x, background, known }: Case): number {
  const { rows, columns, data } = background;
  let sum = 0;
  for (let row = 0; row < rows; row += 1) {
    const mixed = Float64Array.from({ length: columns }, (_, feature) => {
      return ((known >> feature) & 1 ? x[feature] : data[row * columns + feature]) as number;
    });
    const answer = predict(mixed);
    sum += (typeof answer === 'number' ? answer : answer[0]) as number;
  }
  return sum / rows;
}

/** s! (n − s − 1)! / n!, for each size s of a coalition. */
function sharesOf(features: number): number[] {
  const factorial = [1];
  for (let i = 1; i <= features; i += 1) factorial.push((factorial[i - 1] as number) * i);
  const at = (i: number) => factorial[i] as number;
  return Array.from({ length: features }, (_, size) => (at(size) * at(features - size - 1)) / at(features));
}

function bitsOf(known: number): number {
  let bits = 0;
  for (let rest = known; rest > 0; rest &= rest - 1) bits += 1;
  return bits;
}
