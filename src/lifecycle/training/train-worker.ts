import { parentPort, workerData } from 'node:worker_threads';
import { hasCode, must } from '../../base/index.ts';
import { runJob, type TrainingJob } from './run.ts';
import type { WorkerMessage } from './thread.ts';

/** A worker only computes: samples come in, figures and checkpoints go out, and at the end the weights. */
const port = must(parentPort, 'the training worker runs in a worker thread');
const tell = (message: WorkerMessage): void => port.postMessage(message);

try {
  const work = runJob(workerData as TrainingJob);
  for (let next = work.next(); ; next = work.next()) {
    if (next.done === true) {
      tell({ kind: 'result', result: next.value });
      break;
    }
    tell({ kind: 'epoch', step: next.value });
  }
} catch (error) {
  // Classes do not survive the way to another thread; code and message do.
  const known = hasCode(error) ? { code: error.code, message: error.message } : undefined;
  tell({ kind: 'failed', known, text: error instanceof Error ? `${error.stack}` : String(error) });
}
