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
import { chanceOf } from './worlds.ts';

const arms = 3;
const features = 2;

/** One round: what is known beforehand, and what each arm would bring. */
type Round = { readonly context: number[]; readonly rewards: number[] };
type World = (world: number, lesson: number, rounds?: number) => Round[];

/** Chances of a reward of 1. */
const CHANCES = [0.2, 0.5, 0.8];

/** Arms that stay as they are. */
const steady: World = (world, lesson, rounds = 25) => {
  const rng = chanceOf(world, lesson);
  return Array.from({ length: rounds }, () => ({
    context: [rng.normal(), rng.normal()],
    rewards: CHANCES.map((chance) => (rng.next() < chance ? 1 : 0)),
  }));
};

/** Arms that swap places every 250 rounds. */
const restless: World = (world, lesson, rounds = 25) => {
  const rng = chanceOf(world, lesson);
  return Array.from({ length: rounds }, (_, round) => ({
    context: [rng.normal(), rng.normal()],
    rewards: CHANCES.map((_, arm) => {
      const chance = CHANCES[(arm + Math.floor(round / 250)) % arms] as number;
      return rng.next() < chance ? 1 : 0;
    }),
  }));
};

/** Arms whose rewards depend on the context, each in its way, and are alike on the whole. */
const contextual: World = (world, lesson, rounds = 25) => {
  const rng = chanceOf(world, lesson);
  return Array.from({ length: rounds }, () => {
    const context = [rng.normal(), rng.normal()] as [number, number];
    const means = [context[0], context[1], -context[0]];
    return { context, rewards: means.map((mean) => mean + 0.3 * rng.normal()) };
  });
};

/** Plays the rounds; returns what was earned. */
function play(bandit: Bandit, rounds: readonly Round[], withContext: boolean): number {
  let earned = 0;
  for (const { context, rewards } of rounds) {
    const { arm } = bandit.predict(withContext ? { context } : {});
    const reward = rewards[arm] as number;
    bandit.learnOne(withContext ? { arm, reward, context } : { arm, reward });
    earned += reward;
  }
  return earned;
}

/** How much less was earned than by the best arm of each round. */
const missed = (rounds: readonly Round[], earned: number): number =>
  rounds.reduce((sum, { rewards }) => sum + Math.max(...rewards), 0) - earned;

/** What an arm drawn evenly earns, on average. */
const evenly = (rounds: readonly Round[]): number =>
  rounds.reduce((sum, { rewards }) => sum + rewards.reduce((a, b) => a + b) / arms, 0);

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
      { ask: { ...context, legal: [1, 0, 1] }, draws: 0 },
      { ask: { ...context, legal: [1, 0, 1] }, draws: 5 },
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
    const earned = play(make(seed), rounds, false);
    return { loss: missed(rounds, earned), baseline: missed(rounds, evenly(rounds)) };
  },
});

/** Against a bandit that forgets nothing, where arms change. */
const againstMemory = (make: (seed: number) => Bandit, rival: (seed: number) => Bandit, margin: number) => ({
  against: 'the same without forgetting',
  margin,
  play(seed: number) {
    const rounds = restless(seed, 0, 2000);
    const [own, other] = [make(seed), rival(seed)].map((one) => missed(rounds, play(one, rounds, false)));
    return { loss: own as number, baseline: other as number };
  },
});

/** Against a bandit that does not look at the context. */
const againstBlindness = (make: (seed: number) => Bandit, margin: number) => ({
  against: 'UCB1, which sees no context',
  margin,
  play(seed: number) {
    const rounds = contextual(seed, 0, 1000);
    const blind = missed(rounds, play(new Ucb({ arms, seed }), rounds, false));
    return { loss: missed(rounds, play(make(seed), rounds, true)), baseline: blind };
  },
});

const ucb = (seed: number) => new Ucb({ arms, exploration: 0.5, seed });
const fadingUcb = (seed: number) => new Ucb({ arms, exploration: 0.5, discount: 0.98, seed });
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
    contest: againstMemory(fadingUcb, ucb, 0.2),
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
    contest: againstMemory(fadingBeta, beta, 0.2),
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
