// Values of actions, learnt from transitions.
import { QLearning, type Transition } from '../../../src/learn/index.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import { chanceOf } from './worlds.ts';

const states = 4;
const actions = 2;

/**
 * A corridor: action 1 leads one room on, and from the last one to a reward of 1 and the first room; action 0 takes a
 * small reward and leads back to the first room at once.
 */
function move(state: number, action: number): Transition {
  if (action === 0) return { state, action, reward: 0.05, nextState: 0 };
  if (state === states - 1) return { state, action, reward: 1, nextState: 0 };
  return { state, action, reward: 0, nextState: state + 1 };
}

/** A walk at random. */
function wander(world: number, lesson: number): Transition[] {
  const rng = chanceOf(world, lesson);
  const last: Transition = { state: 0, action: 0, reward: rng.next() };
  return [...Array.from({ length: 40 }, () => move(rng.below(states), rng.below(actions))), last];
}

/** What a learner earns a step once it has learnt from its own steps. */
function earnings(learner: QLearning): number {
  const [learning, judged] = [3000, 600];
  let state = 0;
  let earned = 0;
  for (let step = 0; step < learning + judged; step += 1) {
    const isJudged = step >= learning;
    const { action } = learner.predict({ state, greedy: isJudged });
    const transition = move(state, action);
    if (isJudged) earned += transition.reward;
    else learner.learnOne(transition);
    state = transition.nextState ?? 0;
  }
  return earned / judged;
}

const slow = { epsilon: 1, epsilonDecay: 0.9995, epsilonFloor: 0.1 };

export const values: readonly AnyCase[] = [
  learnerCase({
    name: 'QLearning',
    untaught: 'belief',
    chance: 'seeded',
    make: (seed) => new QLearning({ states, actions, ...slow, seed }),
    restore: QLearning.restore,
    lesson: wander,
    teach(learner, lesson) {
      for (const transition of lesson) learner.learnOne(transition);
    },
    questions: () => [
      ...Array.from({ length: 10 }, (_, i) => ({ state: i % states })),
      { state: 2, legal: [0, 1] },
      { state: 3, greedy: true },
    ],
    ask(learner, question) {
      const { action, propensity } = learner.predict(question);
      return [action, propensity, ...learner.valuesOf(question.state)];
    },
    refuses: [
      { what: 'a state that is none', code: 'USAGE', act: (learner) => learner.predict({ state: states }) },
      { what: 'a short mask', code: 'SHAPE', act: (learner) => learner.predict({ state: 0, legal: [1] }) },
      {
        what: 'a mask that forbids all',
        code: 'EMPTY',
        act: (learner) => learner.predict({ state: 0, legal: [0, 0] }),
      },
      {
        what: 'an action that is none',
        code: 'USAGE',
        act: (learner) => learner.learnOne({ state: 0, action: actions, reward: 0 }),
      },
      {
        what: 'a reward that is NaN',
        code: 'NOT_FINITE',
        act: (learner) => learner.learnOne({ state: 0, action: 0, reward: Number.NaN }),
      },
      {
        what: 'a next state that is none',
        code: 'USAGE',
        act: (learner) => learner.learnOne({ state: 0, action: 0, reward: 0, nextState: -1 }),
      },
    ],
    contest: {
      against: 'the same without regard for later rewards',
      margin: 0.9,
      play(seed) {
        const best = 1 / states;
        const [own, other] = [0.95, 0].map((discount) => {
          return best - earnings(new QLearning({ states, actions, discount, ...slow, seed }));
        });
        return { loss: own as number, baseline: other as number };
      },
    },
  }),
];
