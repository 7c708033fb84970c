import { sha256 } from '../../base/index.ts';

/** Where a sample belongs: 70 % of groups train, 15 % validate, 15 % are sealed for the last word. */
export type Part = 'train' | 'val' | 'test';

const TRAIN_SHARE = 0.7;
const VAL_SHARE = 0.15;

/** The part of a group: by its name alone, so that it is the same in every run, set and version of the data. */
export function partOfGroup(group: string): Part {
  return partAt(sha256(Buffer.from(group)).readUInt32LE(0) / 2 ** 32);
}

/** The part of place `index` of `count` in time or file order: what comes last is tested on. For a single group. */
export function partInOrder(index: number, count: number): Part {
  return partAt(index / count);
}

function partAt(position: number): Part {
  if (position < TRAIN_SHARE) return 'train';
  return position < TRAIN_SHARE + VAL_SHARE ? 'val' : 'test';
}
