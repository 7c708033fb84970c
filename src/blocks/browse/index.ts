export { blocksOfFile, fileContent, listSnapshot } from './browse.ts';
export {
  type Change,
  type Comparison,
  comparePaths,
  type Difference,
  diffSnapshots,
} from './diff.ts';
export { type Found, findPaths } from './find.ts';
export { checkDepth, childPath, isStackBreak, type Visited, walkTree } from './tree-walk.ts';
