export { Advice, type Surroundings } from './advice.ts';
export { Arena } from './arena.ts';
export type { BlockContext } from './block-context.ts';
export { BlockReader, type DecodedAhead, groupKey, memberRange } from './block-reader.ts';
export { BlockWriter, PIPELINE_ARENA_BYTES } from './block-writer.ts';
export { EFFORTS } from './encode.ts';
export { PoolEncoder } from './encoder.ts';
export { type BlockPlace, type IndexMode, PackSet } from './pack-set.ts';
