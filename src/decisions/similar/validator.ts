import type { BaseQuestion } from '../../blocks/index.ts';

/** No base: the block is stored without a delta. */
export const NO_BASE = -1;

/** Whether `value` is an answer to this question: the number of a candidate, or -1. */
export function isBase(value: unknown, { candidates }: Readonly<BaseQuestion>): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= NO_BASE && value < candidates.length
  );
}
