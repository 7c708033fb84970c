import { PilotfishError } from '../../base/index.ts';
import { wholeNumber } from '../contract/index.ts';
import { placesFor } from './context-table.ts';
import type { TableSize } from './follower-counts.ts';

export type SequenceOptions = {
  /** Contexts remembered; rounded up to a power of two. Default 65,536. */
  readonly contexts?: number;
  /** Followers remembered of a context. */
  readonly followers?: number;
  /** Most ids in a prediction. Default 5. */
  readonly top?: number;
};

const CONTEXTS_RANGE = [1, 2 ** 24] as const;
export const FOLLOWERS_RANGE = [1, 256] as const;
const TOP_RANGE = [1, 512] as const;
/** Most followers of all contexts of a table: 192 MiB. */
const MAX_FOLLOWERS = 2 ** 24;

/** @throws PilotfishError `USAGE` for sizes out of range, `LIMIT` for a table beyond memory. */
export function checkSizes({ contexts, followers, top }: TableSize & { readonly top: number }): void {
  wholeNumber('contexts', contexts, CONTEXTS_RANGE);
  wholeNumber('followers', followers, FOLLOWERS_RANGE);
  wholeNumber('top', top, TOP_RANGE);
  if (placesFor(contexts) * followers > MAX_FOLLOWERS) {
    throw new PilotfishError(
      'LIMIT',
      `${contexts} contexts of ${followers} followers; a table has ${MAX_FOLLOWERS}`,
    );
  }
}
