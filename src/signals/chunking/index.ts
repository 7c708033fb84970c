/** Block boundaries and resemblance features. */
export { ChunkKernel, type ChunkKernelOptions } from './kernel.ts';
export { AVERAGE_BYTES, FEATURE_COUNT, MAX_SAMPLE_BITS, maxBlockBytes, minBlockBytes } from './parameters.ts';
