// Simulated experiments: two arms that grow by batches.
import type { FastRng } from '../../../src/base/index.ts';
import { QuantileSketch, quantileSummary, RunningMoments, type Summary } from '../../../src/learn/index.ts';

/** One arm of one simulated experiment. */
export interface Arm {
  /** Values so far. */
  readonly count: number;
  /** Goes back to no values. */
  clear(): void;
  /** Takes the next batch. */
  grow(): void;
  summary(): Summary;
}

/** Values of one arm that arrive between two looks. */
export interface Batches {
  readonly size: number;
  readonly rng: FastRng;
}

/** Cumulative probabilities of 0 … size successes. */
function binomialTable(size: number, rate: number): Float64Array {
  const table = new Float64Array(size + 1);
  let [term, sum] = [(1 - rate) ** size, 0];
  for (let k = 0; k <= size; k += 1) {
    sum += term;
    table[k] = sum;
    term *= ((size - k) / (k + 1)) * (rate / (1 - rate));
  }
  return table;
}

/** An arm of successes and failures: a whole batch is one draw. */
export function rateArm(rate: number, { size, rng }: Batches): Arm {
  const table = binomialTable(size, rate);
  let [count, successes] = [0, 0];
  return {
    get count() {
      return count;
    },
    clear: () => {
      count = 0;
      successes = 0;
    },
    grow: () => {
      const drawn = rng.next();
      let k = 0;
      while (k < size && drawn > (table[k] as number)) k += 1;
      successes += k;
      count += size;
    },
    summary: () => {
      const mean = successes / count;
      return { count, mean, variance: (mean * (1 - mean) * count) / (count - 1) };
    },
  };
}

/** Draws of times: log-normal with mean 1 and the coefficient of variation given. */
function timesOf(variation: number, rng: FastRng): () => number {
  const spread = Math.sqrt(Math.log1p(variation * variation));
  return () => Math.exp(spread * rng.normal() - (spread * spread) / 2);
}

/** What values go into, one by one. */
interface Gathered {
  readonly count: number;
  take(value: number): void;
  summary(): Summary;
}

function gatheringArm(empty: () => Gathered, draw: () => number, size: number): Arm {
  let gathered = empty();
  return {
    get count() {
      return gathered.count;
    },
    clear: () => {
      gathered = empty();
    },
    grow: () => {
      for (let i = 0; i < size; i += 1) gathered.take(draw());
    },
    summary: () => gathered.summary(),
  };
}

/** An arm whose metric is the mean of its times. */
export function timeArm(variation: number, { size, rng }: Batches): Arm {
  const empty = (): Gathered => {
    const moments = new RunningMoments();
    return {
      get count() {
        return moments.count;
      },
      take: (value) => moments.add(value),
      summary: () => moments,
    };
  };
  return gatheringArm(empty, timesOf(variation, rng), size);
}

/** An arm whose metric is a quantile of its times, from a sketch. */
export function tailArm(share: number, variation: number, { size, rng }: Batches): Arm {
  const empty = (): Gathered => {
    const sketch = new QuantileSketch({ relativeError: 0.002 });
    return {
      get count() {
        return sketch.count;
      },
      take: (value) => sketch.learnOne(value),
      summary: () => quantileSummary(sketch, share),
    };
  };
  return gatheringArm(empty, timesOf(variation, rng), size);
}
