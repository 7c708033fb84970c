import { PilotfishError } from '../../../base/index.ts';
import { finite, numberWithin } from '../../contract/index.ts';
import type { Summary } from '../summary.ts';
import { checkSummary, RunningMoments, type SavedMoments } from './moments.ts';

/** Moments of two values measured together: per unit, or per unit before and during an experiment. */
export type PairSummary = {
  readonly first: Summary;
  readonly second: Summary;
  /** Unbiased. */
  readonly covariance: number;
};

/** What a `RunningPairs` needs to go on: plain numbers. */
export type SavedPairs = {
  readonly first: SavedMoments;
  readonly second: SavedMoments;
  /** Sum of products of distances from both means. */
  readonly products: number;
};

const RANGE = [-1e140, 1e140] as const;

/** `RunningMoments` of two values measured together, with their covariance. It is a `PairSummary` at every moment. */
export class RunningPairs implements PairSummary {
  readonly #first = new RunningMoments();
  readonly #second = new RunningMoments();
  #products = 0;

  get first(): Summary {
    return this.#first;
  }

  get second(): Summary {
    return this.#second;
  }

  get covariance(): number {
    return this.#first.count > 1 ? this.#products / (this.#first.count - 1) : 0;
  }

  /** @throws PilotfishError `NOT_FINITE` or `USAGE` for values beyond ±1e140; nothing has changed then. */
  add(first: number, second: number): void {
    // Checked before either is added; products of such values do not overflow, however many there are.
    numberWithin('first', finite('first', first), RANGE);
    numberWithin('second', finite('second', second), RANGE);
    const gap = first - this.#first.mean;
    this.#first.add(first);
    this.#second.add(second);
    this.#products += gap * (second - this.#second.mean);
  }

  snapshot(): SavedPairs {
    return { first: this.#first.snapshot(), second: this.#second.snapshot(), products: this.#products };
  }

  /** @throws PilotfishError `DAMAGED` for numbers that are the moments of no pairs. */
  static restore({ first, second, products }: SavedPairs): RunningPairs {
    const pairs = new RunningPairs();
    pairs.#first.merge(RunningMoments.restore(first));
    pairs.#second.merge(RunningMoments.restore(second));
    if (first.count !== second.count || !Number.isFinite(products))
      throw new PilotfishError('DAMAGED', 'the saved moments are those of no pairs; restore a copy');
    pairs.#products = products;
    return pairs;
  }
}

/** @throws PilotfishError `EMPTY`, `NOT_FINITE`, or `USAGE` for moments of no pairs. */
export function checkPairs(name: string, pairs: PairSummary): PairSummary {
  checkSummary(`${name}.first`, pairs.first);
  checkSummary(`${name}.second`, pairs.second);
  const most = Math.sqrt(pairs.first.variance * pairs.second.variance);
  if (pairs.first.count === pairs.second.count && Math.abs(pairs.covariance) <= most * (1 + 1e-6))
    return pairs;
  throw new PilotfishError('USAGE', `${name} are the moments of no pairs; collect them with RunningPairs`);
}
