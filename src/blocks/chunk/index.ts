export { type Chunk, Chunker, type ReadInto } from './chunker.ts';
export { cutIntoBlocks, cutWithFeatures } from './cut.ts';
export { checkAverageBytes, DEFAULT_AVERAGE_BYTES } from './parameters.ts';
