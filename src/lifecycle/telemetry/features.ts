import type { FeatureSlot } from '../../decisions/index.ts';

/** Numbers by the name of their slot. */
export type Features = { readonly [name: string]: number };

const slot = (name: string, unit: string, scale: string, neutral = 0): FeatureSlot => ({
  name,
  unit,
  scale,
  neutral,
});

const size = slot('block_size_log', 'bytes', 'log2(1 + x) / 40');
const depth = slot('block_depth_log', 'blocks above it', 'log2(1 + x) / 10');
const accesses = slot('access_count_log', 'accesses before', 'log2(1 + x) / 40');

/**
 * What is known of a block before it is handled. `sibling_ratio` is history: the running mean (weight 0.2) of compressed /
 * raw over blocks that came before, never the ratio of the block itself.
 */
export const BLOCK_FEATURES: readonly FeatureSlot[] = [
  size,
  depth,
  slot('sibling_ratio', '-', 'min(x, 1)', 0.5),
  accesses,
];

/** How a block was accessed up to a point in time. */
export const ACCESS_FEATURES: readonly FeatureSlot[] = [
  accesses,
  slot('since_last_log', 's', 'log2(1 + x) / 32', 1),
  slot('since_first_log', 's', 'log2(1 + x) / 32', 1),
  slot('mean_gap_log', 's', 'log2(1 + x) / 32', 1),
  slot('gap_variation', 'standard deviation / mean', 'min(x, 4) / 4'),
  slot('last_hour_share', '-', 'x'),
];

/** What is known of a peer before it is asked: its earlier requests. Means have a weight of 0.2. */
export const PEER_FEATURES: readonly FeatureSlot[] = [
  size,
  slot('peer_requests_log', 'requests before', 'log2(1 + x) / 40'),
  slot('peer_failure_rate', '-', 'x', 0.5),
  slot('peer_latency_log', 'ms', 'log2(1 + x) / 27', 0.25),
];

/** What is known of a prefetched block before it turns out to be used or not. */
export const PREFETCH_FEATURES: readonly FeatureSlot[] = [
  size,
  accesses,
  slot('rank_log', 'place in the list', 'log2(x) / 10'),
  slot('prefetch_hit_rate', 'of earlier prefetches', 'x', 0.5),
];

/** `log2(1 + x) / bits`, at most 1. */
export const logScale = (value: number, bits: number): number =>
  Math.min(1, Math.log2(1 + Math.max(0, value)) / bits);

/** The features of slots, in their order. @param values as many as there are slots */
export function named(slots: readonly FeatureSlot[], values: ArrayLike<number>): Features {
  return Object.fromEntries(slots.map(({ name, neutral }, at) => [name, values[at] ?? neutral]));
}
