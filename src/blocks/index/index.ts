export type { ExactIndex, Place } from './exact-index.ts';
export { MemoryIndex } from './memory-index.ts';
export { NearTables } from './near-tables.ts';
export { isBusy, SqliteIndex } from './sqlite-index.ts';
