import { AHEAD_SLOTS, AHEAD_STEP_WIDTH, AHEAD_STEPS } from '../questions.ts';
import { RunningPrecision } from './precision.ts';
import { SLOTS } from './slots.ts';
import { SUCCESSORS, Successors } from './successors.ts';

/** Contexts of two blocks that are remembered for each block. */
const PAIRS_PER_KEY = 2;
/** Evidence of a candidate, in classes: how often it was right here, in what share of the visits. */
const COUNT_CLASSES = 3;
const SHARE_CLASSES = 4;
const CLASSES = 2 * COUNT_CLASSES * SHARE_CLASSES;
const MAX_RUN_CLASS = 5;

/** What is expected before any was seen: trees are right, a run goes on, the longer the surer, the rest must show it. */
const TREE_EXPECTED = 0.9;
const RUN_EXPECTED = [0.1, 0.5, 0.8] as const;
const OTHER_EXPECTED = 0.1;

const NONE = -1;
/** Of a candidate: 0 means that there is none. */
const LEAST_CHANCE = 1e-6;
const NOTHING: readonly number[] = [];
const hasNothing = (): boolean => false;
/** Where the latest step begins. */
const LAST_STEP = (AHEAD_STEPS - 1) * AHEAD_STEP_WIDTH;
/** A gap of so many bits counts as 1. */
const GAP_BITS = 20;

/** What the history asks of its surroundings. */
export type HistoryOptions = {
  /** Keys are whole numbers below this. */
  readonly keys: number;
  /** Accesses that a block read ahead may wait: as long as the cache keeps it. */
  readonly horizon: number;
  /** The key stored or numbered after this one; -1 where there is none. */
  readonly next: (key: number) => number;
};

/**
 * What was accessed, and what comes next by it: children in a tree, the block after, what followed the last block and the
 * last two blocks before. Bounded, online, without allocation; candidates lie in `candidates` until the next access.
 */
export class AccessHistory {
  /** Key of the candidate in each slot, -1 where there is none. */
  readonly candidates = new Int32Array(AHEAD_SLOTS).fill(NONE);
  /** How often candidates like it were asked for soon after, lately; 0 where there is none. */
  readonly chances = new Float64Array(AHEAD_SLOTS);
  /** The latest accesses as `AheadQuestion.steps` has them. */
  readonly steps = new Float64Array(AHEAD_STEPS * AHEAD_STEP_WIDTH);
  /** Access at which each key was asked for last; -1 for never. */
  readonly latest: Float64Array;
  readonly #next: (key: number) => number;
  /** For each key how many before it, by number, were accessed in turn. */
  readonly #runs: Uint8Array;
  readonly #recent: Successors;
  readonly #pairs: Successors;
  readonly #pairTags: Int32Array;
  readonly #precision: RunningPrecision;
  /** Class of the candidate in each slot, and of each key when it was read. */
  readonly #classes = new Int32Array(AHEAD_SLOTS);
  readonly #readAs: Int16Array;
  #now = 0;
  #last = NONE;
  #pair = NONE;
  #isRecalling = false;

  constructor({ keys, horizon, next }: HistoryOptions) {
    const pairs = PAIRS_PER_KEY * keys;
    this.latest = new Float64Array(keys).fill(NONE);
    this.#readAs = new Int16Array(keys).fill(NONE);
    this.#next = next;
    this.#runs = new Uint8Array(keys);
    this.#recent = new Successors(keys);
    this.#pairs = new Successors(pairs);
    this.#pairTags = new Int32Array(pairs).fill(NONE);
    this.#precision = new RunningPrecision(AHEAD_SLOTS * CLASSES, horizon, expectedOf);
  }

  /**
   * A block is asked for: learns from it, and finds what may come next.
   * @param known what a tree says comes next, nearest first
   * @param has whether a block lies in the cache
   */
  accessed(key: number, known: ArrayLike<number>, has: (key: number) => boolean): void {
    this.#now += 1;
    this.#beginStep(key);
    this.#learn(key);
    this.#precision.settle(this.#now, this.latest);
    this.#findCandidates(key, known, has);
  }

  /** The same without learning anything from it: what may come next after a sequence that is only asked about. */
  recalled(key: number): void {
    this.#beginStep(key);
    this.#advance(key);
    this.#isRecalling = true;
    this.#findCandidates(key, NOTHING, hasNothing);
    this.#isRecalling = false;
  }

  /** A new sequence begins: what was learnt stays, the last accesses do not count as its past. */
  restart(): void {
    this.#last = NONE;
    this.#pair = NONE;
    this.steps.fill(0);
    this.candidates.fill(NONE);
  }

  #findCandidates(key: number, known: ArrayLike<number>, has: (key: number) => boolean): void {
    this.candidates.fill(NONE);
    this.chances.fill(0);
    this.#fromTree(known, has);
    this.#fromNext(key, has);
    if (this.#pair !== NONE) this.#fromPairs(has);
    this.#fromTable(this.#recent, key, SLOTS.recent, has);
    this.steps.set(this.chances, LAST_STEP);
  }

  /** Whether no other slot names the same block with a better chance, or an equal one earlier. */
  isBestSlot(slot: number): boolean {
    const [key, chance] = [this.candidates[slot] as number, this.chances[slot] as number];
    for (let other = 0; other < AHEAD_SLOTS; other += 1) {
      if (this.candidates[other] !== key) continue;
      const rival = this.chances[other] as number;
      if (rival > chance || (rival === chance && other < slot)) return false;
    }
    return true;
  }

  /** The candidate in this slot is read. */
  issued(slot: number): void {
    this.#readAs[this.candidates[slot] as number] = this.#classes[slot] as number;
  }

  /** A block that was read was asked for, or evicted before anyone did. */
  became(key: number, wasUsed: boolean): void {
    const index = this.#readAs[key] as number;
    if (index !== NONE) this.#precision.became(index, wasUsed);
    this.#readAs[key] = NONE;
  }

  /** A key will mean another block from now on. */
  forget(key: number): void {
    this.latest[key] = NONE;
    this.#readAs[key] = NONE;
    this.#runs[key] = 0;
    this.#recent.clear(key);
  }

  /** What the block just asked for was to us: who had named it, and how long ago it was asked for before. */
  #beginStep(key: number): void {
    const { steps } = this;
    steps.copyWithin(0, AHEAD_STEP_WIDTH);
    steps.fill(0, LAST_STEP);
    const facts = LAST_STEP + AHEAD_SLOTS;
    for (let slot = 0; slot < AHEAD_SLOTS; slot += 1) {
      if (this.candidates[slot] === key) steps[facts + groupOf(slot)] = 1;
    }
    const before = this.latest[key] as number;
    if (before === NONE) return;
    steps[facts + 6] = 1;
    steps[facts + 7] = Math.min(1, Math.log2(Math.max(1, this.#now - before)) / GAP_BITS);
  }

  #learn(key: number): void {
    const last = this.#last;
    if (last !== NONE) this.#recent.observe(last, key);
    if (this.#pair !== NONE) this.#observePair(key);
    this.#advance(key);
    this.latest[key] = this.#now;
  }

  /** `key` is now the last one. */
  #advance(key: number): void {
    const last = this.#last;
    // By key, so that several who read in order do not break each other's runs.
    const [run, next] = [this.#runs[key] as number, this.#next(key)];
    if (next !== NONE) this.#runs[next] = Math.min(MAX_RUN_CLASS, run + 1);
    this.#pair = last === NONE ? NONE : tagOf(last, key);
    this.#last = key;
  }

  /** What another pair left in the place of this one is forgotten. */
  #observePair(key: number): void {
    const at = this.#placeOf(this.#pair);
    if (this.#pairTags[at] !== this.#pair) {
      this.#pairs.clear(at);
      this.#pairTags[at] = this.#pair;
    }
    this.#pairs.observe(at, key);
  }

  #placeOf(tag: number): number {
    return tag % this.#pairTags.length;
  }

  #fromTree(known: ArrayLike<number>, has: (key: number) => boolean): void {
    for (let i = 0; i < known.length && i < SLOTS.next; i += 1) {
      this.#name(SLOTS.tree + i, known[i] as number, 0, has);
    }
  }

  #fromNext(key: number, has: (key: number) => boolean): void {
    const next = this.#next(key);
    if (next === NONE) return;
    const wasSeen = (this.latest[next] as number) !== NONE ? 1 : 0;
    this.#name(SLOTS.next, next, (this.#runs[key] as number) * 2 + wasSeen, has);
  }

  #fromPairs(has: (key: number) => boolean): void {
    const at = this.#placeOf(this.#pair);
    if (this.#pairTags[at] === this.#pair) this.#fromTable(this.#pairs, at, SLOTS.pair, has);
  }

  #fromTable(table: Successors, context: number, slot: number, has: (key: number) => boolean): void {
    const visits = table.visits[context] as number;
    for (let rank = 0; rank < SUCCESSORS; rank += 1) {
      const key = table.keys[context * SUCCESSORS + rank] as number;
      if (key === NONE) return;
      const count = table.counts[context * SUCCESSORS + rank] as number;
      this.#name(slot + rank, key, evidence(count, visits), has);
    }
  }

  #name(slot: number, key: number, evidenceClass: number, has: (key: number) => boolean): void {
    if (key === this.#last) return;
    const index = slot * CLASSES + (has(key) ? CLASSES / 2 : 0) + evidenceClass;
    this.candidates[slot] = key;
    this.#classes[slot] = index;
    this.chances[slot] = Math.max(LEAST_CHANCE, this.#precision.of(index));
    if (!this.#isRecalling) this.#precision.follow(key, index, this.#now);
  }
}

/** Two keys as one number, from 0: other pairs have others, as a rule. */
function tagOf(before: number, last: number): number {
  const hash = Math.imul(before, 0x9e3779b1) ^ Math.imul(last, 0x85ebca6b);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}

/** What is expected of the candidates of a class. */
function expectedOf(index: number): number {
  const slot = Math.floor(index / CLASSES);
  if (slot < SLOTS.next) return TREE_EXPECTED;
  if (slot !== SLOTS.next) return OTHER_EXPECTED;
  const run = (index % (CLASSES / 2)) >> 1;
  return RUN_EXPECTED[run] ?? RUN_EXPECTED[2];
}

/** Facts 0 to 5 of a step: tree, next, best of the pair, others of the pair, latest successor, other successors. */
function groupOf(slot: number): number {
  if (slot < SLOTS.next) return 0;
  if (slot < SLOTS.pair) return 1;
  if (slot < SLOTS.recent) return slot === SLOTS.pair ? 2 : 3;
  return slot === SLOTS.recent ? 4 : 5;
}

/** Class of a successor that came `count` times in `visits`. */
function evidence(count: number, visits: number): number {
  const often = count >= 4 ? 2 : count >= 2 ? 1 : 0;
  return (
    often * SHARE_CLASSES + Math.min(SHARE_CLASSES - 1, Math.floor((SHARE_CLASSES * count) / (visits + 1)))
  );
}
