import type { ExperimentStatus } from '../definition/states.ts';
import type { Analysis, Direction } from '../definition/types.ts';

export type Recommendation = 'rollout' | 'rollback' | 'continue';

/** A metric of an arm: a mean over units, or a ratio of sums. */
export type ArmMetric = {
  readonly metric: string;
  readonly units: number;
  /** Null before the first value. */
  readonly mean: number | null;
  /** Of a unit. */
  readonly deviation: number | null;
};

export type ArmResult = {
  readonly modelId: string;
  readonly isControl: boolean;
  readonly trafficPct: number;
  /** Units with the target metric, by where they belong. */
  readonly units: number;
  /** Share of records in which another way than the arm's served; null where no record says. */
  readonly fallbackShare: number | null;
  readonly metrics: readonly ArmMetric[];
};

/** A treatment against the control. Numbers are null where nothing can be said yet. */
export type Comparison = {
  readonly modelId: string;
  readonly metric: string;
  readonly direction: Direction;
  /** Treatment minus control, in units of the metric. */
  readonly effect: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** The effect as a share of the control's mean, where that is above 0. */
  readonly relativeEffect: number | null;
  readonly relativeLower: number | null;
  readonly relativeUpper: number | null;
  /** For secondary metrics, corrected for their number. */
  readonly pValue: number | null;
  readonly verdict: 'better' | 'worse' | 'undecided';
};

export type GuardrailResult = {
  readonly modelId: string;
  readonly metric: string;
  readonly direction: Direction;
  /** The worst mean that keeps it; null before the first value. */
  readonly allowed: number | null;
  readonly mean: number | null;
  /** `kept` and `broken` are shown at the experiment's alpha; `open` is neither. */
  readonly verdict: 'kept' | 'broken' | 'open';
};

/** Whether the arms got their shares of the units. */
export type SplitResult = {
  readonly units: readonly number[];
  /** Always-valid. */
  readonly pValue: number;
  readonly isMismatch: boolean;
};

export type ExperimentResults = {
  readonly experimentId: string;
  readonly name: string;
  readonly status: ExperimentStatus;
  /** How the winner is found, as written down at creation. */
  readonly rule: string;
  readonly analysis: Analysis;
  readonly minimumSamples: number;
  readonly records: number;
  readonly arms: readonly ArmResult[];
  /** Each treatment by where its units belong: intention to treat. This decides. */
  readonly target: readonly Comparison[];
  /** Each treatment by what really served: not randomised. Null where nothing fell back. */
  readonly asTreated: readonly Comparison[] | null;
  readonly guardrails: readonly GuardrailResult[];
  readonly secondary: readonly Comparison[];
  readonly split: SplitResult;
  readonly recommendation: Recommendation;
  /** Why, in a sentence. */
  readonly reason: string;
  /** The treatment that `rollout` is about. */
  readonly winner: string | null;
};
