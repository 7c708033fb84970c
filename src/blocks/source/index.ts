export { nameClass } from './name-class.ts';
export { Owners } from './owners.ts';
export { type PathTest, parsePatternFile, pathTest } from './patterns.ts';
export {
  cacheKey,
  cacheWriter,
  UnchangedReader,
  UnchangedWriter,
} from './unchanged-cache.ts';
