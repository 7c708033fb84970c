import {
  checkSnapshot,
  type Learner,
  type LearnsOne,
  type Predicts,
  type Snapshot,
  takeNumbers,
  wholeNumber,
} from '../contract/index.ts';
import { FollowerCounts } from './follower-counts.ts';
import { checkId, emptyRanking, type Ranking } from './ranking.ts';
import { checkSizes, type SequenceOptions } from './sequence-options.ts';

export type MarkovOptions = SequenceOptions & {
  /** Ids that a prediction goes by: the last one, or the last two. Default 1. */
  readonly order?: number;
};

const ORDER_RANGE = [1, 2] as const;
const ID_RANGE = [0, 0xffffffff] as const;

/**
 * Markov chain over ids, online and bounded: how often each id followed the last one (order 1) or the last two
 * (order 2, which backs off to the last one). Tables keep the frequent by Space-Saving (Metwally, Agrawal, El Abbadi
 * 2005); without more contexts and followers (default 8 a context) than places, counts are exact. A follower seen c
 * times in n scores c / (n + 1); what is left, 1 / (n + 1), is the share of order 1 (the escape of PPM, method A:
 * Cleary, Witten 1984). On sequences without such a rule these scores promise far more than comes true.
 */
export class Markov implements Learner, Predicts<void, Ranking>, LearnsOne<number> {
  readonly kind = 'markov';
  readonly #options: Required<MarkovOptions>;
  readonly #ranking: Ranking;
  #singles: FollowerCounts;
  #pairs: FollowerCounts | undefined;
  #last = 0;
  #beforeLast = 0;
  /** How many of the two are part of the sequence. */
  #seen = 0;

  /** @throws PilotfishError `USAGE` for options out of range, `LIMIT` for tables beyond memory. */
  constructor({ order = 1, contexts = 65_536, followers = 8, top = 5 }: MarkovOptions = {}) {
    wholeNumber('order', order, ORDER_RANGE);
    checkSizes({ contexts, followers, top });
    this.#options = { order, contexts, followers, top };
    this.#ranking = emptyRanking(top);
    this.#singles = new FollowerCounts({ contexts, followers });
    this.#pairs = order === 2 ? new FollowerCounts({ contexts, followers }) : undefined;
  }

  /** What comes after the ids learnt last. */
  predict(): Ranking {
    const ranking = this.#ranking;
    ranking.count = 0;
    let share = 1;
    if (this.#pairs !== undefined && this.#seen === 2) {
      share = this.#pairs.rank(this.#last, this.#beforeLast, ranking, share);
    }
    if (this.#seen > 0) this.#singles.rank(this.#last, 0, ranking, share);
    return ranking;
  }

  /** The next id of the sequence, from 0 to 2^32 - 1. @throws PilotfishError `USAGE` for no id. */
  learnOne(id: number): void {
    checkId(id);
    if (this.#seen === 2) this.#pairs?.learn(this.#last, this.#beforeLast, id);
    if (this.#seen > 0) this.#singles.learn(this.#last, 0, id);
    this.#beforeLast = this.#last;
    this.#last = id;
    this.#seen = Math.min(this.#seen + 1, 2);
  }

  /** A new sequence begins: what was learnt stays, the last ids do not count as its past. */
  restart(): void {
    this.#seen = 0;
  }

  snapshot(): Snapshot {
    const named = (order: number, table: FollowerCounts | undefined) =>
      Object.entries(table?.tensors() ?? {}).map(([name, tensor]) => [`${order}.${name}`, tensor] as const);
    const config = { ...this.#options, last: this.#last, beforeLast: this.#beforeLast, seen: this.#seen };
    const tensors = Object.fromEntries([...named(1, this.#singles), ...named(2, this.#pairs)]);
    return { kind: this.kind, version: 1, config, tensors };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `LIMIT` or `USAGE` for what is no such snapshot. */
  static restore(snapshot: Snapshot): Markov {
    checkSnapshot(snapshot, 'markov', 1);
    const options = takeNumbers(snapshot, 'order', 'contexts', 'followers', 'top');
    const tables = [1, 2].slice(0, options.order).map((order) => {
      const prefix = `${order}.`;
      const own = Object.entries(snapshot.tensors).filter(([name]) => name.startsWith(prefix));
      const tensors = Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
      return FollowerCounts.restore({ ...snapshot, tensors }, options);
    });
    const learner = new Markov(options);
    learner.#resume(snapshot, tables);
    return learner;
  }

  #resume(snapshot: Snapshot, [singles, pairs]: FollowerCounts[]): void {
    const { last, beforeLast, seen } = takeNumbers(snapshot, 'last', 'beforeLast', 'seen');
    this.#singles = singles ?? this.#singles;
    this.#pairs = pairs ?? this.#pairs;
    this.#last = wholeNumber('last', last, ID_RANGE);
    this.#beforeLast = wholeNumber('beforeLast', beforeLast, ID_RANGE);
    this.#seen = wholeNumber('seen', seen, [0, 2]);
  }
}
