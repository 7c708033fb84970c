import { MAX_CHAIN_DEPTH } from '../../base/index.ts';
import type { OpenGroup } from './groups.ts';

/** A block on its way into the pack being written, or in it. */
export interface Entry {
  readonly id: string;
  readonly rawLength: number;
  readonly features: Uint32Array;
  /** Its number in the resemblance index; -1 when it has no features. */
  readonly sequence: number;
  /** Tree nodes count as blocks but not as files. */
  readonly isTree: boolean;
  readonly fileNumber: number;
  readonly nameClass: number;
  /** Number of the question which base it has; 0 where none was asked. */
  readonly baseQuestion: number;
  /** Steps to bytes that need no other record; an upper bound until the block is encoded. */
  depth: number;
  /** Position of the raw bytes in the arena, or -1. */
  arenaAt: number;
  home: Home;
}

/** Where an entry is: with the encoder, in an open group, waiting for one, or in the pack being written. */
export type Home =
  | { readonly kind: 'queued' }
  | { readonly kind: 'grouped'; readonly group: OpenGroup; readonly slot: number }
  | { readonly kind: 'waiting'; readonly group: OpenGroup }
  | { readonly kind: 'placed'; readonly record: number; readonly slot: number };

/** What the footer of a pack keeps of a record and the blocks in it. */
export function note(depth: number, entries: readonly Entry[]) {
  // At the end of a chain a block is no base for another: nobody will look for its features.
  const isBase = depth < MAX_CHAIN_DEPTH;
  return {
    depth,
    blocks: entries.map(({ id, rawLength, features }) => ({
      id,
      rawLength,
      features: isBase ? features : undefined,
    })),
  };
}
