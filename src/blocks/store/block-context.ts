import { MAX_CHAIN_DEPTH } from '../../base/index.ts';

/** What is known of a block beside its bytes. */
export interface BlockContext {
  /** Content kind of its file (`signals`). */
  fileKind: number;
  /** A number derived from the file name's ending. */
  nameClass: number;
  fileOffsetBytes: number;
  /** Numbers the files of a run. */
  fileNumber: number;
  isTree: boolean;
  /** Most steps it may take to bytes that need no other record: for a block that others have as their base already. */
  maxDepth?: number | undefined;
}

/** How many steps a base must stay below for a block of this context. */
export function depthLimit({ maxDepth = MAX_CHAIN_DEPTH }: BlockContext): number {
  return Math.min(maxDepth, MAX_CHAIN_DEPTH);
}
