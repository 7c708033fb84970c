import type { LearnerDraft } from './engine/learners.ts';
import type { Strategy } from './engine/settings.ts';

/** A pipeline as it is asked for; document 003. */
export type LearningPipeline = {
  /** Letters, digits, `.`, `_` and `-`; up to 40. */
  readonly pipelineId: string;
  /** What it is for. */
  readonly name: string;
  /** The registered version it begins with: a learner of ours that learns a sample at a time. */
  readonly modelId?: string;
  /** In place of `modelId`: a learner that has learnt nothing, registered under the pipeline's name. */
  readonly learner?: LearnerDraft;
  /** Names of the features in the order of the model, where the version does not say them. */
  readonly features?: readonly string[];
  /** `periodic`, or what `ML_ONLINE_STRATEGY` says. */
  readonly strategy?: Strategy;
  /** Milliseconds between updates of the periodic strategy. 1 hour. */
  readonly updateFrequency?: number;
  /** Samples of a mini-batch. 100. */
  readonly batchSize?: number;
  /** Samples an update needs. 50. */
  readonly minSamples?: number;
  /** Samples that wait, at most; the oldest are dropped. 1000. */
  readonly maxBufferSize?: number;
  /** Step of linear learners. 0.01. */
  readonly learningRate?: number;
  /**
   * Half is the probability, per trial, that a candidate no better than the champion replaces it; half, per update, that
   * one no worse is thrown away. 0.05.
   */
  readonly alpha?: number;
};

/** A sample to learn from; document 003. */
export type TrainingSample = {
  /** Unique within the pipeline: the same sample again is not counted twice. */
  readonly sampleId: string;
  /** One finite number by every name. */
  readonly features: Readonly<Record<string, number>>;
  /** A class number, or a value; left out when it is not known yet (`addLabel`). */
  readonly label?: number;
  /** 1. */
  readonly weight?: number;
};

/** What became of a sample. */
export type AddedSample = {
  readonly sampleId: string;
  /** `duplicate`: the very same was there already. */
  readonly outcome: 'added' | 'duplicate';
  /** What the champion said of it; undefined for a duplicate. */
  readonly prediction: number | undefined;
};

/** As a pipeline is kept. */
export type PipelineSettings = Required<Omit<LearningPipeline, 'learner' | 'modelId'>> & {
  /** The registered model its versions belong to. */
  readonly modelName: string;
  readonly modelId: string;
  /** `logistic-regression` and the like. */
  readonly algorithm: string;
  /** 0 for values. */
  readonly classes: number;
};

export type PipelineState = 'active' | 'paused' | 'training' | 'error' | 'archived';

/** How a pipeline is doing. */
export type PipelineStatus = {
  readonly pipelineId: string;
  readonly name: string;
  readonly status: PipelineState;
  readonly strategy: Strategy;
  readonly settings: PipelineSettings;
  /** What answers: the version the pipeline compares with. */
  readonly champion: { readonly version: string; readonly modelId: string };
  readonly samples: {
    /** Learnt or waiting: every one that was scored. */
    readonly scored: number;
    /** Wait to be learnt, of the most that may. */
    readonly buffered: number;
    readonly maxBufferSize: number;
    /** What an update needs. */
    readonly needed: number;
    /** Dropped from a full buffer, never learnt. */
    readonly dropped: number;
    readonly waitForLabel: number;
    /** Whose label did not come before too many others waited. */
    readonly labelTooLate: number;
    readonly duplicates: number;
  };
  /** Why no update is due, or that one is. */
  readonly nextUpdate: string;
  readonly updates: {
    readonly made: number;
    readonly swaps: number;
    readonly rejected: number;
    readonly rollbacks: number;
    /** Times the score fell beyond chance. */
    readonly falls: number;
    readonly lastMs: number | undefined;
  };
  /** Share of right answers, or mean absolute error, of what was served: each sample judged before it was learnt. */
  readonly accuracy: {
    readonly measure: 'accuracy' | 'mean absolute error';
    readonly overall: number | undefined;
    /** Of blocks of 25 samples, the oldest first; 100 at most. */
    readonly history: readonly number[];
    /** The later half of the history against the earlier, as a difference; undefined with fewer than 4 blocks. */
    readonly trend: number | undefined;
  };
  /** Those that are tried beside the champion: they are asked, but never answer. */
  readonly candidates: readonly {
    readonly candidate: string;
    readonly trialSamples: number;
    /** Natural logarithm of the e-process; `needed` and it may serve. */
    readonly evidence: number;
    readonly needed: number;
  }[];
  /** Share of answers that did not come from the champion. */
  readonly exploration: { readonly share: number; readonly bound: number };
  readonly lastError: string | undefined;
  /** After an error nothing is tried before; undefined without one. */
  readonly retryAtMs: number | undefined;
};

/** An entry of the history of updates. */
export type PipelineUpdate = {
  readonly seq: number;
  readonly kind: 'update' | 'swap' | 'reject' | 'rollback' | 'fall' | 'fail' | 'rebase';
  readonly subject: string;
  readonly report: Readonly<Record<string, number | string>>;
  readonly timeMs: number;
};
