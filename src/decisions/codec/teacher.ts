import { RATIO_GATE } from '../../blocks/index.ts';
import { CODECS, type CodecValue } from './validator.ts';

/** What the alternatives cost on one block: measured, never predicted. */
export type MeasuredCosts = {
  readonly rawBytes: number;
  /** Per codec of `CODECS`: bytes after encoding, before the ratio gate; raw bytes for `none`. */
  readonly bytes: ArrayLike<number>;
  /** Per codec: processor time of encoding, seconds; 0 for `none`. */
  readonly seconds: ArrayLike<number>;
};

/** Where cost is counted: the link, and how much a second of processor time weighs against one of the link. */
export type CostTerms = { readonly linkBitsPerSecond: number; readonly cpuPenalty: number };

/** One second of processor time is worth one second of the link. */
export const CPU_PENALTY = 1;
/** Choices within this factor of the best cost are as good as the best: timing noise is of that size. */
export const NEAR_BEST = 1.05;

/**
 * Seconds that choosing `codec` costs: sending what it leaves and computing it. A codec that does not pay (ratio 0.9
 * or more) leaves the raw bytes and has cost its time all the same.
 */
export function costOf(costs: MeasuredCosts, codec: number, terms: CostTerms): number {
  const encoded = costs.bytes[codec] as number;
  const sent = codec === 0 || encoded >= costs.rawBytes * RATIO_GATE ? costs.rawBytes : encoded;
  return (sent * 8) / terms.linkBitsPerSecond + terms.cpuPenalty * (costs.seconds[codec] as number);
}

/** Number of the cheapest codec on this block; the earlier one of a tie. */
export function oracleOf(costs: MeasuredCosts, terms: CostTerms): number {
  let best = 0;
  for (let codec = 1; codec < CODECS.length; codec += 1) {
    if (costOf(costs, codec, terms) < costOf(costs, best, terms)) best = codec;
  }
  return best;
}

export const codecNumber = (value: CodecValue): number => CODECS.indexOf(value);
