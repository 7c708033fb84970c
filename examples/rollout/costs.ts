// What codecs come to on blocks of real files: sizes are real, and the seconds too if asked for.
import {
  type CodecQuestion,
  compressBlock,
  cutIntoBlocks,
  NEUTRAL_CODEC_QUESTION,
  sampleEntropyBits,
  siblingRatioAfter,
} from '../../src/blocks/index.ts';
import { CODECS, type CodecValue } from '../../src/decisions/index.ts';
import { classify } from '../../src/signals/index.ts';

/** The line that stored bytes leave by, in bits per second. */
export const LINK = 2.5e8;

/** Nanoseconds of a call and of a byte: lines through the measured times of `models/codec/costs.tsv.br`. */
const TIMES: Readonly<Record<CodecValue, readonly [call: number, byte: number]>> = {
  none: [0, 0],
  lz4: [1850, 1.59],
  snappy: [1730, 1.51],
  'zstd-1': [16_600, 2],
  'zstd-3': [16_700, 2.46],
  'zstd-9': [19_500, 13.4],
};

/** Seconds a codec takes by the table, the same at every run. */
export function secondsOf(codec: CodecValue, rawBytes: number): number {
  const [call, byte] = TIMES[codec];
  return (call + byte * rawBytes) / 1e9;
}

/** A block as the room sees it, and what each codec leaves of it, in the order of `CODECS`. */
export type Tried = { readonly question: CodecQuestion; readonly bytes: readonly number[] };

/** Cuts files into blocks as the store does, and tries every codec on each that it would ask for. */
export function tryAll(files: readonly Buffer[]): Tried[] {
  const tried: Tried[] = [];
  for (const content of files) {
    let [fileOffsetBytes, ratio] = [0, undefined as number | undefined];
    for (const raw of cutIntoBlocks(content)) {
      const bytes = CODECS.map((algorithm) => compressBlock(raw, { algorithm }).bytes.length);
      const question = {
        ...NEUTRAL_CODEC_QUESTION,
        ...{ rawBytes: raw.length, fileKind: classify(content), fileOffsetBytes, linkBitsPerSecond: LINK },
        ...{
          siblingRatio: ratio ?? NEUTRAL_CODEC_QUESTION.siblingRatio,
          sampleEntropyBits: sampleEntropyBits(raw),
        },
      };
      tried.push({ question, bytes });
      fileOffsetBytes += raw.length;
      ratio = siblingRatioAfter(ratio, (bytes[CODECS.indexOf('zstd-3')] as number) / raw.length);
    }
  }
  return tried;
}

/** What is stored: the codec's bytes, or the raw ones where it did not pay. */
export const bytesOf = ({ bytes }: Tried, codec: CodecValue): number =>
  bytes[CODECS.indexOf(codec)] as number;

/** Seconds on the line and of the processor; `hurry` times too few of the latter for one who measured wrongly. */
export function costOf(block: Tried, codec: CodecValue, hurry = 1): number {
  return (8 * bytesOf(block, codec)) / LINK + secondsOf(codec, block.question.rawBytes) / hurry;
}
