import { Worker } from 'node:worker_threads';
import { type ErrorCode, PilotfishError } from '../../base/index.ts';
import { type EpochStep, type JobResult, runJob, type TrainingJob } from './run.ts';

/** What the training worker says. */
export type WorkerMessage =
  | { readonly kind: 'epoch'; readonly step: EpochStep }
  | { readonly kind: 'result'; readonly result: JobResult }
  | {
      readonly kind: 'failed';
      readonly known: { readonly code: ErrorCode; readonly message: string } | undefined;
      readonly text: string;
    };

/** Who hears of epochs, and who may stop the work. */
export type Watcher = {
  readonly onEpoch: (step: EpochStep) => void;
  readonly signal: AbortSignal | undefined;
  /** Lets timers, signals and messages be served. */
  readonly turn: () => Promise<void>;
};

const WORKER_URL = import.meta.url.endsWith('.ts')
  ? new URL('./train-worker.ts', import.meta.url)
  : new URL('./train-worker.js', import.meta.url);

const interrupted = (): PilotfishError =>
  new PilotfishError('INTERRUPTED', 'the training was stopped; with a checkpointDir, run it again to go on');

/** Runs a job in this thread, with a pause after each epoch. @throws PilotfishError `INTERRUPTED`, and as the job. */
export async function runHere(job: TrainingJob, { onEpoch, signal, turn }: Watcher): Promise<JobResult> {
  const work = runJob(job);
  for (;;) {
    if (signal?.aborted) throw interrupted();
    const next = work.next();
    if (next.done === true) return next.value;
    onEpoch(next.value);
    await turn();
  }
}

/** Runs a job in a thread of its own: the same bits as `runHere`. @throws PilotfishError as that. */
export function runInWorker(job: TrainingJob, { onEpoch, signal }: Watcher): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(interrupted());
      return;
    }
    const worker = new Worker(WORKER_URL, { workerData: job, execArgv: [] });
    const end = (settle: () => void): void => {
      signal?.removeEventListener('abort', stop);
      worker.removeAllListeners();
      void worker.terminate();
      settle();
    };
    const stop = (): void => end(() => reject(interrupted()));
    const fail = (cause: unknown): void => {
      end(() => reject(new PilotfishError('INTERNAL', 'the training thread failed; train again', { cause })));
    };
    signal?.addEventListener('abort', stop);
    worker.on('error', fail);
    worker.on('exit', fail);
    worker.on('message', (message: WorkerMessage) => {
      try {
        if (message.kind === 'epoch') onEpoch(message.step);
        else if (message.kind === 'result') end(() => resolve(message.result));
        else if (message.known === undefined) fail(new Error(message.text));
        else {
          const { code, message: text } = message.known;
          end(() => reject(new PilotfishError(code, text)));
        }
      } catch (error) {
        end(() => reject(error));
      }
    });
  });
}
