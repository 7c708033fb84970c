import { PilotfishError } from '../../base/index.ts';
import type { Learner, LearnsOne, Predicts } from '../contract/index.ts';

/** What a bandit is asked. The object and its arrays may be reused by the caller. */
export type Ask = {
  /** Only linear bandits read it: one number a feature, shared by all arms, or one such row an arm. */
  readonly context?: ArrayLike<number>;
  /** One number an arm: 0 forbids it. Without a mask every arm is legal. */
  readonly legal?: ArrayLike<number>;
};

/** An arm and the probability with which this question gets it. The bandit reuses the object at its next `predict`. */
export type Choice = { readonly arm: number; readonly propensity: number };

/** What an arm brought; more is better. */
export type Feedback = {
  readonly arm: number;
  readonly reward: number;
  /** Linear bandits: the features (one row) under which the arm was chosen. */
  readonly context?: ArrayLike<number>;
};

/**
 * Chooses among arms 0 … arms - 1 and learns from the chosen arm's reward alone. Arms that score alike share the
 * choice by lot, and `propensity` is that share. A reward may come any time after its choice, in any order, or never:
 * nothing is remembered between `predict` and `learnOne`.
 */
export interface Bandit extends Learner, Predicts<Ask, Choice>, LearnsOne<Feedback> {
  /** @throws PilotfishError `EMPTY` when no arm is legal, `SHAPE` for a mask or context of another length. */
  predict(ask?: Ask): Choice;
  /** The probability of every arm for this question; they sum to 1. Draws nothing; reused by the next call. */
  propensities(ask?: Ask): Float64Array;
}

/** Most arms one bandit tells apart. */
const MAX_ARMS = 65_536;
export const ARMS_RANGE = [1, MAX_ARMS] as const;

/** Part of what is remembered that each further reward leaves. Below a half hardly one reward is remembered. */
export const DISCOUNT_RANGE = [0.5, 1] as const;

/** Largest reward: sums of their squares stay exact enough to compare. */
const MAX_REWARD = 1e9;

export const ALL_LEGAL: Ask = Object.freeze({});

/** @throws PilotfishError `USAGE` for no arm of this bandit, `NOT_FINITE` or `LIMIT` for its reward. */
export function checkFeedback({ arm, reward }: Feedback, arms: number): void {
  if (!(Number.isInteger(arm) && arm >= 0 && arm < arms)) {
    throw new PilotfishError('USAGE', `arm is ${arm}; give a whole number from 0 to ${arms - 1}`);
  }
  if (reward <= MAX_REWARD && reward >= -MAX_REWARD) return;
  if (!Number.isFinite(reward)) {
    throw new PilotfishError('NOT_FINITE', `reward is ${reward}; give a finite number`);
  }
  throw new PilotfishError('LIMIT', `reward is ${reward}; rescale rewards to at most ${MAX_REWARD}`);
}

/** @throws PilotfishError `SHAPE` unless the mask, if there is one, has one number an arm. */
export function checkLegal(legal: ArrayLike<number> | undefined, arms: number): void {
  if (legal !== undefined && legal.length !== arms) {
    throw new PilotfishError('SHAPE', `the legal mask has ${legal.length} values for ${arms} arms`);
  }
}

export const isLegal = (legal: ArrayLike<number> | undefined, arm: number): boolean =>
  legal === undefined || legal[arm] !== 0;
