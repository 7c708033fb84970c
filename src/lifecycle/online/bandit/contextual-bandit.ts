import { FastRng } from '../../../base/index.ts';
import {
  type Ask,
  type Bandit,
  type Choice,
  checkSnapshot,
  decodeSnapshot,
  encodeSnapshot,
  type Feedback,
  LinThompson,
  LinUcb,
  numberWithin,
  type Snapshot,
  type Tensor,
  takeTensor,
} from '../../../learn/index.ts';

export type ContextualBanditOptions = {
  readonly arms: number;
  /** Numbers in one row of the context. */
  readonly features: number;
  /** Probability, for every single choice, of another arm than the one that looks best: at most this. 0.1. */
  readonly exploration?: number;
  /** How it explores: all arms alike, or those that may be better. `thompson`. */
  readonly explorer?: 'uniform' | 'thompson';
  /** Part of the evidence that a further reward leaves, 0.5 to 1. 1. */
  readonly discount?: number;
  /** 0. */
  readonly seed?: number;
};

const KIND = 'contextual-bandit';
/** Part of the exploration that goes to all arms alike: no arm's propensity is near 0, so that every log tells of every policy. */
const UNIFORM_PART = 0.2;

/**
 * A contextual bandit whose exploration is bounded choice by choice: it plays the arm that a ridge regression of the
 * rewards expects most of (Li, Chu, Langford, Schapire 2010, without the bonus) with probability 1 - exploration, and
 * explores with the rest. The propensity of every choice is exact, and of a legal arm at least
 * 0.2 · exploration / arms.
 */
export class ContextualBandit implements Bandit {
  readonly kind = KIND;
  readonly arms: number;
  readonly exploration: number;
  readonly #greedy: LinUcb;
  readonly #thompson: LinThompson | undefined;
  readonly #rng: FastRng;
  readonly #shares: Float64Array;

  /** @throws PilotfishError `USAGE`, `LIMIT` for options out of range. */
  constructor(options: ContextualBanditOptions, learnt?: Learnt) {
    const { arms, features, exploration = 0.1, explorer = 'thompson', discount = 1, seed = 0 } = options;
    this.exploration = numberWithin('exploration', exploration, [0, 1]);
    this.#greedy = learnt?.greedy ?? new LinUcb({ arms, features, alpha: 0, discount, seed });
    this.#thompson =
      explorer === 'uniform'
        ? undefined
        : (learnt?.thompson ?? new LinThompson({ arms, features, discount, seed }));
    this.#rng = learnt?.rng ?? new FastRng(seed);
    this.arms = arms;
    this.#shares = new Float64Array(arms);
  }

  predict(ask: Ask = {}): Choice {
    const shares = this.propensities(ask);
    let left = this.#rng.next();
    let arm = 0;
    for (let i = 0; i < shares.length; i += 1) {
      if ((shares[i] as number) === 0) continue;
      arm = i;
      left -= shares[i] as number;
      if (left < 0) break;
    }
    return { arm, propensity: shares[arm] as number };
  }

  /** The array is used again by the next call. */
  propensities(ask: Ask = {}): Float64Array {
    const greedy = this.#greedy.propensities(ask);
    const drawn = this.#thompson?.propensities(ask);
    const { legal } = ask;
    const isLegal = (arm: number): boolean => legal === undefined || legal[arm] !== 0;
    let count = 0;
    for (let arm = 0; arm < this.arms; arm += 1) if (isLegal(arm)) count += 1;
    const alike = drawn === undefined ? 1 : UNIFORM_PART;
    for (let arm = 0; arm < this.arms; arm += 1) {
      const explored = isLegal(arm) ? alike / count + (1 - alike) * (drawn?.[arm] ?? 0) : 0;
      this.#shares[arm] = (1 - this.exploration) * (greedy[arm] as number) + this.exploration * explored;
    }
    return this.#shares;
  }

  /** Which arms look best: one, or those that tie. */
  best(ask: Ask = {}): boolean[] {
    return Array.from(this.#greedy.propensities(ask), (share) => share > 0);
  }

  learnOne(feedback: Feedback): void {
    this.#greedy.learnOne(feedback);
    this.#thompson?.learnOne(feedback);
  }

  snapshot(): Snapshot {
    const parts = {
      greedy: this.#greedy,
      ...(this.#thompson === undefined ? {} : { thompson: this.#thompson }),
    };
    const tensors = Object.entries(parts).map(([name, part]): [string, Tensor] => {
      const data = encodeSnapshot(part.snapshot());
      return [name, { shape: [data.length], data }];
    });
    return {
      ...{ kind: KIND, version: 1 },
      config: { exploration: this.exploration },
      tensors: {
        ...Object.fromEntries(tensors),
        rng: { shape: [4], data: Uint32Array.from(this.#rng.state) },
      },
    };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` and others for what is no such snapshot. */
  static restore(snapshot: Snapshot): ContextualBandit {
    checkSnapshot(snapshot, KIND, 1);
    const part = (name: string): Snapshot =>
      decodeSnapshot(
        takeTensor<Uint8Array>(snapshot, name, {
          type: Uint8Array,
          shape: snapshot.tensors[name]?.shape ?? [],
        }),
      );
    const greedySnapshot = part('greedy');
    const greedy = LinUcb.restore(greedySnapshot);
    const { arms, features } = greedySnapshot.config as { arms: number; features: number };
    const thompson = Object.hasOwn(snapshot.tensors, 'thompson')
      ? LinThompson.restore(part('thompson'))
      : undefined;
    const rng = FastRng.restore(takeTensor<Uint32Array>(snapshot, 'rng', { type: Uint32Array, shape: [4] }));
    const exploration = Number(snapshot.config['exploration']);
    const explorer = thompson === undefined ? 'uniform' : 'thompson';
    return new ContextualBandit({ arms, features, exploration, explorer }, { greedy, thompson, rng });
  }
}

type Learnt = {
  readonly greedy: LinUcb;
  readonly thompson: LinThompson | undefined;
  readonly rng: FastRng;
};
