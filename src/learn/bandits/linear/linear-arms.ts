import { PilotfishError } from '../../../base/index.ts';
import {
  numberWithin,
  type Snapshot,
  type Tensor,
  takeCounts,
  takeFloats,
  takeNumbers,
  wholeNumber,
} from '../../contract/index.ts';
import {
  ARMS_RANGE,
  type Ask,
  checkFeedback,
  checkLegal,
  DISCOUNT_RANGE,
  type Feedback,
  isLegal,
} from '../bandit.ts';
import type { Parameters } from '../posterior/argmax-shares.ts';
import { packedSize, Ridge, type RidgeState, ridgeState, ridgeStates } from './ridge.ts';

export type LinearBanditOptions = {
  readonly arms: number;
  /** Numbers in one row of the context; an intercept is added to them. */
  readonly features: number;
  /** The ridge of the regression, above 0. Default 1; it suits features of about one unit. */
  readonly ridge?: number;
  /** Part of the evidence that a further reward leaves, 0.5 to 1. Default 1: nothing is forgotten. */
  readonly discount?: number;
  /**
   * One regression for all arms, which the rows of the context tell apart: what one arm teaches holds for the others,
   * also for an arm seen for the first time. Default false: one regression an arm.
   */
  readonly shared?: boolean;
  /** Default 0. */
  readonly seed?: number;
};

type Options = Required<Omit<LinearBanditOptions, 'seed'>>;

const FEATURES_RANGE = [1, 255] as const;
const RIDGE_RANGE = [1e-6, 1e6] as const;
/** Numbers the inverses of all arms may take: 32 MiB. */
const MAX_INVERSES = 2 ** 22;
/** Larger features would drown the others, and their squares the precision. */
const MAX_FEATURE = 1e6;

/** What linear bandits share: for each arm the expected reward under a context and how little is known of it. */
export class LinearArms {
  readonly options: Options;
  readonly #states: RidgeState;
  readonly #models: readonly Ridge[];
  /** Part of a model's evidence that is left: it is discounted for good when the model next learns. */
  readonly #left: Float64Array;
  /** One row, with the intercept behind. */
  readonly #x: Float64Array;

  /** @throws PilotfishError `USAGE` for options out of range, `LIMIT` when they are too many together. */
  constructor(given: LinearBanditOptions) {
    const { arms, features, ridge = 1, discount = 1, shared = false } = given;
    wholeNumber('arms', arms, ARMS_RANGE);
    wholeNumber('features', features, FEATURES_RANGE);
    numberWithin('ridge', ridge, RIDGE_RANGE);
    numberWithin('discount', discount, DISCOUNT_RANGE);
    const count = shared ? 1 : arms;
    if (count * packedSize(features + 1) > MAX_INVERSES) {
      throw new PilotfishError('LIMIT', `${arms} arms of ${features} features are too many; share one model`);
    }
    this.options = { arms, features, ridge, discount, shared };
    this.#x = new Float64Array(features + 1).fill(1);
    this.#left = new Float64Array(count).fill(1);
    const states = ridgeStates(count, features + 1, ridge);
    this.#states = states;
    this.#models = Array.from({ length: count }, (_, i) => new Ridge(ridge, ridgeState(states, i, count)));
  }

  /**
   * Writes every arm's expected reward into `a`, NaN for an illegal arm, and √(x' A^-1 x) into `b`.
   * @throws PilotfishError `SHAPE`, `NOT_FINITE` or `LIMIT` for the context, `SHAPE` for the mask.
   */
  measure(ask: Ask, { a, b }: Parameters): void {
    const { arms, features, shared } = this.options;
    const { context = [], legal } = ask;
    checkLegal(legal, arms);
    const rows = arms > 1 && context.length === features * arms;
    if (!rows && context.length !== features) {
      throw new PilotfishError(
        'SHAPE',
        `the context has ${context.length} values; give ${features}, or as many for each of ${arms} arms`,
      );
    }
    // All of it before any of it is used: what was measured before may still be asked for.
    checkContext(context);
    if (!rows) this.#load(context, 0);
    for (let arm = 0; arm < arms; arm += 1) {
      if (rows) this.#load(context, arm * features);
      this.#measureArm(arm, shared ? 0 : arm, { a, b });
      if (!isLegal(legal, arm)) a[arm] = Number.NaN;
    }
  }

  /** Without new evidence the estimate stays, and its uncertainty grows up to that of an arm never played. */
  #measureArm(arm: number, index: number, { a, b }: Parameters): void {
    const model = this.#models[index] as Ridge;
    const x = this.#x;
    const aged = model.spread(x) / (this.#left[index] as number);
    a[arm] = model.mean(x);
    b[arm] = Math.sqrt(this.#left[index] === 1 ? aged : Math.min(aged, squareOf(x) / this.options.ridge));
  }

  /** @throws PilotfishError `SHAPE`, `NOT_FINITE` or `LIMIT` for the context, and as `checkFeedback`. */
  learn(feedback: Feedback): void {
    const { arms, features, discount, shared } = this.options;
    checkFeedback(feedback, arms);
    const { arm, reward, context = [] } = feedback;
    if (context.length !== features) {
      throw new PilotfishError(
        'SHAPE',
        `the context has ${context.length} values; give the arm's ${features}`,
      );
    }
    checkContext(context);
    this.#load(context, 0);
    const index = shared ? 0 : arm;
    const left = this.#left;
    if (discount < 1) for (let i = 0; i < left.length; i += 1) left[i] = (left[i] as number) * discount;
    (this.#models[index] as Ridge).learn(this.#x, reward, left[index] as number);
    left[index] = 1;
  }

  #load(context: ArrayLike<number>, from: number): void {
    const { features } = this.options;
    for (let j = 0; j < features; j += 1) this.#x[j] = context[from + j] as number;
  }

  tensors(): { [name: string]: Tensor } {
    const states = Object.entries({ ...this.#states, left: this.#left });
    return Object.fromEntries(
      states.map(([name, values]) => [name, { shape: [values.length], data: values.slice() }]),
    );
  }

  /** @throws PilotfishError `DAMAGED`, `NOT_FINITE`, `USAGE` or `LIMIT` for a snapshot of no linear bandit. */
  static restore(snapshot: Snapshot): LinearArms {
    const numbers = takeNumbers(snapshot, 'arms', 'features', 'ridge', 'discount');
    const shared = snapshot.config['shared'] === true;
    const count = shared ? 1 : numbers.arms;
    const rows = numbers.features + 1;
    // Read first: what a snapshot claims is allocated only when it is there.
    const read = {
      gram: takeFloats(snapshot, 'gram', [count * packedSize(rows)]),
      inverse: takeFloats(snapshot, 'inverse', [count * packedSize(rows)]),
      moments: takeFloats(snapshot, 'moments', [count * rows]),
      weights: takeFloats(snapshot, 'weights', [count * rows]),
      updates: takeCounts(snapshot, 'updates', [count]),
      left: takeCounts(snapshot, 'left', [count]),
    };
    const arms = new LinearArms({ ...numbers, shared });
    arms.#left.set(read.left);
    for (const name of ['gram', 'inverse', 'moments', 'weights', 'updates'] as const) {
      arms.#states[name].set(read[name]);
    }
    return arms;
  }
}

function squareOf(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i += 1) sum += (x[i] as number) * (x[i] as number);
  return sum;
}

function checkContext(context: ArrayLike<number>): void {
  for (let i = 0; i < context.length; i += 1) {
    const value = context[i] as number;
    if (!(value <= MAX_FEATURE && value >= -MAX_FEATURE)) throw refusedFeature(i, value);
  }
}

function refusedFeature(index: number, value: number): PilotfishError {
  if (!Number.isFinite(value)) return new PilotfishError('NOT_FINITE', `context[${index}] is ${value}`);
  return new PilotfishError('LIMIT', `context[${index}] is ${value}; rescale it to at most ${MAX_FEATURE}`);
}
