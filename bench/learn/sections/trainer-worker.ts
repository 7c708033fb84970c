// Trains a network for as long as it lives, on the core that inference leaves free; publishes its weights into the
// kernel that serves, if it was given one.
import { parentPort, workerData } from 'node:worker_threads';
import { MlpKernel, type WeightPort } from '../../../src/learn/kernels/index.ts';
import { Mlp } from '../../../src/learn/nets/index.ts';
import { classification } from '../data.ts';

/** What the worker is given. */
export interface TrainerWork {
  readonly sizes: readonly number[];
  readonly port: WeightPort<readonly number[]> | null;
}

const { sizes, port } = workerData as TrainerWork;
const [inputs = 0, outputs = 0] = [sizes[0], sizes.at(-1)];
const { x, y } = classification({ rows: 4096, columns: inputs, classes: outputs, seed: 61 });
const mlp = new Mlp({ inputs, outputs, hidden: sizes.slice(1, -1), seed: 1 });
// Ends when the thread is terminated.
for (let round = 0; ; round++) {
  mlp.fit({ x, y }, { epochs: 1, batchSize: 32, warmStart: round > 0 });
  if (port !== null) MlpKernel.loadInto(port, mlp.layers().layers);
  if (round === 0) parentPort?.postMessage('training');
}
