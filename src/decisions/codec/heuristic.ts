import { type CodecQuestion, type CodecSteps, NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import { CodecContent, contentOf } from './features.ts';
import type { CodecValue } from './validator.ts';

/**
 * The rule that serves without a model: a codec by link rate, and on fast links nothing at all for what is compressed
 * already by its magic bytes. The rates are where neighbours in the table cost the same on the training sets.
 */
const TABLE: readonly (readonly [belowBitsPerSecond: number, codec: CodecValue])[] = [
  [4e7, 'zstd-9'],
  [8e7, 'zstd-3'],
  [5e8, 'zstd-1'],
  [4e9, 'lz4'],
];
/** From here on trying costs more than a small gain saves. */
const FAST_BITS_PER_SECOND = 5e8;
const UNSHRUNK_RATIO = 0.9;

/** The table alone: the named baseline. */
export function bandwidthTable(linkBitsPerSecond: number): CodecValue {
  for (const [below, codec] of TABLE) if (linkBitsPerSecond > 0 && linkBitsPerSecond < below) return codec;
  return linkBitsPerSecond === 0 ? 'lz4' : 'none';
}

/**
 * The rule measures nothing. Skipping what an lz4 probe of 4 KiB could not shrink was tried: on the training sets it
 * cost more than the table alone (2.0 against 0.4 % regret at 10 Mbit/s), because zstd still shrinks a good part of it.
 */
export function heuristicSteps(): CodecSteps {
  return 'none';
}

export function codecHeuristic({
  fileKind,
  siblingRatio,
  linkBitsPerSecond,
}: Readonly<CodecQuestion>): CodecValue {
  const isFast = linkBitsPerSecond === 0 || linkBitsPerSecond >= FAST_BITS_PER_SECOND;
  const isCompressed = isFast && contentOf(fileKind) === CodecContent.image && isUnshrunk(siblingRatio);
  return isCompressed ? 'none' : bandwidthTable(linkBitsPerSecond);
}

/** Earlier blocks of the file did not shrink, or there were none. */
const isUnshrunk = (siblingRatio: number): boolean =>
  siblingRatio === NEUTRAL_CODEC_QUESTION.siblingRatio || siblingRatio > UNSHRUNK_RATIO;
