import { parentPort, workerData } from 'node:worker_threads';
import { must, systemClock } from '../../base/index.ts';
import { buffersOf, runJobs } from './encode.ts';

/** A worker only computes: it reads the shared arena and answers with encoded bytes. */
const port = must(parentPort, 'the encode worker runs in a worker thread');
const arena = new Uint8Array(workerData as SharedArrayBuffer);

port.on('message', (jobs: Int32Array) => {
  const batch = runJobs(arena, jobs, systemClock);
  port.postMessage(batch, buffersOf(batch));
});
