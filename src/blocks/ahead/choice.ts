import { AHEAD_SLOTS, type AheadQuestion, MAX_AHEAD } from '../questions.ts';

/** Digits of an answer: a slot and one more for none. */
const BASE = AHEAD_SLOTS + 1;

/** Slot at place `rank` of an answer; -1 where there is none. */
export function slotAt(answer: number, rank: number): number {
  return (Math.floor(answer / BASE ** rank) % BASE) - 1;
}

/** An answer with `slot` at place `rank`; what stood there must have been none. */
export function withSlot(answer: number, rank: number, slot: number): number {
  return answer + (slot + 1) * BASE ** rank;
}

/**
 * Whether `value` is an answer to this question: a whole number whose digits name slots that hold a candidate, each
 * once, no gap between them, no more than the budget allows. 0 reads nothing.
 */
export function isAheadAnswer(value: unknown, { chances, limit }: Readonly<AheadQuestion>): value is number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return false;
  if (value >= BASE ** Math.min(MAX_AHEAD, limit)) return false;
  let rest = value;
  let named = 0;
  for (; rest > 0; rest = Math.floor(rest / BASE)) {
    const slot = (rest % BASE) - 1;
    if (slot < 0 || !((chances[slot] as number) > 0) || (named & (1 << slot)) !== 0) return false;
    named |= 1 << slot;
  }
  return true;
}

/**
 * The best slots of a question by these scores, best first, as an answer: those that hold a candidate and score at least
 * the floor, as many as the budget allows.
 */
export function bestSlots(
  scores: ArrayLike<number>,
  { chances, limit, floor }: Readonly<AheadQuestion>,
): number {
  let answer = 0;
  let named = 0;
  const most = Math.min(MAX_AHEAD, limit);
  for (let rank = 0; rank < most; rank += 1) {
    let best = -1;
    for (let slot = 0; slot < AHEAD_SLOTS; slot += 1) {
      if ((named & (1 << slot)) !== 0 || !((chances[slot] as number) > 0)) continue;
      if (best === -1 || (scores[slot] as number) > (scores[best] as number)) best = slot;
    }
    if (best === -1 || !((scores[best] as number) >= floor)) return answer;
    answer = withSlot(answer, rank, best);
    named |= 1 << best;
  }
  return answer;
}

/** The built-in rule: candidates like those that were right lately. */
export function aheadRule(question: Readonly<AheadQuestion>): number {
  return bestSlots(question.chances, question);
}
