import { type BaseQuestion, paysAtOnce } from '../../../blocks/index.ts';
import { costOf, isKept } from '../teacher.ts';
import type { BaseRow } from './table.ts';

/**
 * A byte that is kept weighs as much as sending it at 20 Mbit/s, the rate a repository on a disk is judged by; a second
 * of the processor weighs a second.
 */
const SECONDS_PER_BYTE = 8 / 2e7;

/** What an answer costs, in seconds: the bytes that are kept, the steps of the chain, and the encoding. */
function secondsOf({ measured, aloneSeconds, deltaSeconds }: BaseRow, choice: number): number {
  const deltaBytes = measured.deltaBytes[choice] ?? 0;
  // A small block joins a group, whose encoding is shared; a large one is encoded alone unless the delta is obvious.
  const isAlone = !measured.isSmall && (deltaBytes === 0 || !paysAtOnce(measured.rawBytes, deltaBytes));
  const encoding = (deltaSeconds[choice] ?? 0) + (isAlone ? aloneSeconds : 0);
  return costOf(measured, choice) * SECONDS_PER_BYTE + encoding;
}

/** What somebody's answers to some rows come to: sums. */
export type Judged = {
  readonly spent: number;
  /** The cheapest answers. */
  readonly least: number;
  readonly tried: number;
  /** Deltas that were tried and not kept. */
  readonly notKept: number;
};

/** Judges answers to rows. */
export function judge(
  rows: readonly BaseRow[],
  choose: (question: Readonly<BaseQuestion>) => number,
): Judged {
  let [spent, least, tried, notKept] = [0, 0, 0, 0];
  for (const row of rows) {
    const choice = choose(row.question);
    spent += secondsOf(row, choice);
    least += leastSecondsOf(row);
    if (choice < 0) continue;
    tried += 1;
    if (!isKept(row.measured, row.measured.deltaBytes[choice] ?? 0)) notKept += 1;
  }
  return { spent, least, tried, notKept };
}

/** Cost over the least possible, less one; 0 where nothing was asked. */
export const regretOf = ({ spent, least }: Judged): number => (least === 0 ? 0 : spent / least - 1);

function leastSecondsOf(row: BaseRow): number {
  let least = secondsOf(row, -1);
  for (let i = 0; i < row.measured.deltaBytes.length; i += 1) least = Math.min(least, secondsOf(row, i));
  return least;
}
