// Epochs of PyTorch (bench/learn/python/torch_train.py).
import { middle } from './goals.ts';
import { type Answer, ask, type Versioned } from './python.ts';

/** What PyTorch did with a job: each epoch. */
export type TorchRun = readonly { readonly seconds: number; readonly loss: number }[];

/** What all jobs share; the script says what else there may be. */
export interface TorchJob {
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
  readonly batch: number;
  readonly epochs: number;
  readonly rate: number;
}

/** Runs the jobs one after the other, on one thread. */
export const askTorch = (
  jobs: readonly TorchJob[],
): Answer<Versioned & { readonly runs: readonly TorchRun[] }> => ask('torch', 'torch_train.py', jobs);

/** Milliseconds of the middle epoch; null without PyTorch. */
export const torchMs = (run: TorchRun | undefined): number | null =>
  run === undefined ? null : middle(run.map(({ seconds }) => seconds * 1000));
