// Bandits: a lesson is a table of what each arm would bring, of which they see the arm they choose.
import {
  type Ask,
  type Bandit,
  BetaThompson,
  EpsilonGreedy,
  GaussianThompson,
  LinThompson,
  LinUcb,
  type Snapshot,
  Ucb,
} from '../../../src/learn/index.ts';
import { type AnyCase, learnerCase, type Refusal } from './suite.ts';
import { chanceOf, meanOf } from './worlds.ts';

const arms = 3;
const features = 2;

/** One round: what is known beforehand, and for each arm what it brings on average and what it would bring now. */
type Round = { readonly context: number[]; readonly means: number[]; readonly rewards: number[] };
type World = (world: number, lesson: number, rounds?: number) => Round[];

/** Chances of a reward of 1. */
const CHANCES = [0.2, 0.5, 0.8];

/** Arms that pay 1 or nothing; which of them is best changes every `every` rounds, and from world to world. */
const coins =
  (every: number): World =>
  (world, lesson, rounds = 25) => {
    const rng = chanceOf(world, lesson);
    return Array.from({ length: rounds }, (_, round) => {
      const turn = world + Math.floor(round / every);
      const means = CHANCES.map((_chance, arm) => CHANCES[(arm + turn) % arms] as number);
      return { context: [], means, rewards: means.map((mean) => (rng.next() < mean ? 1 : 0)) };
    });
  };
const steady = coins(Number.POSITIVE_INFINITY);
const restless = coins(500);

/** Arms whose rewards depend on the context, each in its way, and are alike on the whole. */
const contextual: World = (world, lesson, rounds = 25) => {
  const rng = chanceOf(world, lesson);
  return Array.from({ length: rounds }, () => {
    const [a, b] = [rng.normal(), rng.normal()];
    const means = [a, b, -a].map((_, arm, all) => all[(arm + world) % arms] as number);
    return { context: [a, b], means, rewards: means.map((mean) => mean + 0.3 * rng.normal()) };
  });
};

/** Plays the rounds; returns how much better the best arm of each round would have been. */
function play(bandit: Bandit, rounds: readonly Round[], withContext: boolean): number {
  let regret = 0;
  for (const { context, means, rewards } of rounds) {
    const { arm } = bandit.predict(withContext ? { context } : {});
    const reward = rewards[arm] as number;
    bandit.learnOne(withContext ? { arm, reward, context } : { arm, reward });
    regret += Math.max(...means) - (means[arm] as number);
  }
  return regret;
}

/** The same for an arm drawn evenly, on average. */
const evenly = (rounds: readonly Round[]): number =>
  rounds.reduce((sum, { means }) => sum + Math.max(...means) - meanOf(means), 0);

type Question = { readonly ask: Ask; readonly draws: number };

const ask = (bandit: Bandit, { ask: question, draws }: Question): ArrayLike<number> => {
  if (draws === 0) return bandit.propensities(question);
  return Array.from({ length: draws }, () => {
    const { arm, propensity } = bandit.predict(question);
    return [arm, propensity];
  }).flat();
};

const refuses: readonly Refusal<Bandit>[] = [
  { what: 'an arm that is none', code: 'USAGE', act: (bandit) => bandit.learnOne({ arm: arms, reward: 0 }) },
  { what: 'half an arm', code: 'USAGE', act: (bandit) => bandit.learnOne({ arm: 0.5, reward: 0 }) },
  {
    what: 'a reward that is NaN',
    code: 'NOT_FINITE',
    act: (bandit) => bandit.learnOne({ arm: 0, reward: Number.NaN, context: [0, 0] }),
  },
  {
    what: 'a huge reward',
    code: 'LIMIT',
    act: (bandit) => bandit.learnOne({ arm: 0, reward: 1e10, context: [0, 0] }),
  },
  { what: 'a short mask', code: 'SHAPE', act: (bandit) => bandit.predict({ legal: [1], context: [0, 0] }) },
  {
    what: 'a mask that forbids all',
    code: 'EMPTY',
    act: (bandit) => bandit.predict({ legal: [0, 0, 0], context: [0, 0] }),
  },
  {
    what: 'to weigh no arms',
    code: 'EMPTY',
    act: (bandit) => bandit.propensities({ legal: [0, 0, 0], context: [0, 0] }),
  },
];

const badContexts: readonly Refusal<Bandit>[] = [
  { what: 'no context', code: 'SHAPE', act: (bandit) => bandit.predict() },
  { what: 'a short context', code: 'SHAPE', act: (bandit) => bandit.predict({ context: [1] }) },
  {
    what: 'a context with NaN',
    code: 'NOT_FINITE',
    act: (bandit) => bandit.predict({ context: [0, Number.NaN] }),
  },
  {
    what: 'a lesson with a huge feature',
    code: 'LIMIT',
    act: (bandit) => bandit.learnOne({ arm: 0, reward: 0, context: [0, 1e7] }),
  },
];

type Kind = {
  readonly name: string;
  readonly make: (seed: number) => Bandit;
  readonly restore: (snapshot: Snapshot) => Bandit;
  readonly world: World;
};

const bandit = ({ name, make, restore, world }: Kind) => {
  const context = world === contextual ? { context: [0.5, -1] } : {};
  return {
    name,
    make,
    restore,
    untaught: 'belief' as const,
    chance: 'seeded' as const,
    lesson: (of: number, number: number) => world(of, number),
    teach(learner: Bandit, lesson: Round[]) {
      play(learner, lesson, world === contextual);
    },
    questions: (): Question[] => [
      { ask: { ...context }, draws: 0 },
      { ask: { ...context }, draws: 5 },
      ...[
        [1, 0, 1],
        [1, 1, 0],
        [0, 1, 1],
      ].flatMap((legal) => [
        { ask: { ...context, legal }, draws: 0 },
        { ask: { ...context, legal: [...legal] }, draws: 3 },
      ]),
    ],
    ask,
    refuses: world === contextual ? [...refuses, ...badContexts] : refuses,
  };
};

/** Against an arm drawn evenly in every round. */
const againstChance = (make: (seed: number) => Bandit, margin: number) => ({
  against: 'an arm drawn evenly',
  margin,
  play(seed: number) {
    const rounds = steady(seed, 0, 1000);
    return { loss: play(make(seed), rounds, false), baseline: evenly(rounds) };
  },
});

/** Against a bandit that forgets nothing, where arms change. */
const againstMemory = (make: (seed: number) => Bandit, rival: (seed: number) => Bandit, margin: number) => ({
  against: 'the same without forgetting',
  margin,
  play(seed: number) {
    const rounds = restless(seed, 0, 2000);
    return { loss: play(make(seed), rounds, false), baseline: play(rival(seed), rounds, false) };
  },
});

/** Against a bandit that does not look at the context. */
const againstBlindness = (make: (seed: number) => Bandit, margin: number) => ({
  against: 'UCB1, which sees no context',
  margin,
  play(seed: number) {
    const rounds = contextual(seed, 0, 1000);
    const blind = new Ucb({ arms, seed });
    return { loss: play(make(seed), rounds, true), baseline: play(blind, rounds, false) };
  },
});

const ucb = (seed: number) => new Ucb({ arms, exploration: 0.3, seed });
const fadingUcb = (seed: number) => new Ucb({ arms, exploration: 0.3, discount: 0.99, seed });
const beta = (seed: number) => new BetaThompson({ arms, seed });
const fadingBeta = (seed: number) => new BetaThompson({ arms, discount: 0.98, seed });
const gaussian = (seed: number) => new GaussianThompson({ arms, seed });
const greedy = (seed: number) => new EpsilonGreedy({ arms, epsilon: 0.1, weight: 0.05, seed });
const linUcb = (seed: number) => new LinUcb({ arms, features, discount: 0.999, seed });
const linThompson = (seed: number) => new LinThompson({ arms, features, seed });

export const bandits: readonly AnyCase[] = [
  learnerCase({
    ...bandit({ name: 'Ucb', make: ucb, restore: Ucb.restore, world: steady }),
    contest: againstChance(ucb, 0.5),
  }),
  learnerCase({
    ...bandit({ name: 'Ucb with a discount', make: fadingUcb, restore: Ucb.restore, world: restless }),
    contest: againstMemory(fadingUcb, ucb, 0.3),
  }),
  learnerCase({
    ...bandit({ name: 'BetaThompson', make: beta, restore: BetaThompson.restore, world: steady }),
    contest: againstChance(beta, 0.5),
  }),
  learnerCase({
    ...bandit({
      name: 'BetaThompson with a discount',
      make: fadingBeta,
      restore: BetaThompson.restore,
      world: restless,
    }),
    contest: againstMemory(fadingBeta, beta, 0.3),
  }),
  learnerCase({
    ...bandit({ name: 'GaussianThompson', make: gaussian, restore: GaussianThompson.restore, world: steady }),
    contest: againstChance(gaussian, 0.5),
  }),
  learnerCase({
    ...bandit({ name: 'EpsilonGreedy', make: greedy, restore: EpsilonGreedy.restore, world: restless }),
    contest: againstChance(greedy, 0.4),
  }),
  learnerCase({
    ...bandit({ name: 'LinUcb', make: linUcb, restore: LinUcb.restore, world: contextual }),
    contest: againstBlindness(linUcb, 0.7),
  }),
  learnerCase({
    ...bandit({ name: 'LinThompson', make: linThompson, restore: LinThompson.restore, world: contextual }),
    contest: againstBlindness(linThompson, 0.7),
  }),
];
