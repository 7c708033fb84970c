/** Sizes that appear in more than one room. Binary units; the unit is last in every name. */
export const KIB = 1024;
export const MIB = 1024 * 1024;
export const GIB = 1024 * 1024 * 1024;

/** Largest raw block: four times the largest average a repository may fix (256 KiB). */
export const MAX_BLOCK_BYTES = 1 * MIB;
/** Largest raw size of a small-file group. */
export const MAX_GROUP_BYTES = 1 * MIB;
/** A file up to this size is tried as delta first, then grouped. */
export const SMALL_FILE_BYTES = 16 * KIB;
/** Steps from a block to the bytes that need no other block; a group counts as one step. */
export const MAX_CHAIN_DEPTH = 4;
