import type { ExperimentStatus } from './states.ts';

/** How a unit gets its bucket. A version never changes once it was released: units would move. */
export const HASH_VERSIONS = ['pilotfish-1', 'growthbook-1', 'growthbook-2'] as const;
export type HashVersion = (typeof HASH_VERSIONS)[number];

/** What is better. */
export type Direction = 'higher' | 'lower';

/** A number that is recorded. */
export type MetricSpec = {
  readonly name: string;
  readonly direction: Direction;
  /** The metric is the sum of its values over the sum of those of this name, recorded with them, such as bytes. */
  readonly denominator?: string | undefined;
  /** What its values are recorded under, where that is not its name: two metrics may be of one value. */
  readonly value?: string | undefined;
  /** The metric is this quantile of the first value of each unit, such as 0.95; else it is a mean. */
  readonly quantile?: number | undefined;
};

/** A metric that may become worse only so far; one of the margins. */
export type Guardrail = MetricSpec & {
  /** As a share of the control's mean; 0.05 when no margin is given. */
  readonly marginRelative?: number | undefined;
  /** In units of the metric. */
  readonly marginAbsolute?: number | undefined;
};

/** How the result is judged. */
export type Analysis = {
  /** `anytime`: may be looked at as often as one likes. `fixed`: one look, when every arm has `samplesPerArm`. */
  readonly method: 'anytime' | 'fixed';
  /** Probability of a false winner. 0.05. */
  readonly alpha: number;
  /** `anytime`: units of both arms at which the interval is tightest. 20 000. */
  readonly tuneCount?: number | undefined;
  readonly samplesPerArm?: number | undefined;
};

/** What of it an experiment says. */
export type AnalysisDraft = { readonly [Field in keyof Analysis]?: Analysis[Field] | undefined };

/** JSON, as an arm may carry it for those who ask for its flag. */
export type FlagValue =
  | boolean
  | number
  | string
  | null
  | readonly FlagValue[]
  | { readonly [key: string]: FlagValue };

/** Document 003's variant. */
export type ModelVariant = {
  readonly modelId: string;
  readonly isControl: boolean;
  /** 0 to 100, exclusive. All or none: without shares every treatment gets 10. */
  readonly trafficPct?: number | undefined;
  readonly description?: string | undefined;
  /** What an OpenFeature client gets; by default `modelId`, or for a boolean flag whether it is a treatment. */
  readonly value?: FlagValue | undefined;
};

/** Experiments of one namespace never share a unit: each has a part of it. */
export type Namespace = { readonly name: string; readonly from: number; readonly to: number };

/** Units that take part in no experiment which names this hold-out. */
export type Holdout = { readonly name: string; readonly share: number };

/** Document 003's experiment, as it is created. */
export type Experiment = {
  readonly id: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** What decides. A bare name is better when higher, unless it names a time, a cost or an error: then say it. */
  readonly targetMetric: string | MetricSpec;
  readonly models: readonly ModelVariant[];
  /** True: a unit stays in its arm. False: every question is a draw of its own. True. */
  readonly stickyAssignment?: boolean | undefined;
  /** Units an arm needs before anything is decided. 1000. */
  readonly minimumSamples?: number | undefined;
  readonly guardrails?: readonly Guardrail[] | undefined;
  /** Reported, corrected for their number, never decisive. */
  readonly secondaryMetrics?: readonly MetricSpec[] | undefined;
  readonly analysis?: AnalysisDraft | undefined;
  /** Share of the units that take part, 0 to 1; may grow while it runs. 1. */
  readonly coverage?: number | undefined;
  readonly namespace?: Namespace | undefined;
  readonly holdout?: Holdout | undefined;
  readonly hash?: HashVersion | undefined;
  /** What the assignment depends on beside the unit. The id. */
  readonly salt?: string | undefined;
};

/** An arm as it is kept. */
export type Arm = {
  readonly modelId: string;
  readonly isControl: boolean;
  /** All arms together have 100. */
  readonly trafficPct: number;
  readonly description: string;
  readonly value?: FlagValue | undefined;
};

/** What was fixed when an experiment was created. */
export type Definition = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly target: MetricSpec;
  readonly arms: readonly Arm[];
  readonly stickyAssignment: boolean;
  readonly minimumSamples: number;
  readonly guardrails: readonly Guardrail[];
  readonly secondary: readonly MetricSpec[];
  readonly analysis: Analysis;
  readonly namespace?: Namespace | undefined;
  readonly holdout?: Holdout | undefined;
  readonly hash: HashVersion;
  readonly salt: string;
  /** How the winner is found, in words. */
  readonly rule: string;
};

/** An experiment as it stands. */
export type StoredExperiment = Definition & {
  readonly status: ExperimentStatus;
  /** Share of the units that take part. */
  readonly coverage: number;
  /** Why it stands where it stands. */
  readonly note: string;
  readonly createdMs: number;
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly updatedMs: number;
  /** Records that were counted. */
  readonly records: number;
};
