export { fileContent, listSnapshot } from './browse.ts';
export { checkDepth, childPath, type Visited, walkTree } from './tree-walk.ts';
