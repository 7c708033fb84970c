import { PilotfishError } from '../../base/index.ts';
import type { EpochOptions } from '../../decisions/index.ts';
import { numberWithin, type ScheduleOptions, wholeNumber } from '../../learn/index.ts';

/** How a model is trained, in the words of document 001; everything has a default. */
export type TrainingOptions = {
  /** Step of Adam. 0.001. */
  readonly learningRate?: number;
  /** Samples a step. 32. */
  readonly batchSize?: number;
  /** Most passes over the data. 50. */
  readonly numEpochs?: number;
  /** Epochs without improvement on the validation part before training stops. 3. */
  readonly earlyStoppingPatience?: number;
  /** Fall of the loss that counts as improvement. 0.001. */
  readonly minDelta?: number;
  /** Where a checkpoint is kept after every epoch; a killed training goes on from it, bit for bit. None. */
  readonly checkpointDir?: string;
  /** How the rate changes. Half a cosine down to 1e-5 over all epochs. */
  readonly schedule?: ScheduleOptions['kind'] | ScheduleOptions;
  /** Decay of the weights in each step. 1e-5. */
  readonly weightDecay?: number;
  /** Longest gradient. None. */
  readonly clipNorm?: number;
  /** `cpu`; there is no code for a GPU: `cuda` and `auto` run on the CPU, and the result says so. The model's own unless given. */
  readonly device?: 'cpu' | 'cuda' | 'auto';
  /** `float32`; `mixed` is refused because it is slower here. */
  readonly precision?: 'float32' | 'mixed';
  /** Batches whose gradients are added up before a step: the memory of one, the step of many. 1. */
  readonly accumulate?: number;
  /** Share of hidden units that rest in each step. 0; document 001 suggests 0.1 to 0.3 against overfitting. */
  readonly dropout?: number;
  /** Normal noise added to features each time they are learnt from, in their standard deviations. None. */
  readonly augment?: { readonly noise: number };
  /** Where TensorBoard files go, one folder a model; null for none. `./runs`. */
  readonly logDir?: string | null;
};

/** Gentlest step of the default schedule. */
const LOWEST_RATE = 1e-5;
/** Options of the model's topology that people look for here. */
const MODEL_OPTIONS = ['hiddenDim', 'hidden_dim', 'hidden', 'seed', 'target'];
const KNOWN = [
  ...['learningRate', 'batchSize', 'numEpochs', 'earlyStoppingPatience', 'minDelta', 'checkpointDir'],
  ...[
    'schedule',
    'weightDecay',
    'clipNorm',
    'device',
    'precision',
    'accumulate',
    'dropout',
    'augment',
    'logDir',
  ],
];
const DEVICES = ['cpu', 'cuda', 'auto'];

/** How a model is trained: checked when it is made, never changed. */
export class TrainingConfig {
  readonly learningRate: number;
  readonly batchSize: number;
  readonly numEpochs: number;
  readonly earlyStoppingPatience: number;
  readonly minDelta: number;
  readonly checkpointDir: string | undefined;
  readonly schedule: ScheduleOptions;
  readonly weightDecay: number;
  readonly clipNorm: number | undefined;
  readonly device: 'cpu' | 'cuda' | 'auto' | undefined;
  readonly precision: 'float32';
  readonly accumulate: number;
  readonly dropout: number;
  readonly augment: { readonly noise: number };
  readonly logDir: string | null;

  /** @throws PilotfishError `USAGE` for an option that is none here or out of range, `REFUSED` for mixed precision. */
  constructor(options: TrainingOptions = {}) {
    checkNames(options);
    if (options.precision === 'mixed') {
      throw new PilotfishError('REFUSED', 'mixed precision is slower here: leave the precision at float32');
    }
    if (options.device !== undefined && !DEVICES.includes(options.device)) {
      throw new PilotfishError('USAGE', `there is no device "${options.device}"; give cpu, cuda or auto`);
    }
    this.learningRate = numberWithin('learningRate', options.learningRate ?? 0.001, [0, 1e3]);
    this.batchSize = wholeNumber('batchSize', options.batchSize ?? 32, [1, 2 ** 20]);
    this.numEpochs = wholeNumber('numEpochs', options.numEpochs ?? 50, [1, 1e6]);
    const patience = options.earlyStoppingPatience ?? 3;
    this.earlyStoppingPatience = wholeNumber('earlyStoppingPatience', patience, [1, 1e6]);
    this.minDelta = numberWithin('minDelta', options.minDelta ?? 0.001, [0, 1e30]);
    this.checkpointDir = options.checkpointDir;
    this.schedule = scheduleOf(options.schedule ?? 'cosine', this.learningRate);
    this.weightDecay = numberWithin('weightDecay', options.weightDecay ?? 1e-5, [0, 1]);
    this.clipNorm = options.clipNorm;
    this.device = options.device;
    this.precision = 'float32';
    this.accumulate = wholeNumber('accumulate', options.accumulate ?? 1, [1, 2 ** 20]);
    this.dropout = numberWithin('dropout', options.dropout ?? 0, [0, 0.9]);
    this.augment = { noise: numberWithin('augment.noise', options.augment?.noise ?? 0, [0, 1]) };
    this.logDir = options.logDir === undefined ? './runs' : options.logDir;
  }

  /** The part of it that decides the weights, for the net: plain JSON. */
  epochOptions(): EpochOptions {
    const { clipNorm } = this;
    return {
      epochs: this.numEpochs,
      batchSize: this.batchSize,
      accumulate: this.accumulate,
      optimizer: { kind: 'adamw', rate: this.learningRate, weightDecay: this.weightDecay },
      schedule: this.schedule,
      patience: this.earlyStoppingPatience,
      minDelta: this.minDelta,
      precision: this.precision,
      dropout: this.dropout,
      noise: this.augment.noise,
      ...(clipNorm === undefined ? {} : { clipNorm }),
    };
  }
}

function checkNames(options: TrainingOptions): void {
  for (const name of Object.keys(options)) {
    if (KNOWN.includes(name)) continue;
    throw new PilotfishError(
      'USAGE',
      MODEL_OPTIONS.includes(name)
        ? `${name} belongs to the model, not to its training: give it to the model, as in new CompressionPredictor(config, { ${name} })`
        : `TrainingConfig has no option ${name}; it has ${KNOWN.join(', ')}`,
    );
  }
}

/** A schedule by its name, with numbers that suit most trainings. */
function scheduleOf(schedule: NonNullable<TrainingOptions['schedule']>, rate: number): ScheduleOptions {
  if (typeof schedule !== 'string') return schedule;
  switch (schedule) {
    case 'constant':
      return { kind: 'constant' };
    case 'step':
      return { kind: 'step', every: 10, factor: 0.5 };
    case 'plateau':
      return { kind: 'plateau', factor: 0.5, patience: 1, lowest: Math.min(LOWEST_RATE, rate) };
    case 'cosine':
      return { kind: 'cosine', lowest: Math.min(LOWEST_RATE, rate) };
    default:
      throw new PilotfishError('USAGE', 'schedule is none of constant, step, cosine, plateau');
  }
}
