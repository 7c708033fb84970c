import { type CodecQuestion, type CodecSteps, NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import { CodecContent, contentOf } from './features.ts';
import type { CodecValue } from './validator.ts';

type Bounds = readonly (readonly [belowBitsPerSecond: number, codec: CodecValue])[];

/** Best by link rate where nothing else is known: where neighbours cost the same, as a mean over the training sets. */
const BY_RATE: Bounds = [
  [2e7, 'zstd-9'],
  [3e8, 'zstd-3'],
  [4e8, 'zstd-1'],
  [3.5e9, 'snappy'],
];
/** The same for a block so large that what a call takes beside its bytes does not count. */
const BY_RATE_OF_LARGE: Bounds = [
  [3e8, 'zstd-3'],
  [1.2e9, 'zstd-1'],
  [8e9, 'snappy'],
];
/** Below this the best level pays for blocks of every size. */
const SLOWEST_BITS_PER_SECOND = 2e7;
/** A call takes as long as so many bytes more would: to a small block the link seems faster than it is. */
const CALL_BYTES = 12 * 1024;
/** From here on trying costs more than a small gain saves; up to the other a quick try is paid by what it may find. */
const FAST_BITS_PER_SECOND = 5e8;
const SLOW_BITS_PER_SECOND = 4e7;
const UNSHRUNK_RATIO = 0.9;

const within = (bounds: Bounds, rate: number): CodecValue =>
  bounds.find(([below]) => rate < below)?.[1] ?? 'none';

/** A codec by link rate alone: the named baseline. */
export function bandwidthTable(linkBitsPerSecond: number): CodecValue {
  return linkBitsPerSecond === 0 ? 'snappy' : within(BY_RATE, linkBitsPerSecond);
}

/**
 * The rule looks at nothing. Skipping what an lz4 probe of 4 KiB could not shrink was tried: on the training sets it
 * cost more than the table alone (2.0 against 0.4 % regret at 10 Mbit/s), because zstd still shrinks a good part of it.
 */
export function heuristicSteps(): CodecSteps {
  return 'none';
}

/**
 * The rule that serves without a model: by link and size, and hardly anything for what is compressed already by its
 * magic bytes. On the training sets it regrets 0.3, 0.8 and 2.1 % at 10 Mbit/s, 100 Mbit/s and 1 Gbit/s where the rate
 * alone regrets 0.3, 2.0 and 4.8 %.
 */
export function codecHeuristic({
  rawBytes,
  fileKind,
  siblingRatio,
  linkBitsPerSecond,
}: Readonly<CodecQuestion>): CodecValue {
  const isCompressed = contentOf(fileKind) === CodecContent.image && isUnshrunk(siblingRatio);
  if (linkBitsPerSecond === 0) return isCompressed ? 'none' : bandwidthTable(0);
  if (isCompressed && linkBitsPerSecond >= FAST_BITS_PER_SECOND) return 'none';
  if (isCompressed && linkBitsPerSecond >= SLOW_BITS_PER_SECOND) return 'lz4';
  if (linkBitsPerSecond < SLOWEST_BITS_PER_SECOND) return 'zstd-9';
  return within(BY_RATE_OF_LARGE, linkBitsPerSecond * (1 + CALL_BYTES / Math.max(1, rawBytes)));
}

/** Earlier blocks of the file did not shrink, or there were none. */
const isUnshrunk = (siblingRatio: number): boolean =>
  siblingRatio === NEUTRAL_CODEC_QUESTION.siblingRatio || siblingRatio > UNSHRUNK_RATIO;
