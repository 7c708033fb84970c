/** Index of the largest value, the first of equals. */
export function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}

/** Natural logarithms of weights, -∞ for 0, into `out`. */
export function logsInto(weights: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i += 1) out[i] = Math.log(weights[i] as number);
}

/** `exp(score) / sum of exp(score)` into `out`, which may be `scores`; equal shares where every score is -∞. */
export function softmaxInto(scores: Float64Array, out: Float64Array): void {
  const largest = scores[indexOfLargest(scores)] as number;
  if (largest === Number.NEGATIVE_INFINITY) {
    out.fill(1 / out.length);
    return;
  }
  let sum = 0;
  for (let i = 0; i < out.length; i += 1) {
    const value = Math.exp((scores[i] as number) - largest);
    out[i] = value;
    sum += value;
  }
  for (let i = 0; i < out.length; i += 1) out[i] = (out[i] as number) / sum;
}

/** `ln` of the sum of `exp(score)`, without overflow. */
export function logSumExp(scores: Float64Array): number {
  const largest = scores[indexOfLargest(scores)] as number;
  let sum = 0;
  for (let i = 0; i < scores.length; i += 1) sum += Math.exp((scores[i] as number) - largest);
  return largest + Math.log(sum);
}

/** Weights to shares of their sum, into `out`; equal shares where all are 0. */
export function sharesInto(weights: Float64Array, out: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) sum += weights[i] as number;
  if (sum === 0) out.fill(1 / out.length);
  else for (let i = 0; i < out.length; i += 1) out[i] = (weights[i] as number) / sum;
}
