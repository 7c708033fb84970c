import { PilotfishError } from '../../base/index.ts';
import {
  checkSnapshot,
  finite,
  type Json,
  type Learner,
  type LearnsOne,
  numberWithin,
  type Snapshot,
  takeTensor,
  wholeNumber,
} from '../contract/index.ts';
import { LogBins } from './log-bins.ts';

export type QuantileSketchOptions = {
  /** Largest error of a quantile, as a part of its value. Default 0.01. */
  readonly relativeError?: number;
  /** Most bins for each sign; 2048 cover a factor of 10^17 at 1 %. Default 2048. */
  readonly maxBins?: number;
};

const ERROR_RANGE = [1e-4, 0.5] as const;
const BINS_RANGE = [16, 65_536] as const;
const PART_RANGE = [0, 1] as const;
const COUNT_RANGE = [0, Number.MAX_SAFE_INTEGER] as const;
/** Bins of the smallest and the largest float64, at the smallest error. */
const LOWEST_RANGE = [-4e6, 4e6] as const;
/** Values nearer to zero than any measurement count as zero. */
const SMALLEST = 1e-300;

/**
 * DDSketch (Masson, Rim, Lee 2019): counts values in bins that grow by the factor (1 + e) / (1 - e), so that every
 * quantile is off by at most the part e of its true value, whatever the distribution. Both ends are exact. Sketches
 * with the same options merge without further error, in any order. The bound holds as long as the values of one sign
 * fit into `maxBins`; beyond that the values nearest to zero share a bin, and only quantiles among them lose it.
 */
export class QuantileSketch implements Learner, LearnsOne<number> {
  readonly kind = 'quantile-sketch';
  readonly #options: Required<QuantileSketchOptions>;
  /** 1 / ln of the factor between bins. */
  readonly #binsPerLog: number;
  readonly #positive: LogBins;
  readonly #negative: LogBins;
  #zeros = 0;
  #count = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;

  /** @throws PilotfishError `USAGE` for options out of range. */
  constructor({ relativeError = 0.01, maxBins = 2048 }: QuantileSketchOptions = {}) {
    numberWithin('relativeError', relativeError, ERROR_RANGE);
    wholeNumber('maxBins', maxBins, BINS_RANGE);
    this.#options = { relativeError, maxBins };
    this.#binsPerLog = 1 / Math.log((1 + relativeError) / (1 - relativeError));
    this.#positive = new LogBins(maxBins);
    this.#negative = new LogBins(maxBins);
  }

  /** How many values it has seen. */
  get count(): number {
    return this.#count;
  }

  /** @throws PilotfishError `NOT_FINITE` for NaN or an infinity. */
  learnOne(value: number): void {
    finite('value', value);
    const size = Math.abs(value);
    if (size < SMALLEST) this.#zeros += 1;
    else (value > 0 ? this.#positive : this.#negative).add(Math.ceil(Math.log(size) * this.#binsPerLog), 1);
    this.#count += 1;
    this.#least = Math.min(this.#least, value);
    this.#most = Math.max(this.#most, value);
  }

  /**
   * The value below which the part `q` of all values lies: of n sorted values, the one at floor(q (n - 1)).
   * @throws PilotfishError `UNTRAINED` before the first value, `USAGE` unless `q` is from 0 to 1.
   */
  quantile(q: number): number {
    numberWithin('q', q, PART_RANGE);
    if (this.#count === 0) throw new PilotfishError('UNTRAINED', 'no value yet; learn one before you ask');
    const value = this.#valueAt(Math.floor(q * (this.#count - 1)));
    return Math.min(Math.max(value, this.#least), this.#most);
  }

  #valueAt(rank: number): number {
    if (rank <= 0) return this.#least;
    if (rank >= this.#count - 1) return this.#most;
    let left = rank;
    const { counts: below, lowest: nearest } = this.#negative;
    for (let i = below.length - 1; i >= 0; i -= 1) {
      left -= below[i] as number;
      if (left < 0) return -this.#valueOf(nearest + i);
    }
    left -= this.#zeros;
    if (left < 0) return 0;
    const { counts, lowest } = this.#positive;
    for (let i = 0; i < counts.length; i += 1) {
      left -= counts[i] as number;
      if (left < 0) return this.#valueOf(lowest + i);
    }
    return this.#most;
  }

  /** The value that is no more than the relative error away from either end of the bin. */
  #valueOf(bin: number): number {
    return Math.exp(bin / this.#binsPerLog) * (1 - this.#options.relativeError);
  }

  /** Takes in what another sketch has seen, which stays as it is. @throws PilotfishError `USAGE` for other options. */
  merge(other: QuantileSketch): void {
    const { relativeError, maxBins } = this.#options;
    if (other.#options.relativeError !== relativeError || other.#options.maxBins !== maxBins) {
      throw new PilotfishError('USAGE', 'sketches merge when made with the same options; make them alike');
    }
    addBins(this.#positive, other.#positive);
    addBins(this.#negative, other.#negative);
    this.#zeros += other.#zeros;
    this.#count += other.#count;
    this.#least = Math.min(this.#least, other.#least);
    this.#most = Math.max(this.#most, other.#most);
  }

  snapshot(): Snapshot {
    const bins = ({ counts }: LogBins) => ({ shape: [counts.length], data: counts.slice() });
    const [positive, negative] = [this.#positive, this.#negative];
    const empty = this.#count === 0;
    const config = {
      ...this.#options,
      zeros: this.#zeros,
      least: empty ? 0 : this.#least,
      most: empty ? 0 : this.#most,
      positive: [positive.lowest, positive.counts.length],
      negative: [negative.lowest, negative.counts.length],
    };
    const tensors = { positive: bins(positive), negative: bins(negative) };
    return { kind: this.kind, version: 1, config, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): QuantileSketch {
    checkSnapshot(snapshot, 'quantile-sketch', 1);
    const { relativeError, maxBins } = snapshot.config;
    const sketch = new QuantileSketch({
      relativeError: numberOf('relativeError', relativeError),
      maxBins: numberOf('maxBins', maxBins),
    });
    sketch.#resume(snapshot);
    return sketch;
  }

  #resume(snapshot: Snapshot): void {
    const { zeros, least, most } = snapshot.config;
    this.#zeros = wholeNumber('zeros', numberOf('zeros', zeros), COUNT_RANGE);
    const { maxBins } = this.#options;
    this.#count = this.#zeros;
    this.#count += fillBins(this.#positive, snapshot, { name: 'positive', maxBins });
    this.#count += fillBins(this.#negative, snapshot, { name: 'negative', maxBins });
    if (this.#count === 0) return;
    this.#least = numberOf('least', least);
    this.#most = numberOf('most', most);
    if (this.#least > this.#most) throw new PilotfishError('DAMAGED', 'the least value is above the largest');
  }
}

function numberOf(name: string, value: Json | undefined): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new PilotfishError('DAMAGED', `the snapshot has no number "${name}"`);
}

/** Puts back the bins of one sign; returns how many values they hold. */
function fillBins(bins: LogBins, snapshot: Snapshot, part: { name: string; maxBins: number }): number {
  const { name, maxBins } = part;
  const [lowest, size] = ([] as Json[]).concat(snapshot.config[name] ?? []);
  const from = wholeNumber(name, numberOf(name, lowest), LOWEST_RANGE);
  const shape = [wholeNumber(name, numberOf(name, size), [0, maxBins])];
  const counts = takeTensor<Float64Array>(snapshot, name, { type: Float64Array, shape });
  let sum = 0;
  counts.forEach((count, i) => {
    sum += wholeNumber(name, count, COUNT_RANGE);
    if (count > 0) bins.add(from + i, count);
  });
  return sum;
}

function addBins(to: LogBins, from: LogBins): void {
  const { counts, lowest } = from;
  // From the highest down: the lower ones then go where they stay.
  for (let i = counts.length - 1; i >= 0; i -= 1) {
    const count = counts[i] as number;
    if (count > 0) to.add(lowest + i, count);
  }
}
