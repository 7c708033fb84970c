/** When a pipeline learns what has come; document 003. */
export const Strategy = {
  /** As soon as `minSamples` wait. */
  Incremental: 'incremental',
  /** As soon as `batchSize` wait. */
  MiniBatch: 'mini_batch',
  /** Every `updateFrequency`, if `minSamples` wait. */
  Periodic: 'periodic',
  /** When the buffer is full or the score falls; for a buffer's worth of samples after a fall as incremental. */
  Adaptive: 'adaptive',
} as const;

export type Strategy = (typeof Strategy)[keyof typeof Strategy];

/** All of them. */
export const STRATEGIES: readonly Strategy[] = Object.values(Strategy);

/** What an engine is told once. Changing any of it makes another log. */
export type EngineSettings = {
  readonly strategy: Strategy;
  readonly updateFrequencyMs: number;
  readonly batchSize: number;
  readonly minSamples: number;
  readonly maxBufferSize: number;
  /** Probability, per trial, that a rival no better than the champion takes its place. */
  readonly alpha: number;
};

/** What happened to a pipeline, in the order of its log. */
export type PipelineEvent = { readonly timeMs: number } & (
  | {
      readonly kind: 'sample';
      readonly sampleId: string;
      readonly x: readonly number[];
      /** Undefined: it comes later. */
      readonly y?: number;
      readonly weight: number;
    }
  | { readonly kind: 'label'; readonly sampleId: string; readonly y: number }
  | { readonly kind: 'trigger' }
  | { readonly kind: 'tick' }
  /** Somebody else put another version in production: the pipeline goes on from that. */
  | { readonly kind: 'rebase'; readonly champion: string; readonly learner: string }
);

/** What an event led to. */
export type Outcome = {
  /** `swap` and `rollback` change what serves; the others are told of. */
  readonly kind: 'update' | 'swap' | 'reject' | 'rollback' | 'fall' | 'fail' | 'rebase';
  /** The champion after a swap or rollback; the line otherwise. */
  readonly key: string;
  /** What was replaced. */
  readonly replaced?: string;
  /** The learner that is to serve. */
  readonly bytes?: Uint8Array;
  readonly report: Readonly<Record<string, number | string>>;
};
