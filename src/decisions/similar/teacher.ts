import {
  paysAtOnce,
  paysBesideAlone,
  paysBesideGroup,
  RATIO_GATE,
  SMALL_DELTA_SHARE,
} from '../../blocks/index.ts';

/** One block and what it alone comes to: measured, never predicted. */
export type MeasuredBlock = {
  readonly rawBytes: number;
  /** Whether the block goes into a group unless a delta is far better. */
  readonly isSmall: boolean;
  /** What the block alone comes to. */
  readonly aloneBytes: number;
};

/** The same with every alternative. Bytes. */
export type MeasuredBases = MeasuredBlock & {
  /** What the block takes without a delta: alone, or its share of a group. */
  readonly elseBytes: number;
  /** Size of the delta against each candidate; 0 where none could be made. */
  readonly deltaBytes: ArrayLike<number>;
  /** Steps from each candidate to bytes that need no other block. */
  readonly chainDepths: ArrayLike<number>;
};

/**
 * A step of the chain weighs as much as a delta larger by this power of two: chains end after four steps, and where they
 * are used up, the next version has no base. Settled on the training sets by leaving out one after the other: without it
 * (0) they took 3 % more, with 0.6 1 % more.
 */
export const STEP_WEIGHT = 0.3;

/** Whether the store keeps this delta. */
export function isKept({ rawBytes, isSmall, aloneBytes }: MeasuredBlock, deltaBytes: number): boolean {
  if (deltaBytes === 0) return false;
  if (isSmall) return paysBesideGroup(rawBytes, deltaBytes);
  return paysAtOnce(rawBytes, deltaBytes) || paysBesideAlone(aloneBytes, deltaBytes);
}

/** A base is useless when its delta is no smaller than 0.9 of the block alone (definitions 4, false positive). */
export function isUseless({ aloneBytes }: MeasuredBlock, deltaBytes: number): boolean {
  return deltaBytes === 0 || deltaBytes >= RATIO_GATE * aloneBytes;
}

/** What the block takes when candidate `base` is chosen, in bytes; -1 for none. */
export function bytesOf(measured: MeasuredBases, base: number): number {
  const deltaBytes = measured.deltaBytes[base] ?? 0;
  return isKept(measured, deltaBytes) ? deltaBytes : measured.elseBytes;
}

/** The same with the steps of the chain that a delta uses up. */
export function costOf(measured: MeasuredBases, base: number): number {
  const deltaBytes = measured.deltaBytes[base] ?? 0;
  if (!isKept(measured, deltaBytes)) return measured.elseBytes;
  return deltaBytes * 2 ** (STEP_WEIGHT * (measured.chainDepths[base] ?? 0));
}

/** The candidate that costs least of those whose delta is kept and smaller than what it replaces; else -1. */
export function oracleOf(measured: MeasuredBases): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < measured.deltaBytes.length; i += 1) {
    const deltaBytes = measured.deltaBytes[i] as number;
    const cost = costOf(measured, i);
    if (cost < least && deltaBytes < measured.elseBytes && isKept(measured, deltaBytes)) {
      best = i;
      least = cost;
    }
  }
  return best;
}

/** Bytes a delta must stay below to be kept: what the models measure deltas in. */
export function worthBytes({ rawBytes, isSmall, aloneBytes }: MeasuredBlock): number {
  return isSmall ? rawBytes * SMALL_DELTA_SHARE : RATIO_GATE * aloneBytes;
}
