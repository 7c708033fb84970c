import { type AheadQuestion, MAX_AHEAD } from '../questions.ts';
import { WasteBudget } from './budget.ts';
import { aheadRule, isAheadAnswer, slotAt } from './choice.ts';
import { AccessHistory } from './history.ts';

/** Who answers in place of the built-in rule: undefined for none, or an answer as `AheadQuestion` has it. */
export type AskAhead = (question: Readonly<AheadQuestion>) => number | undefined;

export type AheadEngineOptions = {
  /** Keys are whole numbers below this. */
  readonly keys: number;
  /** Blocks the cache holds. */
  readonly cacheBlocks: number;
  /** The key stored or numbered after this one; -1 where there is none. */
  readonly next: (key: number) => number;
  /** Whether a block lies in the cache or is on its way there. */
  readonly has: (key: number) => boolean;
  /** The built-in rule answers unless given. */
  readonly ask?: AskAhead;
};

/**
 * Share of the cache, at least one block, that blocks may hold which nobody has asked for yet: however wrong they are,
 * the rest of the cache is nearly as it would be without them.
 */
export const AHEAD_SHARE = 0.1;
/** Least and most accesses that a block read ahead is waited for. */
const [LEAST_HORIZON, MOST_HORIZON] = [16, 512];
/**
 * A block that pushes another out of the cache must be worth it, at any price of waste. From a third of the budget on
 * the price rises, so that what is left goes to the surest.
 */
const LEAST_CHANCE = 0.2;
const SURE = 0.9;
const EASY_PRESSURE = 0.3;
/** In a small cache the block that is pushed out is wanted itself: there its share of the cache, twice, is asked on top. */
const CROWDING = 2;
const MOST_CROWDING = 0.5;

/**
 * Chance below which a block is not worth reading.
 * @param pressure share of the budget that is gone, 0 to 1
 */
export function floorAt(pressure: number, cacheBlocks: number): number {
  const strain = Math.max(0, (pressure - EASY_PRESSURE) / (1 - EASY_PRESSURE));
  const crowding = Math.min(MOST_CROWDING, CROWDING / cacheBlocks);
  return Math.min(1, LEAST_CHANCE + (SURE - LEAST_CHANCE) * strain + crowding);
}

/** Accesses that a block read ahead is waited for: about as long as a cache of so many blocks keeps it. */
export function horizonOf(cacheBlocks: number): number {
  return Math.max(LEAST_HORIZON, Math.min(MOST_HORIZON, Math.floor(AHEAD_SHARE * cacheBlocks)));
}

/** Turns what is accessed into what is read ahead, within the budget. No allocation per access. */
export class AheadEngine {
  readonly history: AccessHistory;
  readonly budget = new WasteBudget();
  /** Keys to read now, best first: the first `count` of them. */
  readonly keys = new Int32Array(MAX_AHEAD);
  count = 0;
  readonly question: AheadQuestion;
  /** The same as whoever is asked gets it: nothing that is done to it makes an answer legal. */
  readonly #asked: AheadQuestion;
  readonly #has: (key: number) => boolean;
  readonly #ask: AskAhead | undefined;
  /** More at once would push each other out. */
  readonly #most: number;
  readonly #cacheBlocks: number;

  constructor({ keys, cacheBlocks, next, has, ask }: AheadEngineOptions) {
    this.history = new AccessHistory({ keys, horizon: horizonOf(cacheBlocks), next });
    this.question = {
      chances: new Float64Array(this.history.chances.length),
      limit: 0,
      floor: 1,
      steps: this.history.steps,
    };
    this.#asked = structuredClone(this.question);
    this.#has = has;
    this.#ask = ask;
    this.#cacheBlocks = cacheBlocks;
    this.#most = Math.max(1, Math.min(MAX_AHEAD, Math.floor(AHEAD_SHARE * cacheBlocks)));
  }

  /**
   * A block is asked for; `keys` then holds what to read.
   * @param known what a tree says comes next, nearest first
   */
  accessed(key: number, known: ArrayLike<number>): void {
    this.budget.demand();
    this.history.accessed(key, known, this.#has);
    this.count = 0;
    if (!this.#fillQuestion()) return;
    const answer = this.#answer();
    for (let rank = 0; rank < MAX_AHEAD; rank += 1) {
      const slot = slotAt(answer, rank);
      if (slot === -1) return;
      this.keys[this.count] = this.history.candidates[slot] as number;
      this.count += 1;
      this.history.issued(slot);
      this.budget.issued();
    }
  }

  /** A block that was read was asked for. */
  used(key: number): void {
    this.budget.used();
    this.history.became(key, true);
  }

  /** A block that was read was evicted before anyone asked for it. */
  wasted(key: number): void {
    this.budget.waste();
    this.history.became(key, false);
  }

  /** The answer of whoever is asked, if it is legal; else that of the rule. */
  #answer(): number {
    const { question } = this;
    try {
      const answer = this.#ask?.(this.#copied());
      if (answer !== undefined && isAheadAnswer(answer, question)) return answer;
    } catch {
      // As if nobody had answered.
    }
    return aheadRule(question);
  }

  /** Throws for a copy that was frozen. */
  #copied(): AheadQuestion {
    const asked = this.#asked;
    asked.chances.set(this.question.chances);
    asked.steps.set(this.question.steps);
    asked.limit = this.question.limit;
    asked.floor = this.question.floor;
    return asked;
  }

  /** Candidates that are not in the cache, each in its best slot. @returns whether there is anything to decide */
  #fillQuestion(): boolean {
    const { question, history } = this;
    question.limit = Math.min(this.#most, this.budget.left);
    if (question.limit === 0) return false;
    question.floor = floorAt(this.budget.pressure, this.#cacheBlocks);
    let some = false;
    for (let slot = 0; slot < history.candidates.length; slot += 1) {
      const key = history.candidates[slot] as number;
      const isOffered = key !== -1 && !this.#has(key) && history.isBestSlot(slot);
      question.chances[slot] = isOffered ? (history.chances[slot] as number) : 0;
      some ||= isOffered;
    }
    return some;
  }
}
