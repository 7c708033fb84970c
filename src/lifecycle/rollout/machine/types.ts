import type { WatchSnapshot } from '../guardrail/watch.ts';
import type { Tally, Verdict } from '../plan/verdict.ts';

/** Where a rollout stands. The last two are the end; what succeeded is watched on, and may still be rolled back. */
export const PHASES = ['pending', 'running', 'paused', 'succeeded', 'rolled-back'] as const;
export type Phase = (typeof PHASES)[number];

/** Whether a rollout in this phase is over. */
export const isEnded = (phase: Phase): boolean => phase === 'succeeded' || phase === 'rolled-back';

/** What is asked of others on the way, as Flagger names it. */
export const HOOKS = [
  /** Before anything: false waits. */
  'confirm-rollout',
  /** Before the first step: false waits, and counts towards rollback. */
  'pre-rollout',
  /** At every look, before it is measured: false waits, and counts towards rollback. */
  'rollout',
  /** Before the share grows: false waits. */
  'confirm-traffic-increase',
  /** Before the last step ends: false waits, while it is watched on. */
  'confirm-promotion',
  /** After the end: false is only noted. */
  'post-rollout',
  /** At every look: true rolls back. */
  'rollback',
  /** Told of every event; the answer is nothing. */
  'event',
] as const;
export type HookName = (typeof HOOKS)[number];

export type RolloutEventKind =
  | 'started'
  | 'step'
  | 'waiting'
  | 'paused'
  | 'resumed'
  | 'approved'
  | 'region-done'
  | 'succeeded'
  | 'rolled-back'
  | 'hook-failed';

/** Something that happened to a rollout. */
export type RolloutEvent = {
  readonly kind: RolloutEventKind;
  readonly timeMs: number;
  /** Undefined: all of them. */
  readonly region?: string;
  /** Number of the step, from 0, and its share of the model. */
  readonly step?: number;
  readonly share?: number;
  readonly verdict?: Verdict;
  readonly reason: string;
};

/** What a hook is told. */
export type HookContext = {
  readonly phase: Phase;
  readonly region?: string;
  readonly step?: number;
  /** The share that is asked for, at `confirm-traffic-increase`. */
  readonly share?: number;
  readonly event?: RolloutEvent;
};

/** Answers whether it went well; what throws did not. */
export type Hook = (context: HookContext) => boolean | Promise<boolean>;
export type RolloutHooks = Partial<Readonly<Record<HookName, Hook>>>;

/** A measurement of someone else, at every look, beside the guardrails. What throws is an `Error`. */
export type Measure = (context: HookContext) => Verdict | Promise<Verdict>;

/** Where a region stands. */
export type TrackControl = {
  readonly region: string;
  readonly step: number;
  readonly stepStartedMs: number;
  readonly isDone: boolean;
  readonly isApproved: boolean;
  readonly waitsFor: string;
};

/** Where a rollout stands: what commands change. */
export type Control = {
  readonly phase: Phase;
  readonly verdict: Verdict | null;
  readonly reason: string;
  readonly pausedMs: number | null;
  readonly lastMs: number;
  readonly hookFailures: number;
  readonly isClosed: boolean;
  readonly tracks: readonly TrackControl[];
};

/** What was observed in a region. */
export type TrackEvidence = {
  readonly watches: readonly WatchSnapshot[];
  /** Of each guardrail, when the step began. */
  readonly before: readonly { readonly model: number; readonly rule: number }[];
  readonly shadowed: number;
  readonly errors: number;
  readonly tally: Tally;
  readonly accuracy: readonly { readonly span: number; readonly count: number; readonly right: number }[];
};

export type Evidence = { readonly tracks: readonly TrackEvidence[] };
