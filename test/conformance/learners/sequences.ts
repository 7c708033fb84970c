// What comes next: chains of ids, and averages.
import { Ewma, Markov, persistence, type Ranking, RecencyMarkov } from '../../../src/learn/index.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import { chanceOf } from './worlds.ts';

const IDS = 12;

type Forecaster = { predict(): Ranking; learnOne(id: number): void };
type World = (world: number, lesson: number, length?: number) => number[];

/** Each id has a favourite follower, which comes seven times out of ten. */
const chain: World = (world, lesson, length = 60) => {
  const rng = chanceOf(world, lesson);
  const ids = [rng.below(IDS)];
  while (ids.length < length) {
    ids.push(rng.next() < 0.7 ? ((ids.at(-1) as number) * 5 + 3) % IDS : rng.below(IDS));
  }
  return ids;
};

/** The follower depends on the last two ids. */
const braid: World = (world, lesson, length = 60) => {
  const rng = chanceOf(world, lesson);
  const ids = [rng.below(IDS), rng.below(IDS)];
  while (ids.length < length) {
    const follower = ((ids.at(-1) as number) * 5 + (ids.at(-2) as number)) % IDS;
    ids.push(rng.next() < 0.8 ? follower : rng.below(IDS));
  }
  return ids;
};

/** Favourite followers change now and then. */
const fashions: World = (world, lesson, length = 60) => {
  const rng = chanceOf(world, lesson);
  const ids = [rng.below(IDS)];
  while (ids.length < length) {
    const fashion = Math.floor(ids.length / 150);
    ids.push(rng.next() < 0.9 ? ((ids.at(-1) as number) + 1 + fashion) % IDS : rng.below(IDS));
  }
  return ids;
};

/** Share of the ids that were not foreseen as the most likely. */
function surprises(forecaster: Forecaster, ids: readonly number[]): number {
  let wrong = 0;
  for (const id of ids) {
    const { count, ids: ranked } = forecaster.predict();
    if (count === 0 || ranked[0] !== id) wrong += 1;
    forecaster.learnOne(id);
  }
  return wrong / ids.length;
}

const chainCase = (world: World) => ({
  untaught: 'belief' as const,
  chance: 'none' as const,
  lesson: (of: number, number: number) => world(of, number),
  teach(learner: Forecaster, lesson: number[]) {
    for (const id of lesson) learner.learnOne(id);
  },
  questions: () => [null],
  ask(learner: Forecaster) {
    const { count, ids, scores } = learner.predict();
    return [count, ...ids.subarray(0, count), ...scores.subarray(0, count)];
  },
  refuses: [
    { what: 'half an id', code: 'USAGE' as const, act: (learner: Forecaster) => learner.learnOne(0.5) },
    { what: 'an id below 0', code: 'USAGE' as const, act: (learner: Forecaster) => learner.learnOne(-1) },
    {
      what: 'an id too far',
      code: 'USAGE' as const,
      act: (learner: Forecaster) => learner.learnOne(2 ** 32),
    },
  ],
});

/** The id that was most frequent so far. */
class MostFrequent implements Forecaster {
  readonly #counts = new Map<number, number>();

  predict(): Ranking {
    const best = [...this.#counts].sort(([, a], [, b]) => b - a)[0];
    return {
      count: best === undefined ? 0 : 1,
      ids: Uint32Array.of(best?.[0] ?? 0),
      scores: Float64Array.of(1),
    };
  }

  learnOne(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }
}

const sizes = { contexts: 64 };

const markov = learnerCase({
  name: 'Markov of order 1',
  ...chainCase(chain),
  make: () => new Markov(sizes),
  restore: Markov.restore,
  contest: {
    against: 'the most frequent id',
    margin: 0.5,
    play(seed) {
      const ids = chain(seed, 0, 1500);
      return { loss: surprises(new Markov(sizes), ids), baseline: surprises(new MostFrequent(), ids) };
    },
  },
});

const secondMarkov = learnerCase({
  name: 'Markov of order 2',
  ...chainCase(braid),
  make: () => new Markov({ ...sizes, order: 2, followers: 4 }),
  restore: Markov.restore,
  contest: {
    against: 'order 1',
    margin: 0.4,
    play(seed) {
      const ids = braid(seed, 0, 3000);
      const second = new Markov({ contexts: 512, order: 2 });
      return { loss: surprises(second, ids), baseline: surprises(new Markov({ contexts: 512 }), ids) };
    },
  },
});

const recency = learnerCase({
  name: 'RecencyMarkov',
  ...chainCase(fashions),
  make: () => new RecencyMarkov({ ...sizes, top: 3 }),
  restore: RecencyMarkov.restore,
  contest: {
    against: 'the Markov chain that counts',
    margin: 0.3,
    play(seed) {
      const ids = fashions(seed, 0, 1500);
      return { loss: surprises(new RecencyMarkov(sizes), ids), baseline: surprises(new Markov(sizes), ids) };
    },
  },
});

/** Values around a level that never moves, or that is wherever the last value left it. */
const around =
  (walks: boolean): World =>
  (world, lesson, length = 20) => {
    const rng = chanceOf(world, lesson);
    let level = 5;
    return Array.from({ length }, () => {
      const value = level + rng.normal();
      if (walks) level = value;
      return value;
    });
  };

function squaredSurprise(learner: Ewma, [first, ...values]: readonly number[]): number {
  learner.learnOne(first as number);
  let sum = 0;
  for (const value of values) {
    sum += (learner.predict() - value) ** 2;
    learner.learnOne(value);
  }
  return sum / values.length;
}

const average = (make: () => Ewma, world: World) => ({
  untaught: 'UNTRAINED' as const,
  chance: 'none' as const,
  make,
  restore: Ewma.restore,
  lesson: (of: number, number: number) => world(of, number),
  teach(learner: Ewma, lesson: number[]) {
    for (const value of lesson) learner.learnOne(value);
  },
  questions: () => [null],
  ask: (learner: Ewma) => [learner.predict()],
  refuses: [Number.NaN, Number.POSITIVE_INFINITY].map((value) => ({
    what: `${value}`,
    code: 'NOT_FINITE' as const,
    act: (learner: Ewma) => learner.learnOne(value),
  })),
});

const ewma = learnerCase({
  name: 'Ewma',
  ...average(() => new Ewma(), around(false)),
  contest: {
    against: 'persistence',
    margin: 0.3,
    play(seed) {
      const series = around(false)(seed, 0, 1000);
      return {
        loss: squaredSurprise(new Ewma(), series),
        baseline: squaredSurprise(persistence(), series),
      };
    },
  },
});

const lastValue = learnerCase({
  name: 'Ewma as persistence',
  ...average(persistence, around(true)),
  contest: {
    against: 'an average of the past, where the past is no guide',
    margin: 0.3,
    play(seed) {
      const series = around(true)(seed, 0, 1000);
      return {
        loss: squaredSurprise(persistence(), series),
        baseline: squaredSurprise(new Ewma(), series),
      };
    },
  },
});

export const sequences: readonly AnyCase[] = [markov, secondMarkov, recency, ewma, lastValue];
