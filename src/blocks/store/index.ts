export { Advice } from './advice.ts';
export { Arena } from './arena.ts';
export { BlockReader } from './block-reader.ts';
export { type BlockContext, BlockWriter, PIPELINE_ARENA_BYTES } from './block-writer.ts';
export { type Encoder, InlineEncoder, PoolEncoder } from './encoder.ts';
export { Lru } from './lru.ts';
export { type BlockPlace, type IndexMode, PackSet } from './pack-set.ts';
export { ResemblanceIndex } from './resemblance.ts';
export type { WriteCounters } from './write-counters.ts';
