/** Ring 1: pure measuring of bytes, used by more than one room. No clock, no chance, no files. */
export { type ByteStatistics, byteStatistics } from './bytes.ts';
export {
  AVERAGE_BYTES,
  ChunkKernel,
  type ChunkKernelOptions,
  FEATURE_COUNT,
  MAX_SAMPLE_BITS,
  maxBlockBytes,
  minBlockBytes,
} from './chunking/index.ts';
export { ContentKind, isCompressed, isText } from './content-kind.ts';
export { entropyBits } from './entropy.ts';
export { HistogramKernel } from './histogram.ts';
export { classify } from './magic.ts';
export { SAMPLE_BYTES, sampleBytes } from './sample.ts';
export {
  MAX_FINGERPRINTS,
  MAX_NEAREST,
  NearestFingerprints,
  SHINGLE_BYTES,
  SimHashKernel,
  similarityOf,
} from './similarity/index.ts';
