/** Work for later: a queue of trainings and searches in the registry's state, and workers that do them. */
export { type QueueOptions, StateJobQueue } from './state-queue.ts';
export type {
  Claim as JobClaim,
  Job,
  JobDraft,
  JobQueue,
  JobResult,
  JobStatus,
  JobWork,
  TrainJob,
  TuneJob,
} from './types.ts';
export { JobWorker, type WorkerEvent, type WorkerOptions } from './worker.ts';
