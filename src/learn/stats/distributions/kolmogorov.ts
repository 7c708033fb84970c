/**
 * Limit of the probability that √n times the Kolmogorov-Smirnov distance exceeds `x` when there is no difference:
 * 2 Σ (-1)^(k-1) exp(-2 k² x²), and for small x the theta transform of that series. Relative error about 1e-15.
 */
export function kolmogorovTail(x: number): number {
  if (!(x > 0)) return 1;
  if (x < 1) {
    let cdf = 0;
    for (let k = 1; k <= 5; k += 2) cdf += Math.exp(-(k * k * Math.PI * Math.PI) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * cdf;
  }
  let tail = 0;
  for (let k = 5; k >= 1; k -= 1) tail = Math.exp(-2 * k * k * x * x) - tail;
  return 2 * tail;
}
