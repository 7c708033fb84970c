export type { AheadCounts } from './blocks-ahead.ts';
export { type CachedCounts, CachedReader, type CachedReaderOptions } from './cached-reader.ts';
export { openTreeReading, type ReadAheadOptions, type TreeReading } from './open-ahead.ts';
