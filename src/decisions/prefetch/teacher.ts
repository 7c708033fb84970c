/**
 * What reading a block for nothing costs, against 1 for waiting for a block that could have been read: what makes a
 * chance of 0.2, the least floor, break even.
 */
export const USELESS_PRICE = 0.25;

/** What was decided about candidates, and what came of it. */
export type Outcome = { readonly wasRead: boolean; readonly wasUsed: boolean };

/** Cost of one decision: 0 is the oracle's, which reads what will be asked for and nothing else. */
export function costOf({ wasRead, wasUsed }: Outcome): number {
  if (wasRead === wasUsed) return 0;
  return wasRead ? USELESS_PRICE : 1;
}
