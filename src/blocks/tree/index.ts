export {
  blockOf,
  nodeCid,
  type Owner,
  rawCid,
  type TreeEntry,
} from './node.ts';
export { type FileBlock, fileBlocks, fileNodes, type ReadBlock, readDirectory } from './tree-reader.ts';
export { DirectoryWriter, FileListWriter, type PutNode } from './tree-writer.ts';
