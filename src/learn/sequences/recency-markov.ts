import { PilotfishError } from '../../base/index.ts';
import {
  checkSnapshot,
  type Learner,
  type LearnsOne,
  type Predicts,
  type Snapshot,
  takeCounts,
  takeNumbers,
  takeTensor,
  wholeNumber,
} from '../contract/index.ts';
import { ContextTable } from './context-table.ts';
import { checkId, emptyRanking, type Ranking } from './ranking.ts';
import { checkSizes, FOLLOWERS_RANGE, type SequenceOptions } from './sequence-options.ts';

export type RecencyMarkovOptions = Omit<SequenceOptions, 'followers'>;

const ID_RANGE = [0, 0xffffffff] as const;

/**
 * The last few distinct followers of the last id, the most recent first: where accesses repeat in bursts it is hard to
 * beat. Bounded, online. The score of a rank is the part of earlier predictions at that rank that came true,
 * (right + 1) / (made + 2), and no more than that of the rank above.
 */
export class RecencyMarkov implements Learner, Predicts<void, Ranking>, LearnsOne<number> {
  readonly kind = 'recency-markov';
  readonly #options: { readonly contexts: number; readonly top: number };
  readonly #ranking: Ranking;
  #table: ContextTable;
  /** `top` followers a place, the most recent first. */
  readonly #followers: Uint32Array;
  readonly #counts: Uint32Array;
  /** Predictions at each rank, and how many of them came true. */
  readonly #made: Float64Array;
  readonly #right: Float64Array;
  #last = 0;
  #seen = 0;

  /** @throws PilotfishError `USAGE` for options out of range, `LIMIT` for tables beyond memory. */
  constructor({ contexts = 65_536, top = 5 }: RecencyMarkovOptions = {}) {
    wholeNumber('top', top, FOLLOWERS_RANGE);
    checkSizes({ contexts, followers: top, top });
    this.#options = { contexts, top };
    this.#ranking = emptyRanking(top);
    this.#table = new ContextTable(contexts);
    this.#followers = new Uint32Array(this.#table.places * top);
    this.#counts = new Uint32Array(this.#table.places);
    this.#made = new Float64Array(top);
    this.#right = new Float64Array(top);
  }

  /** What comes after the id learnt last. */
  predict(): Ranking {
    const { ids, scores } = this.#ranking;
    const place = this.#seen === 0 ? -1 : this.#table.find(this.#last, 0);
    const count = place < 0 ? 0 : (this.#counts[place] as number);
    const from = place * this.#options.top;
    let left = 1;
    let above = 1;
    for (let rank = 0; rank < count; rank += 1) {
      const rate = ((this.#right[rank] as number) + 1) / ((this.#made[rank] as number) + 2);
      above = Math.min(rate, above, left);
      left -= above;
      ids[rank] = this.#followers[from + rank] as number;
      scores[rank] = above;
    }
    this.#ranking.count = count;
    return this.#ranking;
  }

  /** The next id of the sequence, from 0 to 2^32 - 1. @throws PilotfishError `USAGE` for no id. */
  learnOne(id: number): void {
    checkId(id);
    if (this.#seen > 0) this.#learn(this.#table.claim(this.#last, 0), id);
    this.#last = id;
    this.#seen = 1;
  }

  /** Judges what would have been predicted, and moves the follower to the front. */
  #learn(place: number, id: number): void {
    const { top } = this.#options;
    if (this.#table.fresh) this.#counts[place] = 0;
    const from = place * top;
    const count = this.#counts[place] as number;
    let rank = 0;
    while (rank < count && this.#followers[from + rank] !== id) rank += 1;
    for (let i = 0; i < count; i += 1) this.#made[i] = (this.#made[i] as number) + 1;
    if (rank < count) this.#right[rank] = (this.#right[rank] as number) + 1;
    else this.#counts[place] = Math.min(count + 1, top);
    const end = Math.min(rank, top - 1);
    this.#followers.copyWithin(from + 1, from, from + end);
    this.#followers[from] = id;
  }

  /** A new sequence begins: what was learnt stays, the last id does not count as its past. */
  restart(): void {
    this.#seen = 0;
  }

  snapshot(): Snapshot {
    const { top } = this.#options;
    const tensors = {
      ...this.#table.tensors(),
      followers: { shape: [this.#table.places, top], data: this.#followers.slice() },
      counts: { shape: [this.#table.places], data: this.#counts.slice() },
      made: { shape: [top], data: this.#made.slice() },
      right: { shape: [top], data: this.#right.slice() },
    };
    const config = { ...this.#options, last: this.#last, seen: this.#seen };
    return { kind: this.kind, version: 1, config, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `LIMIT` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): RecencyMarkov {
    checkSnapshot(snapshot, 'recency-markov', 1);
    const options = takeNumbers(snapshot, 'contexts', 'top');
    // Read before the tables are made: what a snapshot claims is allocated only when it is there.
    const table = ContextTable.restore(snapshot, options.contexts);
    const words = (name: string, shape: number[]) =>
      takeTensor<Uint32Array>(snapshot, name, { type: Uint32Array, shape });
    const followers = words('followers', [table.places, options.top]);
    const counts = words('counts', [table.places]);
    if (counts.some((count) => count > options.top)) {
      throw new PilotfishError('DAMAGED', `a context of the snapshot has more than ${options.top} followers`);
    }
    const learner = new RecencyMarkov(options);
    learner.#followers.set(followers);
    learner.#counts.set(counts);
    learner.#resume(snapshot, table);
    return learner;
  }

  #resume(snapshot: Snapshot, table: ContextTable): void {
    const { last, seen } = takeNumbers(snapshot, 'last', 'seen');
    const shape = [this.#options.top];
    this.#made.set(takeCounts(snapshot, 'made', shape));
    this.#right.set(takeCounts(snapshot, 'right', shape));
    this.#table = table;
    this.#last = wholeNumber('last', last, ID_RANGE);
    this.#seen = wholeNumber('seen', seen, [0, 1]);
  }
}
