import type { VersionRef } from '../../registry/index.ts';
import type { RolloutReport } from '../machine/rollout.ts';
import type { RolloutPlan } from '../plan/plan.ts';

export type RolloutDraft = {
  /** Letters, digits, `.`, `_`, `-`; made up unless given. */
  readonly id?: string;
  /** The candidate, in staging or production. */
  readonly model: VersionRef;
  readonly plan?: RolloutPlan;
};

/** A rollout as it stands. */
export type RolloutStatus = RolloutReport & {
  readonly id: string;
  readonly model: string;
  /** Number of the version. */
  readonly version: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Whether a process feeds it. */
  readonly isAttached: boolean;
};

/** What a decision came to, told from outside. */
export type Observation = {
  readonly region?: string;
  readonly metric: string;
  /** Who made the decision. */
  readonly arm: 'model' | 'rule';
  /** Probability with which the model was to make it. */
  readonly propensity: number;
  readonly value: number;
};
