/**
 * Extremes of the running sums over a row of leaves, kept while single leaves change: every node holds the sum of its
 * stretch and the highest and lowest running sum within it, so that a change costs one walk to the root.
 */
export class PrefixTree {
  readonly #leaves: number;
  /** Two steps a leaf, to be written before `joinAbove` or `joinAll`: as arguments they would go on the heap. */
  readonly steps: Float64Array;
  /** Node 1 is the root; the children of `i` are `2 i` and `2 i + 1`; leaves stand from `#leaves`. */
  readonly #sum: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;

  /** All running sums are 0. */
  constructor(leaves: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(leaves));
    const nodes = 2 * this.#leaves;
    this.steps = new Float64Array(nodes);
    this.#sum = new Float64Array(nodes);
    this.#high = new Float64Array(nodes);
    this.#low = new Float64Array(nodes);
  }

  /** Largest distance of any running sum from 0. */
  get reach(): number {
    return Math.max(this.#high[1] as number, -(this.#low[1] as number));
  }

  /** Brings one leaf and all nodes above it up to date with its steps. */
  joinAbove(leaf: number): void {
    this.#joinSteps(leaf);
    for (let node = (this.#leaves + leaf) >> 1; node >= 1; node >>= 1) this.#join(node);
  }

  /** Brings all nodes up to date. */
  joinAll(): void {
    for (let leaf = 0; leaf < this.#leaves; leaf += 1) this.#joinSteps(leaf);
    for (let node = this.#leaves - 1; node >= 1; node -= 1) this.#join(node);
  }

  #joinSteps(leaf: number): void {
    const node = this.#leaves + leaf;
    const first = this.steps[2 * leaf] as number;
    const sum = first + (this.steps[2 * leaf + 1] as number);
    this.#sum[node] = sum;
    this.#high[node] = Math.max(first, sum);
    this.#low[node] = Math.min(first, sum);
  }

  #join(node: number): void {
    const left = 2 * node;
    const right = left + 1;
    const sums = this.#sum;
    const highs = this.#high;
    const lows = this.#low;
    const sum = sums[left] as number;
    sums[node] = sum + (sums[right] as number);
    const high = sum + (highs[right] as number);
    const low = sum + (lows[right] as number);
    highs[node] = Math.max(high, highs[left] as number);
    lows[node] = Math.min(low, lows[left] as number);
  }
}
