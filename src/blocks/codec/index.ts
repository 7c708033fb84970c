export { type CompressedBlock, compressBlock, compressGated, RATIO_GATE } from './compress-block.ts';
export { probeRatio, sampleEntropyBits } from './probe.ts';
export {
  CODEC_IDS,
  type CodecChoice,
  type CodecName,
  codecName,
  decode,
  encode,
  parseAlgorithm,
} from './registry.ts';
export { zstdDecode, zstdEncode } from './zstd.ts';
