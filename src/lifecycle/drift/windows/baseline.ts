import { PilotfishError } from '../../../base/index.ts';
import { BinnedBaseline } from '../../../learn/index.ts';

/** Equally wide bins of a histogram. */
export const HISTOGRAM_BINS = 10;

/** So many cells that few values of a baseline share one, unless most lie close together. */
const CELLS = 1024;

/**
 * What a stream was when the model learnt it. Values are told apart only by where they lie among those of the baseline: the
 * code of a value is 2 j + 1 where it equals the j-th different value, and 2 j where it lies just below it.
 */
export class DriftBaseline {
  /** In rising order. */
  readonly values: Float64Array;
  /** Share of the baseline below the j-th different value; the last is 1. */
  readonly below: Float64Array;
  readonly mean: number;
  readonly variance: number;
  /** Whether all values are 0 or 1, as those of a flag or of errors are. */
  readonly isBinary: boolean;
  /** Eleven edges. */
  readonly edges: Float64Array;
  readonly quantiles: BinnedBaseline;
  readonly #distinct: Float64Array;
  readonly #from: number;
  readonly #scale: number;
  readonly #cells: number;
  /** Different values below each cell: where a search begins. */
  readonly #guide = new Uint16Array(CELLS + 1);

  /** @param values finite, in rising order, at least one */
  constructor(values: Float64Array) {
    this.values = values;
    this.#distinct = values.filter((value, at) => at === 0 || value !== values[at - 1]);
    this.below = new Float64Array(this.#distinct.length + 1);
    let at = 0;
    this.#distinct.forEach((value, j) => {
      while (at < values.length && (values[at] as number) <= value) at += 1;
      this.below[j + 1] = at / values.length;
    });
    this.isBinary = this.#distinct.every((value) => value === 0 || value === 1);
    this.mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - this.mean) ** 2, 0);
    this.variance = squares / Math.max(1, values.length - 1);
    if (!Number.isFinite(this.variance)) {
      throw new PilotfishError('NOT_FINITE', 'the baseline has values too large to square: scale them');
    }
    this.edges = edgesOf(values);
    this.#from = this.edges[0] as number;
    const width = (this.edges[HISTOGRAM_BINS] as number) - this.#from;
    this.#scale = HISTOGRAM_BINS / width;
    this.#cells = CELLS / width;
    for (const value of this.#distinct) {
      const next = this.#cellOf(value) + 1;
      this.#guide[next] = (this.#guide[next] as number) + 1;
    }
    for (let cell = 1; cell <= CELLS; cell += 1)
      this.#guide[cell] = (this.#guide[cell] as number) + (this.#guide[cell - 1] as number);
    this.quantiles = BinnedBaseline.of(values);
  }

  get count(): number {
    return this.values.length;
  }

  get min(): number {
    return this.values[0] as number;
  }

  get max(): number {
    return this.values[this.values.length - 1] as number;
  }

  /** Where a value lies among those of the baseline. Allocates nothing. */
  codeOf(value: number): number {
    const distinct = this.#distinct;
    const cell = this.#cellOf(value);
    let base = this.#guide[cell] as number;
    // Steps of known number: no branch that depends on the value.
    for (let size = (this.#guide[cell + 1] as number) - base; size > 0; ) {
      const half = (size + 1) >> 1;
      base += half * +((distinct[base + half - 1] as number) < value);
      size -= half;
    }
    return 2 * base + +(distinct[base] === value);
  }

  /** Which of many equally wide cells a value falls into: never a higher one than a larger value does. */
  #cellOf(value: number): number {
    const at = (value - this.#from) * this.#cells;
    return at >= CELLS - 1 ? CELLS - 1 : at > 0 ? Math.floor(at) : 0;
  }

  /** The bin of the histogram a value falls into. */
  binOf(value: number): number {
    const at = (value - this.#from) * this.#scale;
    return at >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : at > 0 ? Math.floor(at) : 0;
  }

  histogram(): number[] {
    const counts = new Array<number>(HISTOGRAM_BINS).fill(0);
    for (const value of this.values) counts[this.binOf(value)] = (counts[this.binOf(value)] as number) + 1;
    return counts;
  }
}

/** A constant gets bins of its own around it. */
function edgesOf(values: Float64Array): Float64Array {
  const [min, max] = [values[0] as number, values[values.length - 1] as number];
  const [from, width] = min === max ? [min - 0.5, 1] : [min, max - min];
  return Float64Array.from({ length: HISTOGRAM_BINS + 1 }, (_, i) => from + (width * i) / HISTOGRAM_BINS);
}
