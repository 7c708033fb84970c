import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../../base/index.ts';
import { Mailbox } from './mailbox.ts';

/** Loads a foreign model and answers with it until it is terminated. Says `started` when that went well or ill. */
const { shared, module } = workerData as { shared: SharedArrayBuffer; module: string };
const mailbox = new Mailbox(shared);
// What it prints is no output of ours; read by nobody, it would only fill memory.
for (const stream of [process.stdout, process.stderr]) stream.write = () => true;

const choose = await load();
if (choose === undefined) mailbox.end();
else mailbox.ready();
must(parentPort, 'the model worker runs in a worker thread').postMessage('started');

if (choose !== undefined) {
  // A copy of its own: a model may keep or change what it is given, and some libraries refuse shared memory.
  const features = new Float64Array(mailbox.features.length);
  mailbox.serve(() => {
    features.set(mailbox.features);
    return choose(features);
  });
}

async function load(): Promise<((features: Float64Array) => unknown) | undefined> {
  try {
    const loaded: { choose?: unknown } = await import(module);
    return typeof loaded.choose === 'function' ? (loaded.choose as typeof choose) : undefined;
  } catch {
    return undefined;
  }
}
