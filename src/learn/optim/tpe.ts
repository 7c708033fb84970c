import { History, maxGood } from './history.ts';
import { Mixture } from './mixture.ts';
import { type Observation, randomPoint, type Sampler, trialRng } from './sampler.ts';
import type { Axis } from './space.ts';

/** Share of the trials that count as good, up to 25 of them. */
const goodShare = 0.15;
/** Points drawn from the density of the good trials, of which the most promising is proposed. */
const candidates = 24;
/** Trials of other workers that are held to be bad while they run, so that workers spread. */
const maxPending = 64;

/** Least width of a kernel in [0, 1]: a 25th of the range for the first 100 trials, finer as more are known. */
const narrowestAt = (count: number): number => Math.max(0.004, Math.min(0.04, 0.4 / Math.sqrt(count)));

const coordinatesOf = (observations: readonly Observation[]): Float64Array[] =>
  observations.map((observation) => observation.coordinates);

const ones = (count: number): Float64Array => new Float64Array(count).fill(1);

/** log((n + 1) / rank), scaled to a mean of 1: the best count most, whatever the scale of their values. */
function rankWeights(count: number): Float64Array {
  const raw = Float64Array.from({ length: count }, (_, i) => Math.log((count + 1) / (i + 1)));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => (weight / sum) * count);
}

/**
 * Tree-structured Parzen estimator: Bergstra et al., "Algorithms for hyper-parameter optimization", 2011, in the
 * multivariate form of Falkner et al. 2018, with settings near those that Watanabe 2023 ("Tree-structured Parzen
 * estimator: understanding its algorithm components") found best. Draws from the density of the good trials and
 * proposes the draw that is likeliest there as against among the others, which maximises expected improvement.
 *
 * Time and memory of a proposal do not grow with the number of trials.
 */
export class TpeSampler implements Sampler {
  readonly #axes: readonly Axis[];
  readonly #startup: number;
  readonly #seed: number;
  readonly #history = new History();

  constructor(axes: readonly Axis[], startup: number, seed: number) {
    this.#axes = axes;
    this.#startup = startup;
    this.#seed = seed;
  }

  observe(observation: Observation): void {
    this.#history.add(observation);
  }

  propose(trial: number, pending: readonly Float64Array[]): Float64Array {
    const rng = trialRng(this.#seed, trial);
    const { count } = this.#history;
    if (count === 0 || count < this.#startup) return randomPoint(this.#axes, rng);
    const { good, rest } = this.#history.split(Math.min(maxGood, Math.ceil(goodShare * count)));
    const bad = [...coordinatesOf(rest), ...pending.slice(-maxPending)];
    const narrowest = narrowestAt(count);
    const promising = new Mixture(this.#axes, coordinatesOf(good), {
      weights: rankWeights(good.length),
      narrowest,
    });
    const ordinary = new Mixture(this.#axes, bad, { weights: ones(bad.length), narrowest });
    const point = new Float64Array(this.#axes.length);
    const best = new Float64Array(this.#axes.length);
    let bestRatio = -Infinity;
    for (let i = 0; i < candidates; i += 1) {
      promising.draw(rng, point);
      const ratio = promising.logDensity(point) - ordinary.logDensity(point);
      if (ratio > bestRatio) {
        bestRatio = ratio;
        best.set(point);
      }
    }
    return best;
  }
}
