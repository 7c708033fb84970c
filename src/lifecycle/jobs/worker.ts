import {
  type Clock,
  type FileSystem,
  hasCode,
  NodeFileSystem,
  PilotfishError,
  systemClock,
} from '../../base/index.ts';
import { type ModelRegistry, roomModel } from '../registry/index.ts';
import type { TrainerPorts } from '../training/index.ts';
import { attempt } from './attempt.ts';
import { Leavings } from './leavings.ts';
import type { Claim, JobQueue, JobResult } from './types.ts';

export type WorkerOptions = {
  readonly queue: JobQueue;
  readonly registry: ModelRegistry;
  /** Where attempts keep checkpoints and journals; of this queue alone, on a medium that survives the worker. */
  readonly workDirectory: string;
  /** Unique among the workers of a queue. */
  readonly name: string;
  /** How long a silent worker keeps its job. 30 s; it renews three times as often. */
  readonly leaseMs?: number;
  /** How often it looks for work. 1 s. */
  readonly pollMs?: number;
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  readonly ports?: TrainerPorts;
  /** Hears of what happens. */
  readonly onEvent?: (event: WorkerEvent) => void;
};

/** What a worker tells of a job. */
export type WorkerEvent = {
  readonly jobId: number;
  readonly what: 'claimed' | 'done' | 'failed' | 'lost' | 'released';
  readonly detail: string;
};

const LEASE_MS = 30_000;
const POLL_MS = 1000;
const RENEWALS = 3;

/**
 * Takes jobs from a queue, one at a time. A model is registered as a draft in the very transaction that accepts the
 * result: a job may run twice, but leaves one version.
 */
export class JobWorker {
  readonly #options: WorkerOptions;
  readonly #clock: Clock;
  readonly #fs: FileSystem;
  readonly #leaseMs: number;
  readonly #leavings: Leavings;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#fs = options.fs ?? new NodeFileSystem();
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    const { queue, workDirectory } = options;
    this.#leavings = new Leavings({ queue, workDirectory, fs: this.#fs, clock: this.#clock });
  }

  /** Works until the signal comes; a job under way is given back then. @throws PilotfishError `IO`, `LOCKED`, … */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if ((await this.runNext(signal)) === undefined)
        await this.idle(this.#options.pollMs ?? POLL_MS, signal);
    }
  }

  /** Resolves after `ms`, or when the signal comes. */
  idle(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.every(ms, () => end());
      const end = (): void => {
        stop();
        signal.removeEventListener('abort', end);
        resolve();
      };
      signal.addEventListener('abort', end);
    });
  }

  /** Does one job. @returns what happened to it; undefined when none is due. */
  async runNext(signal: AbortSignal = new AbortController().signal): Promise<WorkerEvent | undefined> {
    const { queue, name } = this.#options;
    await this.#leavings.sweep();
    const claim = await queue.claim(name, this.#leaseMs);
    if (claim === undefined) return undefined;
    this.#tell(claim, 'claimed', `attempt ${claim.token} of a ${claim.job.kind} job`);
    const lost = new AbortController();
    const stopRenewing = this.#clock.every(this.#leaseMs / RENEWALS, () => {
      queue.renew(claim, this.#leaseMs).catch((error: unknown) => {
        // A state that is busy now may answer the next time; only the fence says that it is over.
        if (hasCode(error, 'REFUSED')) lost.abort();
      });
    });
    try {
      return await this.#work(claim, AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      return await this.#end(claim, error, { isLost: lost.signal.aborted, isStopped: signal.aborted });
    } finally {
      stopRenewing();
      await this.#leavings.clear(claim.job.id);
    }
  }

  async #work(claim: Claim, signal: AbortSignal): Promise<WorkerEvent> {
    const { registry, queue, workDirectory, ports = {} } = this.#options;
    const given = {
      registry,
      fs: this.#fs,
      ports: { fs: this.#fs, clock: this.#clock, ...ports },
      workDirectory,
    };
    const { figures, artefact } = await attempt(claim, given, signal);
    if (artefact === undefined) {
      await queue.finish(claim, { figures });
      return this.#tell(claim, 'done', JSON.stringify(figures));
    }
    const { metadata, files, evidence } = roomModel(artefact);
    const change = { actor: claim.worker, reason: `job ${claim.job.id}` };
    const jobId = String(claim.job.id);
    const modelId = await registry.registerModel(
      {
        ...metadata,
        version: `job-${jobId}.${claim.token}`,
        trainingData: { ...metadata.trainingData, jobId },
      },
      files,
      {
        ...{ ...change, signal },
        within: (sql, id) => {
          const result: JobResult = { figures, modelId: id };
          return queue.accept(sql, claim, result);
        },
      },
    );
    await registry.transitions.addEvidence({ modelId }, evidence, change);
    return this.#tell(claim, 'done', `registered ${metadata.name} as ${modelId}`);
  }

  async #end(
    claim: Claim,
    error: unknown,
    { isLost, isStopped }: { readonly isLost: boolean; readonly isStopped: boolean },
  ): Promise<WorkerEvent> {
    const { queue } = this.#options;
    const text = error instanceof PilotfishError ? `${error.code}: ${error.message}` : String(error);
    try {
      if (isLost) return this.#tell(claim, 'lost', 'another worker has it, or it was cancelled');
      if (isStopped) {
        await queue.release(claim);
        return this.#tell(claim, 'released', 'the worker stops');
      }
      await queue.fail(claim, text);
      return this.#tell(claim, 'failed', text);
    } catch (refused) {
      if (!hasCode(refused, 'REFUSED')) throw refused;
      return this.#tell(claim, 'lost', refused.message);
    }
  }

  #tell({ job }: Claim, what: WorkerEvent['what'], detail: string): WorkerEvent {
    const event = { jobId: job.id, what, detail };
    this.#options.onEvent?.(event);
    return event;
  }
}
