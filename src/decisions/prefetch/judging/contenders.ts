import { AHEAD_SLOTS, AheadEngine, type AskAhead, MAX_AHEAD, WasteBudget } from '../../../blocks/index.ts';
import { Markov, type Ranking, RecencyMarkov } from '../../../learn/index.ts';
import type { Contender, Entrant } from './replay.ts';
import type { Trace } from './trace.ts';

/** A baseline: keys that may come next, best first, at most `MAX_AHEAD`, -1 after the last. */
type Rank = (key: number, at: number, out: Int32Array) => void;

/** Reads everything a baseline names that is not cached, as far as its budget goes. */
export function baseline(makeRank: (trace: Trace) => Rank, isLimited: boolean): Entrant {
  return (trace, has) => {
    const rank = makeRank(trace);
    const budget = isLimited ? new WasteBudget() : undefined;
    const [keys, guesses] = [new Int32Array(MAX_AHEAD), new Int32Array(MAX_AHEAD).fill(-1)];
    const contender = {
      ...{ keys, guesses, count: 0 },
      used: () => budget?.used(),
      wasted: () => budget?.waste(),
      accessed(key: number, at: number): void {
        budget?.demand();
        rank(key, at, guesses);
        contender.count = 0;
        for (const guess of guesses) {
          if (guess === -1 || has(guess)) continue;
          if (budget !== undefined && budget.left < 1) return;
          budget?.issued();
          keys[contender.count] = guess;
          contender.count += 1;
        }
      },
    };
    return contender;
  };
}

const none = (): Rank => (_key, _at, out) => out.fill(-1);

function lookahead({ next, distinct }: Trace): Rank {
  return (key, _at, out) => {
    out.fill(-1);
    if (key < distinct) out[0] = next[key] as number;
  };
}

function treeChildren({ keys, knownUpTo }: Trace): Rank {
  return (_key, at, out) => {
    out.fill(-1);
    const end = knownUpTo?.[at] ?? 0;
    for (let i = at + 1, to = 0; i < end && to < MAX_AHEAD; i += 1) {
      const known = keys[i] as number;
      if (out.includes(known)) continue;
      out[to] = known;
      to += 1;
    }
  };
}

const PLACES_PER_KEY = 4;
const LEAST_PLACES = 1024;

type Predictor = { learnOne(key: number): void; predict(): Ranking };

const learner =
  (make: (contexts: number) => Predictor) =>
  ({ distinct }: Trace): Rank => {
    // Room enough that no key is forgotten for another.
    const predictor = make(PLACES_PER_KEY * distinct + LEAST_PLACES);
    return (key, _at, out) => {
      predictor.learnOne(key);
      const { ids, count } = predictor.predict();
      for (let i = 0; i < out.length; i += 1) out[i] = i < count ? (ids[i] as number) : -1;
    };
  };

/** The baselines by name; `tree-children` only where there is a tree. */
export const BASELINES: Readonly<Record<string, (trace: Trace) => Rank>> = {
  'tree-children': treeChildren,
  'one-block-lookahead': lookahead,
  'markov-1': learner((contexts) => new Markov({ contexts })),
  'markov-2': learner((contexts) => new Markov({ order: 2, contexts })),
  'recency-markov': learner((contexts) => new RecencyMarkov({ contexts })),
};

/** Nothing is read ahead: the plain cache, and the documents' rule. */
export const plain: Entrant = baseline(none, true);

/** Knows what comes next. */
export const oracle: Entrant = baseline(
  ({ keys }) =>
    (_key, at, out) => {
      out.fill(-1);
      if (at + 1 < keys.length) out[0] = keys[at + 1] as number;
    },
  true,
);

/** What a policy thinks of the next access: a score for each slot, from the steps it has seen. */
export type Guesser = { readonly every: number; guesses(steps: Float64Array): ArrayLike<number> };

/** The core's own engine, with its built-in rule or with someone who answers in its place. */
export function policy(ask?: AskAhead, guesser?: Guesser): Entrant {
  return (trace, has): Contender => {
    const { keys, knownUpTo, next, distinct, cacheBlocks, count } = trace;
    const engine = new AheadEngine({
      ...{ keys: count, cacheBlocks, has },
      next: (key) => (key < distinct ? (next[key] as number) : -1),
      ...(ask === undefined ? {} : { ask }),
    });
    const known: number[] = [];
    const guesses = new Int32Array(MAX_AHEAD).fill(-1);
    let isGuessed = true;
    return {
      keys: engine.keys,
      used: (key) => engine.used(key),
      wasted: (key) => engine.wasted(key),
      get count() {
        return engine.count;
      },
      get guesses() {
        return isGuessed ? guesses : undefined;
      },
      accessed(key, at) {
        known.length = 0;
        for (let i = at + 1; i < (knownUpTo?.[at] ?? 0); i += 1) known.push(keys[i] as number);
        engine.accessed(key, known);
        const { candidates, chances, steps } = engine.history;
        isGuessed = guesser === undefined || at % guesser.every === 0;
        if (isGuessed) topKeys(candidates, guesser?.guesses(steps) ?? chances, guesses);
      },
    };
  };
}

/** The different keys with the highest scores, best first. */
function topKeys(candidates: Int32Array, scores: ArrayLike<number>, out: Int32Array): void {
  out.fill(-1);
  for (let rank = 0; rank < out.length; rank += 1) {
    let best = -1;
    for (let slot = 0; slot < AHEAD_SLOTS; slot += 1) {
      const key = candidates[slot] as number;
      if (key === -1 || out.includes(key)) continue;
      if (best === -1 || (scores[slot] as number) > (scores[best] as number)) best = slot;
    }
    if (best === -1) return;
    out[rank] = candidates[best] as number;
  }
}
