export { Advice, type Surroundings } from './advice.ts';
export { Arena } from './arena.ts';
export { BlockReader } from './block-reader.ts';
export { type BlockContext, BlockWriter, PIPELINE_ARENA_BYTES } from './block-writer.ts';
export { EFFORTS } from './encode.ts';
export { PoolEncoder } from './encoder.ts';
export { type BlockPlace, type IndexMode, PackSet } from './pack-set.ts';
export { ResemblanceIndex } from './resemblance.ts';
