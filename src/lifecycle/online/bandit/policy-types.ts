import type { CandidatePolicy } from './off-policy.ts';

/** A policy as it is asked for. */
export type PolicyDraft = {
  /** Letters, digits, `.`, `_` and `-`; up to 40. */
  readonly policyId: string;
  /** What it chooses among. */
  readonly arms: readonly string[];
  /** Names of the numbers of the context, in order. */
  readonly features: readonly string[];
  /** Bound on the share of exploration, choice by choice. 0.1. */
  readonly exploration?: number;
  /** `thompson`. */
  readonly explorer?: 'uniform' | 'thompson';
  /** Part of the evidence that a further reward leaves, 0.5 to 1. 1. */
  readonly discount?: number;
};

/** What was chosen: the propensity is logged with it. */
export type PolicyChoice = {
  /** Names the choice when its reward comes. */
  readonly choiceId: number;
  readonly arm: string;
  readonly propensity: number;
};

/** How a policy is doing. */
export type PolicyStatus = {
  readonly policyId: string;
  readonly arms: readonly string[];
  readonly features: readonly string[];
  readonly choices: number;
  readonly rewarded: number;
  /** Mean of the rewards in the log. */
  readonly meanReward: number | undefined;
  /** Share of choices of another arm than those that looked best, and what bounds it in expectation. */
  readonly exploration: { readonly share: number; readonly bound: number };
};

/** Who is judged: a policy of one's own, a kept one as it is now, or one that plays an arm always. */
export type Candidate = CandidatePolicy | { readonly policyId: string } | { readonly arm: string };

/** A policy as it is kept. */
export type KeptPolicy = {
  readonly arms: readonly string[];
  readonly features: readonly string[];
  readonly exploration: number;
};
