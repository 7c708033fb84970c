import { BettingEProcess, type SavedBets, type StreamLearner } from '../../../learn/index.ts';
import { bytesOf, openLearner } from './learners.ts';

/** A trial without an end is begun anew after so many samples, or twice as many when it looks well: old evidence is about an older learner. */
const TRIAL_SAMPLES = 600;
const HOPELESS = 0.5;
/** What is between two scores is in [-1, 1]. */
const BOUNDS = { low: -1, high: 1, mean: 0 } as const;

/** How a rival lies on disk. */
export type SavedRival = {
  readonly key: string;
  readonly learner: string;
  readonly better: SavedBets;
  readonly worse: SavedBets;
  readonly updates: number;
  readonly scored: number;
  readonly gain: number;
  readonly learnt: number;
};

/** What a learner says of a row: a class, or a value. */
export function sayOf(learner: StreamLearner, x: ArrayLike<number>): number {
  const answer = learner.predict(x);
  if (answer.length === 1) return answer[0] as number;
  let best = 0;
  for (let i = 1; i < answer.length; i += 1) if ((answer[i] as number) > (answer[best] as number)) best = i;
  return best;
}

/** How good it was: 1 or 0 for a class, minus the absolute error for a value. */
export const scoreOf = (said: number, y: number, classes: number): number =>
  classes > 0 ? Number(said === y) : -Math.abs(said - y);

/**
 * A learner that is tried beside the champion: both are asked about every sample, only the champion answers. Two
 * processes bet on the difference of their scores (of its sign, for values): that the rival is better, since its trial
 * began, and that it is worse, since its last update.
 */
export class Rival {
  readonly key: string;
  readonly learner: StreamLearner;
  #better = new BettingEProcess(BOUNDS);
  #worse = new BettingEProcess(BOUNDS);
  /** Batches it has learnt. */
  updates = 0;
  /** Samples scored since the last of them, or since the trial began, and by how much it was better in sum. */
  scored = 0;
  gain = 0;
  /** Samples it has learnt. */
  learnt = 0;

  constructor(key: string, learner: StreamLearner) {
    this.key = key;
    this.learner = learner;
  }

  /** Judges an answer that this rival gave after `updates` batches. */
  judge(own: number, champions: number, updates: number): void {
    const difference = Math.sign(own - champions);
    this.#better.add(difference);
    if (updates === this.updates) {
      this.#worse.add(-difference);
      this.scored += 1;
      this.gain += difference;
    }
    const { count, pValue } = this.#better;
    if ((count >= TRIAL_SAMPLES && pValue > HOPELESS) || count >= 2 * TRIAL_SAMPLES) this.begin();
  }

  /** A new trial: against another champion, or because the last one came to nothing. */
  begin(): void {
    this.#better = new BettingEProcess(BOUNDS);
    this.scored = 0;
    this.gain = 0;
  }

  /** It has learnt another batch. */
  updated(samples: number): void {
    this.updates += 1;
    this.learnt += samples;
    this.scored = 0;
    this.gain = 0;
    this.#worse = new BettingEProcess(BOUNDS);
  }

  /** Whether it has beaten the champion, and has proven itself as it is now on `probation` samples. */
  hasWon(alpha: number, probation: number): boolean {
    return this.#better.rejects(alpha) && this.scored >= probation && this.gain >= 0;
  }

  /** Whether what it last learnt made it worse than the champion. */
  hasLost(alpha: number): boolean {
    return this.#worse.rejects(alpha);
  }

  /** Samples of the trial, and the natural logarithm of the capital. */
  get evidence(): { readonly samples: number; readonly logValue: number } {
    return { samples: this.#better.count, logValue: this.#better.logValue };
  }

  save(): SavedRival {
    const { key, updates, scored, gain, learnt } = this;
    return {
      ...{ key, updates, scored, gain, learnt },
      learner: Buffer.from(bytesOf(this.learner)).toString('base64'),
      ...{ better: this.#better.snapshot(), worse: this.#worse.snapshot() },
    };
  }

  /** @throws PilotfishError `DAMAGED`. */
  static restore(saved: SavedRival): Rival {
    const rival = new Rival(saved.key, openLearner(Buffer.from(saved.learner, 'base64')));
    rival.#better = BettingEProcess.restore(saved.better);
    rival.#worse = BettingEProcess.restore(saved.worse);
    rival.updates = saved.updates;
    rival.scored = saved.scored;
    rival.gain = saved.gain;
    rival.learnt = saved.learnt;
    return rival;
  }
}
