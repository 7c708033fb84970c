// The rows of the benchmark, made when they are asked for.
import { chunkingTask, entropyTask } from './bytes.ts';
import { candidatesTask, fullHeadTask } from './head.ts';
import { lstmTask } from './lstm.ts';
import { mlpTask } from './mlp.ts';
import type { RowName, Task } from './task.ts';
import { treesTask } from './trees.ts';

/** Makes the task of each row. */
export const makeTask: Readonly<Record<RowName, () => Task>> = {
  'mlp-12-128-64-32-4': () => mlpTask('mlp-12-128-64-32-4', [12, 128, 64, 32, 4]),
  'mlp-8-128-128-6': () => mlpTask('mlp-8-128-128-6', [8, 128, 128, 6]),
  'lstm64-step': () => lstmTask('lstm64-step', { inputs: 8, layers: 1 }),
  'lstm64-x20': () => lstmTask('lstm64-x20', { inputs: 8, layers: 1, isSequence: true }),
  'lstm64x2-step': () => lstmTask('lstm64x2-step', { inputs: 64, layers: 2 }),
  'head-10k-top5': fullHeadTask,
  'head-256': candidatesTask,
  'trees-600x8': treesTask,
  'mlp-batch256': () => mlpTask('mlp-batch256', [12, 128, 64, 32, 4], 256),
  'entropy-64k': entropyTask,
  'fastcdc-features': chunkingTask,
};
