import type { FastRng } from '../../../base/index.ts';
import { logGamma } from '../../stats/index.ts';
import type { Choice } from '../bandit.ts';
import { pickBest } from '../pick.ts';
import { ArgmaxShares, type Family, type Parameters } from './argmax-shares.ts';
import { drawBeta, drawNormal } from './draw.ts';

/** A family one can also draw from. */
type Posterior = Family & { readonly draw: (rng: FastRng, a: number, b: number) => number };

/** Normal densities with mean `a` and deviation `b`; e^-25 is sqrt(50) deviations out. */
export const NORMAL: Posterior = {
  draw: (rng, a, b) => a + b * drawNormal(rng),
  peak: (a) => a,
  reach: (a, b) => Math.sqrt(50) * visible(a, b),
  basis: () => 0,
  logHeight: (a, b, x) => -0.5 * ((x - a) / visible(a, b)) ** 2,
  logMass: (a, b) => Math.log(visible(a, b) * Math.sqrt(2 * Math.PI)),
};

/** Deviations below the resolution of float64 around `a` count as one that can be integrated over. */
const visible = (a: number, b: number): number => Math.max(b, 1e-10 * (1 + Math.abs(a)));

/** Logarithm of the density's height at the peak that `BETA.reach` goes below. */
const DROP = 25;

/** Its steps, each a quarter further. Densities that a bandit can have take a dozen; others never get there. */
const MOST_STEPS = 64;

/** Beta(a, b) densities, integrated over the log-odds x: a x - (a + b) ln(1 + e^x). */
export const BETA: Posterior = {
  draw: drawBeta,
  peak: (a, b) => Math.log(a / b),
  reach(a, b, right) {
    const peak = Math.log(a / b);
    const height = (x: number) => a * x - (a + b) * softplus(x);
    const top = height(peak);
    const direction = right ? 1 : -1;
    let distance = 5 * Math.sqrt((a + b) / (a * b));
    for (let step = 0; step < MOST_STEPS; step += 1) {
      if (!(height(peak + direction * distance) > top - DROP)) break;
      distance *= 1.25;
    }
    return distance;
  },
  basis: softplus,
  logHeight: (a, b, x, basis) => a * x - (a + b) * basis,
  logMass: (a, b) => logGamma(a) + logGamma(b) - logGamma(a + b),
};

function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

/** Smallest propensity that is reported: what the cut tails leave open. */
const LEAST_PROPENSITY = 1e-12;

/** Thompson's rule (1933): one draw from each arm's posterior, the arm of the largest plays. */
export class SampledArms {
  /** For the next `pick`: the posterior of every arm, NaN in `a` for an illegal one. */
  readonly asked: Parameters;
  /** The same for the next `propensities`, which may come between a choice and the reading of its propensity. */
  readonly weighed: Parameters;
  readonly #family: Posterior;
  readonly #integral: ArgmaxShares;
  readonly #scores: Float64Array;
  readonly #shares: Float64Array;
  readonly #drawn = { arm: 0, propensity: 0 };
  readonly #choice: Choice;

  constructor(arms: number, family: Posterior) {
    this.asked = { a: new Float64Array(arms), b: new Float64Array(arms) };
    this.weighed = { a: new Float64Array(arms), b: new Float64Array(arms) };
    this.#family = family;
    this.#integral = new ArgmaxShares(arms, family);
    this.#scores = new Float64Array(arms);
    this.#shares = new Float64Array(arms);
    this.#choice = this.#lazyChoice();
  }

  /** The choice; its `propensity` is integrated when it is first read. */
  pick(rng: FastRng): Choice {
    const { a, b } = this.asked;
    for (let i = 0; i < a.length; i += 1) {
      const first = a[i] as number;
      const legal = !Number.isNaN(first);
      this.#scores[i] = legal ? this.#family.draw(rng, first, b[i] as number) : Number.NEGATIVE_INFINITY;
    }
    pickBest(this.#scores, rng, this.#drawn);
    this.#drawn.propensity = Number.NaN;
    return this.#choice;
  }

  propensities(): Float64Array {
    return this.#integral.compute(this.weighed, this.#shares);
  }

  /** Own properties, so that a copy of the choice has both. */
  #lazyChoice(): Choice {
    const drawn = this.#drawn;
    const integrate = () => this.#integral.compute(this.asked, this.#scores);
    return {
      get arm() {
        return drawn.arm;
      },
      get propensity() {
        if (Number.isNaN(drawn.propensity)) {
          drawn.propensity = Math.max(integrate()[drawn.arm] as number, LEAST_PROPENSITY);
        }
        return drawn.propensity;
      },
    };
  }
}
