import type { CodecQuestion, CodecSteps } from '../../blocks/index.ts';
import { CodecContent, contentOf } from './features.ts';
import { stepsFor } from './steps.ts';
import type { CodecValue } from './validator.ts';

/**
 * The rule that serves without a model: a codec by link rate, and nothing at all for what a probe or its magic bytes
 * show to be compressed already. The rates are where neighbours in the table cost the same on the training sets.
 */
const TABLE: readonly (readonly [belowBitsPerSecond: number, codec: CodecValue])[] = [
  [4e7, 'zstd-9'],
  [8e7, 'zstd-3'],
  [5e8, 'zstd-1'],
  [4e9, 'lz4'],
];
/** An lz4 probe above this says that nothing will shrink. */
const HOPELESS_RATIO = 0.98;

/** The table alone: the named baseline. */
export function bandwidthTable(linkBitsPerSecond: number): CodecValue {
  for (const [below, codec] of TABLE) if (linkBitsPerSecond > 0 && linkBitsPerSecond < below) return codec;
  return linkBitsPerSecond === 0 ? 'lz4' : 'none';
}

/** The rule looks at the probe only, and only where the room measures one. */
export function heuristicSteps(rawBytes: number, linkBitsPerSecond: number): CodecSteps {
  return stepsFor(rawBytes, linkBitsPerSecond) === 'entropy+probe' ? 'probe' : 'none';
}

/** Earlier blocks of the file did not shrink, or there were none. */
const isUnshrunk = (siblingRatio: number): boolean => siblingRatio === 0.5 || siblingRatio > 0.9;

export function codecHeuristic(question: Readonly<CodecQuestion>): CodecValue {
  const probed = question.probeRatio !== 1;
  const hopeless = probed
    ? question.probeRatio > HOPELESS_RATIO
    : contentOf(question.fileKind) === CodecContent.image && isUnshrunk(question.siblingRatio);
  return hopeless ? 'none' : bandwidthTable(question.linkBitsPerSecond);
}
