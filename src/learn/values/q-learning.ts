import { type FastRng, PilotfishError } from '../../base/index.ts';
import {
  checkSnapshot,
  type Learner,
  type LearnsOne,
  numberWithin,
  type Predicts,
  rngTensor,
  type Snapshot,
  seededRng,
  takeFloats,
  takeNumbers,
  takeRng,
  wholeNumber,
} from '../contract/index.ts';

export type QLearningOptions = {
  readonly states: number;
  readonly actions: number;
  /** Step of an update, above 0 to 1. Default 0.1. */
  readonly learningRate?: number;
  /** What a reward one step later is worth, 0 to 1. Default 0.95. */
  readonly discount?: number;
  /** Probability of a random action at the start; every transition multiplies it by the decay. Default 0.1. */
  readonly epsilon?: number;
  /** Default 0.995. */
  readonly epsilonDecay?: number;
  /** It does not fall below. Default 0.01. */
  readonly epsilonFloor?: number;
  /** Wins ties it is part of; else the lowest action does. Default 0. */
  readonly defaultAction?: number;
  /** Default 0. */
  readonly seed?: number;
};

export type StateQuestion = {
  readonly state: number;
  /** One number an action: 0 forbids it. Without a mask every action is legal. */
  readonly legal?: ArrayLike<number>;
  /** Never at random: for serving, and for judging what was learnt. Default false. */
  readonly greedy?: boolean;
};

/** An action and the probability with which this question gets it. Reused by the next `predict`. */
export type ActionChoice = { readonly action: number; readonly propensity: number };

export type Transition = {
  readonly state: number;
  readonly action: number;
  readonly reward: number;
  /** Where the action led. Absent: the episode ended. */
  readonly nextState?: number;
  /** What may be done there; without a mask, everything. */
  readonly nextLegal?: ArrayLike<number>;
};

/** Most values of a table: 128 MiB. */
const MAX_VALUES = 2 ** 24;
const MAX_REWARD = 1e9;
const COUNT_RANGE = [1, MAX_VALUES] as const;
const PART_RANGE = [0, 1] as const;
const RATE_RANGE = [1e-9, 1] as const;

/**
 * Tabular Q-learning (Watkins, Dayan 1992): Q(s, a) moves towards reward + discount · max over legal a' of Q(s', a').
 * Explores epsilon-greedily on a schedule with a floor; propensities are exact.
 */
export class QLearning implements Learner, Predicts<StateQuestion, ActionChoice>, LearnsOne<Transition> {
  readonly kind = 'q-learning';
  readonly #options: Required<Omit<QLearningOptions, 'seed'>>;
  readonly #values: Float64Array;
  readonly #choice = { action: 0, propensity: 1 };
  #epsilon: number;
  #rng: FastRng;

  /** @throws PilotfishError `USAGE` for options out of range, `LIMIT` for a table beyond memory. */
  constructor(options: QLearningOptions) {
    const { states, actions, learningRate = 0.1, discount = 0.95 } = options;
    const { epsilon = 0.1, epsilonDecay = 0.995, epsilonFloor = 0.01, defaultAction = 0, seed = 0 } = options;
    wholeNumber('states', states, COUNT_RANGE);
    wholeNumber('actions', actions, COUNT_RANGE);
    if (states * actions > MAX_VALUES) {
      throw new PilotfishError(
        'LIMIT',
        `${states} states of ${actions} actions; a table has ${MAX_VALUES} values`,
      );
    }
    numberWithin('learningRate', learningRate, RATE_RANGE);
    numberWithin('discount', discount, PART_RANGE);
    numberWithin('epsilon', epsilon, PART_RANGE);
    numberWithin('epsilonDecay', epsilonDecay, PART_RANGE);
    numberWithin('epsilonFloor', epsilonFloor, PART_RANGE);
    wholeNumber('defaultAction', defaultAction, [0, actions - 1]);
    const rates = { learningRate, discount, epsilon, epsilonDecay, epsilonFloor };
    this.#options = { states, actions, defaultAction, ...rates };
    this.#rng = seededRng(seed);
    this.#epsilon = epsilon;
    this.#values = new Float64Array(states * actions);
  }

  /** The present probability of a random action. */
  get epsilon(): number {
    return Math.max(this.#epsilon, this.#options.epsilonFloor);
  }

  /** The values of all actions in a state; a copy. @throws PilotfishError `USAGE` for no state. */
  valuesOf(state: number): Float64Array {
    this.#checkState('state', state);
    const { actions } = this.#options;
    return this.#values.slice(state * actions, (state + 1) * actions);
  }

  /** @throws PilotfishError `USAGE` for no state, `SHAPE` for a mask of another length, `EMPTY` if it forbids all. */
  predict({ state, legal, greedy = false }: StateQuestion): ActionChoice {
    this.#checkState('state', state);
    const legalActions = this.#countLegal(legal);
    const best = this.#best(state, legal);
    const epsilon = greedy ? 0 : this.epsilon;
    const choice = this.#choice;
    const random = epsilon > 0 && this.#rng.next() < epsilon;
    choice.action = random ? this.#nthLegal(this.#rng.below(legalActions), legal) : best;
    choice.propensity = epsilon / legalActions + (choice.action === best ? 1 - epsilon : 0);
    return choice;
  }

  /** Learns from one transition, and explores less from now on. @throws PilotfishError as `predict`, for its parts. */
  learnOne({ state, action, reward, nextState, nextLegal }: Transition): void {
    const { actions, learningRate, discount, epsilonDecay, epsilonFloor } = this.#options;
    this.#checkState('state', state);
    if (!(Number.isInteger(action) && action >= 0 && action < actions)) {
      throw new PilotfishError('USAGE', `action is ${action}; give a whole number from 0 to ${actions - 1}`);
    }
    checkReward(reward);
    let target = reward;
    if (nextState !== undefined) {
      this.#checkState('nextState', nextState);
      this.#countLegal(nextLegal);
      const next = this.#values[nextState * actions + this.#best(nextState, nextLegal)] as number;
      target += discount * next;
    }
    const at = state * actions + action;
    const value = this.#values[at] as number;
    this.#values[at] = value + learningRate * (target - value);
    this.#epsilon = Math.max(this.#epsilon * epsilonDecay, epsilonFloor);
  }

  #best(state: number, legal: ArrayLike<number> | undefined): number {
    const { actions, defaultAction } = this.#options;
    const from = state * actions;
    const mayDefault = legal === undefined || legal[defaultAction] !== 0;
    let best = mayDefault ? defaultAction : -1;
    let value = mayDefault ? (this.#values[from + defaultAction] as number) : Number.NEGATIVE_INFINITY;
    for (let action = 0; action < actions; action += 1) {
      const other = this.#values[from + action] as number;
      if (other > value && (legal === undefined || legal[action] !== 0)) {
        best = action;
        value = other;
      }
    }
    return best;
  }

  #countLegal(legal: ArrayLike<number> | undefined): number {
    const { actions } = this.#options;
    if (legal === undefined) return actions;
    if (legal.length !== actions) {
      throw new PilotfishError('SHAPE', `the legal mask has ${legal.length} values for ${actions} actions`);
    }
    let count = 0;
    for (let i = 0; i < actions; i += 1) if (legal[i] !== 0) count += 1;
    if (count === 0) throw new PilotfishError('EMPTY', 'no action is legal; leave at least one in the mask');
    return count;
  }

  #nthLegal(n: number, legal: ArrayLike<number> | undefined): number {
    if (legal === undefined) return n;
    let action = -1;
    for (let left = n; left >= 0; ) {
      action += 1;
      if (legal[action] !== 0) left -= 1;
    }
    return action;
  }

  #checkState(name: string, state: number): void {
    const { states } = this.#options;
    if (Number.isInteger(state) && state >= 0 && state < states) return;
    throw new PilotfishError('USAGE', `${name} is ${state}; give a whole number from 0 to ${states - 1}`);
  }

  snapshot(): Snapshot {
    const { states, actions } = this.#options;
    const config = { ...this.#options, epsilonNow: this.#epsilon };
    const values = { shape: [states, actions], data: this.#values.slice() };
    return { kind: this.kind, version: 1, config, tensors: { values, rng: rngTensor(this.#rng) } };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `NOT_FINITE`, `LIMIT` or `USAGE` for no such snapshot. */
  static restore(snapshot: Snapshot): QLearning {
    checkSnapshot(snapshot, 'q-learning', 1);
    const schedule = takeNumbers(snapshot, 'epsilon', 'epsilonDecay', 'epsilonFloor', 'epsilonNow');
    const table = takeNumbers(snapshot, 'states', 'actions', 'defaultAction', 'learningRate', 'discount');
    // Read before the table is made: what a snapshot claims is allocated only when it is there.
    const values = takeFloats(snapshot, 'values', [table.states, table.actions]);
    const learner = new QLearning({ ...table, ...schedule });
    learner.#values.set(values);
    learner.#resume(numberWithin('epsilonNow', schedule.epsilonNow, PART_RANGE), takeRng(snapshot));
    return learner;
  }

  #resume(epsilon: number, rng: FastRng): void {
    this.#epsilon = epsilon;
    this.#rng = rng;
  }
}

function checkReward(reward: number): void {
  if (reward <= MAX_REWARD && reward >= -MAX_REWARD) return;
  if (!Number.isFinite(reward)) {
    throw new PilotfishError('NOT_FINITE', `reward is ${reward}; give a finite number`);
  }
  throw new PilotfishError('LIMIT', `reward is ${reward}; rescale rewards to at most ${MAX_REWARD}`);
}
