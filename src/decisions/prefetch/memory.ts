import { AccessHistory, AHEAD_SLOTS } from '../../blocks/index.ts';
import { Fate, type Window } from './judging/windows.ts';

/** A guess at the next access: its key, and how likely it is held to be. */
export type Guess = { readonly key: number; readonly score: number };

/** Accesses within which a candidate counts as used: document 000's prefetches are judged by sixteen. */
const HORIZON = 16;
/** Share of each sequence that is learnt from; the rest stops the training in time. */
const TRAIN_SHARE = 0.85;

const noneCached = (): boolean => false;
const noNext = (): number => -1;

/** What sequences of accesses teach without a store around them: no cache, no tree, no order of blocks. */
export class SequenceMemory {
  readonly #history: AccessHistory;

  /** @param keys how many there are, numbered from 0 */
  constructor(keys: number) {
    this.#history = new AccessHistory({ keys, horizon: HORIZON, next: noNext });
  }

  /**
   * Learns a sequence, and yields what was known at every moment with something to guess.
   * @param set names the sequence in its windows
   */
  *learn(sequence: Int32Array, set: string): Generator<Window> {
    const history = this.#history;
    history.restart();
    for (let at = 0; at < sequence.length; at += 1) {
      history.accessed(sequence[at] as number, [], noneCached);
      if (at + 1 === sequence.length || history.candidates.every((key) => key === -1)) continue;
      const part = at < TRAIN_SHARE * sequence.length ? 'train' : 'val';
      const later = sequence.subarray(at + 1, at + 1 + HORIZON);
      yield { set, part, steps: Float32Array.from(history.steps), fates: this.#fates(later) };
    }
  }

  /**
   * The best guesses at what comes after a sequence, best first; learns nothing from it.
   * @param scoresOf scores the slots of a history
   */
  guesses(sequence: Int32Array, most: number, scoresOf: (steps: Float64Array) => ArrayLike<number>): Guess[] {
    const history = this.#history;
    history.restart();
    for (const key of sequence) history.recalled(key);
    const scores = scoresOf(history.steps);
    return Array.from(history.candidates, (key, slot) => ({ key, slot }))
      .filter(({ key, slot }) => key !== -1 && history.isBestSlot(slot))
      .map(({ key, slot }) => ({ key, score: Math.min(1, Math.max(0, scores[slot] as number)) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, most);
  }

  #fates(later: Int32Array): Uint8Array {
    const { candidates } = this.#history;
    return Uint8Array.from({ length: AHEAD_SLOTS }, (_, slot) => {
      const key = candidates[slot] as number;
      if (key === -1) return 0;
      const offered = this.#history.isBestSlot(slot) ? Fate.offered : 0;
      return (
        Fate.named + offered + (later.includes(key) ? Fate.used : 0) + (later[0] === key ? Fate.next : 0)
      );
    });
  }
}
