import { type FastRng, PilotfishError } from '../../../base/index.ts';
import { numberWithin, type Snapshot, wholeNumber } from '../../contract/index.ts';
import { oneOf } from '../reading.ts';
import type { NetBatch } from '../samples.ts';
import { type OptimizerOptions, type ResolvedOptimizer, resolveOptimizer } from './optimizer.ts';
import { type ResolvedSchedule, resolveSchedule, type ScheduleOptions } from './schedule.ts';

/** How a net is trained; everything has a default. */
export type FitOptions = {
  /** Most passes over the batch, default 50. */
  readonly epochs?: number;
  /** Samples of one pass through the net, default 32. */
  readonly batchSize?: number;
  /**
   * Passes whose gradients are added up before a step, default 1. A step is then that of the larger batch: for dense
   * nets bit for bit, unless batch norm or dropout is in use.
   */
  readonly accumulate?: number;
  /** Default Adam at 0.001. */
  readonly optimizer?: OptimizerOptions;
  /** Default constant. */
  readonly schedule?: ScheduleOptions;
  /** Longest gradient, over all parameters; default none. */
  readonly clipNorm?: number;
  /** Held-out samples. With them training stops early, and the best weights are kept. */
  readonly validation?: NetBatch;
  /** Epochs without improvement on `validation` before training stops, default 3; refused without `validation`. */
  readonly patience?: number;
  /** What counts as one, default 0.001; likewise. */
  readonly minDelta?: number;
  /** Start from the weights that are there instead of fresh ones, default false. */
  readonly warmStart?: boolean;
  /** Changes a copy of one row of `x` in place each time it is learnt from; chance only from `rng`. */
  readonly augment?: (row: Float32Array, rng: FastRng) => void;
  /** A feature with one value throughout: default `refuse`. */
  readonly constantFeatures?: 'refuse' | 'allow';
  /**
   * Default `float32`. `mixed` is refused, because it would be slower: WebAssembly computes in float32 at least, so
   * that half the width must be widened for every product. Products with weights in bfloat16 took 1.13 to 1.28 times
   * as long as in float32 (the five products of a 12-128-64-32 net and of an LSTM of 64; Zen 4, Node 26).
   */
  readonly precision?: 'float32' | 'mixed';
  /** Default `cpu`. There is no code for a GPU here: `cuda` and `auto` warn once and the CPU serves. */
  readonly device?: 'cpu' | 'cuda' | 'auto';
  /** Hears warnings. */
  readonly warn?: (message: string) => void;
  /** A snapshot of a `Trainer` with the same options on the same batch: goes on where it was taken. */
  readonly resume?: Snapshot;
};

/** The part of the options that a snapshot of a training must agree with. */
export type Plan = {
  readonly epochs: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly optimizer: ResolvedOptimizer;
  readonly schedule: ResolvedSchedule;
  /** Null for no limit. */
  readonly clipNorm: number | null;
  readonly patience: number;
  readonly minDelta: number;
};

/** Defaults filled in. @throws PilotfishError `USAGE`, or `REFUSED` for mixed precision. */
export function planOf(options: FitOptions): Plan {
  if (options.precision === 'mixed') {
    throw new PilotfishError(
      'REFUSED',
      'mixed precision is slower here: products in bfloat16 take 1.13 to 1.28 times as long; use float32',
    );
  }
  oneOf('precision', options.precision ?? 'float32', ['float32']);
  oneOf('device', options.device ?? 'cpu', ['cpu', 'cuda', 'auto']);
  const { clipNorm } = options;
  for (const name of ['patience', 'minDelta'] as const) {
    if (options[name] === undefined || options.validation !== undefined) continue;
    throw new PilotfishError('USAGE', `${name} needs a validation set; give one in \`validation\``);
  }
  return {
    epochs: wholeNumber('epochs', options.epochs ?? 50, [1, 1e6]),
    batchSize: wholeNumber('batchSize', options.batchSize ?? 32, [1, 2 ** 20]),
    accumulate: wholeNumber('accumulate', options.accumulate ?? 1, [1, 2 ** 20]),
    optimizer: resolveOptimizer(options.optimizer ?? { kind: 'adam' }),
    schedule: resolveSchedule(options.schedule ?? { kind: 'constant' }),
    clipNorm: clipNorm === undefined ? null : numberWithin('clipNorm', clipNorm, [1e-30, 1e30]),
    patience: wholeNumber('patience', options.patience ?? 3, [1, 1e6]),
    minDelta: numberWithin('minDelta', options.minDelta ?? 0.001, [0, 1e30]),
  };
}

/** One epoch of a training. */
export type EpochReport = {
  /** From 0. */
  readonly epoch: number;
  /** Mean over the epoch, while the weights moved and with dropout. */
  readonly trainingLoss: number;
  /** On the held-out samples after the epoch; null without any. */
  readonly validationLoss: number | null;
  readonly rate: number;
};

/** How a training went, and what ran it. */
export type TrainingRecord = {
  readonly epochs: readonly EpochReport[];
  /** The epoch whose weights were kept. */
  readonly bestEpoch: number;
  readonly stopped: 'epochs' | 'patience' | 'caller' | 'diverged';
  /** Steps of the optimiser. */
  readonly steps: number;
  readonly device: 'cpu';
  readonly precision: 'float32';
  /** The arithmetic: WebAssembly with 128-bit vectors. */
  readonly kernels: 'wasm-simd128';
};
