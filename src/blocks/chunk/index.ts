export { type Chunk, Chunker, type ReadInto } from './chunker.ts';
export { checkAverageBytes, DEFAULT_AVERAGE_BYTES } from './parameters.ts';
