export { type Chunk, Chunker, type ReadInto } from './chunker.ts';
export { checkAverageBytes, DEFAULT_AVERAGE_BYTES, gearTable } from './parameters.ts';
