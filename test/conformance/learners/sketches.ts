// Sketches: what is kept of a stream, and what is found in many fingerprints.
import { hammingDistance, LshIndex, normalQuantile, QuantileSketch } from '../../../src/learn/index.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import { chanceOf, meanOf } from './worlds.ts';

/** Values of either sign over several decades, and a few zeros. */
function values(world: number, lesson: number, count = 50): number[] {
  const rng = chanceOf(world, lesson);
  return Array.from({ length: count }, (_, i) => {
    return i % 10 === 9 ? 0 : Math.exp(2 * rng.normal()) * (i % 3 === 0 ? -1 : 1);
  });
}

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1];

const quantileSketch = learnerCase({
  name: 'QuantileSketch',
  untaught: 'UNTRAINED',
  chance: 'none',
  make: () => new QuantileSketch({ relativeError: 0.02, maxBins: 64 }),
  restore: QuantileSketch.restore,
  lesson: (world, number) => values(world, number),
  teach(sketch, lesson) {
    for (const value of lesson) sketch.learnOne(value);
  },
  questions: () => QUANTILES,
  ask: (sketch, q) => [sketch.quantile(q), sketch.count],
  refuses: [
    { what: 'NaN', code: 'NOT_FINITE', act: (sketch) => sketch.learnOne(Number.NaN) },
    { what: 'an infinity', code: 'NOT_FINITE', act: (sketch) => sketch.learnOne(Number.POSITIVE_INFINITY) },
    { what: 'more than all', code: 'USAGE', act: (sketch) => sketch.quantile(1.01) },
    { what: 'no part', code: 'USAGE', act: (sketch) => sketch.quantile(Number.NaN) },
    { what: 'a sketch of another error', code: 'USAGE', act: (sketch) => sketch.merge(new QuantileSketch()) },
  ],
  contest: {
    against: 'the normal distribution with the same mean and deviation',
    margin: 0.9,
    play(seed) {
      const rng = chanceOf(seed, 0);
      const stream = Array.from({ length: 5000 }, () => Math.exp(rng.normal()));
      const sketch = new QuantileSketch();
      for (const value of stream) sketch.learnOne(value);
      const mean = meanOf(stream);
      const deviation = Math.sqrt(meanOf(stream.map((value) => (value - mean) ** 2)));
      const sorted = stream.toSorted((a, b) => a - b);
      const errorOf = (answer: (q: number) => number): number =>
        meanOf(
          [0.05, 0.5, 0.9, 0.99].map((q) => {
            const truth = sorted[Math.floor(q * (stream.length - 1))] as number;
            return Math.abs(answer(q) - truth) / truth;
          }),
        );
      return {
        loss: errorOf((q) => sketch.quantile(q)),
        baseline: errorOf((q) => mean + deviation * normalQuantile(q)),
      };
    },
  },
});

type Entry = { readonly id: number; readonly low: number; readonly high: number };

const ENTRIES = 40;

/** Fingerprints, every second one a few bits away from the one before. */
function fingerprints(world: number, lesson: number, count = ENTRIES): Entry[] {
  const rng = chanceOf(world, lesson);
  const entries: Entry[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = lesson * count + i;
    const before = entries.at(-1);
    if (i % 2 === 0 || before === undefined) entries.push({ id, low: rng.nextU32(), high: rng.nextU32() });
    else {
      // Up to nine different bits, from either half.
      let { low, high } = before;
      for (let flips = rng.below(10); flips > 0; flips -= 1) {
        if (rng.below(2) === 0) low = (low ^ (1 << rng.below(32))) >>> 0;
        else high = (high ^ (1 << rng.below(32))) >>> 0;
      }
      entries.push({ id, low, high });
    }
  }
  return entries;
}

/** Bands of 16 bits that two fingerprints have in common. */
const commonBands = (a: Entry, b: Entry): number =>
  [a.low ^ b.low, a.high ^ b.high]
    .flatMap((bits) => [bits & 0xffff, bits >>> 16])
    .filter((bits) => bits === 0).length;

const lshIndex = learnerCase({
  name: 'LshIndex',
  untaught: 'belief',
  chance: 'none',
  make: () => new LshIndex({ capacity: 4 * ENTRIES }),
  restore: LshIndex.restore,
  lesson: (world, number) => fingerprints(world, number),
  teach(index, lesson) {
    for (const entry of lesson) index.insert(entry.id, entry);
  },
  questions: () => fingerprints(1, 0, 10),
  ask(index, question) {
    const { count, ids, distances } = index.query(question);
    return [count, ...ids.subarray(0, count), ...distances.subarray(0, count)];
  },
  refuses: [
    { what: 'an id twice', code: 'USAGE', act: (index) => index.insert(0, { low: 1, high: 2 }) },
    { what: 'half an id', code: 'USAGE', act: (index) => index.insert(0.5, { low: 1, high: 2 }) },
    { what: 'no fingerprint', code: 'USAGE', act: (index) => index.insert(1e6, { low: -1, high: 2 }) },
    { what: 'a question without one', code: 'USAGE', act: (index) => index.query({ low: 1, high: 2 ** 32 }) },
    {
      what: 'a distance it cannot see',
      code: 'USAGE',
      act: (index) => index.query({ low: 1, high: 2 }, { maxDistance: 10 }),
    },
  ],
  contest: {
    against: 'four bands of 16 bits, compared as they are',
    margin: 0.99,
    play(seed) {
      const entries = fingerprints(seed, 0, 400);
      const index = new LshIndex();
      for (const entry of entries) index.insert(entry.id, entry);
      let [missed, missedByBands] = [0, 0];
      for (const entry of entries) {
        const near = entries.filter((other) => hammingDistance(entry, other) <= 9);
        missed += near.length - index.query(entry).count;
        missedByBands += near.filter((other) => commonBands(entry, other) === 0).length;
      }
      return { loss: missed, baseline: missedByBands };
    },
  },
});

export const sketches: readonly AnyCase[] = [quantileSketch, lshIndex];
