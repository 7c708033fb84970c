import type { ModelArtefact } from '../../decisions/index.ts';
import type { SearchSpace } from '../../learn/index.ts';
import type { RegistryChange, Sql } from '../registry/index.ts';
import type { JobRequest as TrainingJobRequest, TrainingOptions, TuningMetric } from '../training/index.ts';

/** A training of the scheduler, once: where it keeps its checkpoint is the worker's business. */
export type TrainJob = Omit<TrainingJobRequest, 'schedule' | 'checkpointPath' | 'priority'>;

/** A search for good parameters; a data set is split, its test part is left alone. */
export type TuneJob = {
  /** The documents' name or the room's. */
  readonly modelName: string;
  /** A saved data set (`.json`, `.parquet`). */
  readonly datasetPath: string;
  readonly space: SearchSpace;
  /** Trainings in all. 50. */
  readonly trials?: number;
  /** `accuracy`. */
  readonly metric?: TuningMetric;
  /** 42. */
  readonly seed?: number;
  readonly config?: Omit<TrainingOptions, 'checkpointDir'>;
};

/** What a worker is to do. */
export type JobWork =
  | { readonly kind: 'train'; readonly request: TrainJob }
  | { readonly kind: 'tune'; readonly request: TuneJob };

/** A job that is to be queued. */
export type JobDraft = JobWork & {
  /** The highest runs first. 0. */
  readonly priority?: number;
  /** While a job of the same key waits or runs, no second one is queued: the first is answered. */
  readonly dedupeKey?: string;
};

/** `waiting` also after a failure that is tried again. */
export type JobStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** A job as the queue knows it. */
export type Job = JobWork & {
  readonly id: number;
  readonly priority: number;
  readonly status: JobStatus;
  /** Who has it, or had it last. */
  readonly worker: string | undefined;
  /** Attempts so far: each has a higher one, and only the highest may hand in a result. */
  readonly token: number;
  /** Until then nobody else takes it; while it runs. */
  readonly leaseUntilMs: number;
  /** Not before this time. */
  readonly dueMs: number;
  readonly failures: number;
  readonly result: JobResult | undefined;
  /** What became of the last attempt that failed. */
  readonly error: string | undefined;
  readonly createdBy: string;
  readonly createdMs: number;
  readonly updatedMs: number;
};

/** What a finished job leaves: figures, and the version that was registered, if any. */
export type JobResult = { readonly figures: Readonly<Record<string, unknown>>; readonly modelId?: string };

/** A job in the hands of a worker. */
export type Claim = { readonly job: Job; readonly token: number; readonly worker: string };

/**
 * Where workers get their work. The token of a claim fences: a worker that was thought dead hands in nothing once another
 * has its job.
 */
export interface JobQueue {
  /** @throws PilotfishError `USAGE` for work that cannot be done, `LIMIT` when too many wait. */
  submit(draft: JobDraft, change?: RegistryChange): Promise<Job>;
  /** The job that is due first, or whose lease ran out; undefined when there is none. */
  claim(worker: string, leaseMs: number): Promise<Claim | undefined>;
  /** Holds a claim longer. @throws PilotfishError `REFUSED` once another has the job, or it was cancelled. */
  renew(claim: Claim, leaseMs: number): Promise<void>;
  /** Hands in the result within the transaction that keeps it. @throws PilotfishError `REFUSED` as `renew`. */
  accept(sql: Sql, claim: Claim, result: JobResult): Promise<void>;
  /** A result without a transaction of its own. @throws PilotfishError `REFUSED` as `renew`. */
  finish(claim: Claim, result: JobResult): Promise<void>;
  /** The attempt failed: it is tried again after a while, three times in all. @throws PilotfishError `REFUSED`. */
  fail(claim: Claim, error: string): Promise<void>;
  /** Gives a job back undone. @throws PilotfishError `REFUSED`. */
  release(claim: Claim): Promise<void>;
  /** @throws PilotfishError `MISSING`; `REFUSED` for one that is over. */
  cancel(id: number, change?: RegistryChange): Promise<Job>;
  /** @throws PilotfishError `MISSING`. */
  get(id: number): Promise<Job>;
  /** The newest first. */
  list(filter?: { readonly status?: JobStatus; readonly limit?: number }): Promise<Job[]>;
}

/** What an attempt brings back. */
export type AttemptResult = {
  readonly figures: Readonly<Record<string, unknown>>;
  /** A model that is to be registered. */
  readonly artefact?: ModelArtefact;
};
