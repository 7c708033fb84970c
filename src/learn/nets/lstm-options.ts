import { PilotfishError } from '../../base/index.ts';
import { numberWithin, type Snapshot, wholeNumber } from '../contract/index.ts';
import { checkLoss, isClassLoss, type LossOptions, readLoss } from './loss.ts';
import type { LstmShape } from './lstm-network.ts';
import { asDamage, ConfigReader, oneOf } from './reading.ts';

/** Steps that hold one id below `vocabulary`, with a learnt row of `width` values each. */
export type Embedding = { readonly vocabulary: number; readonly width: number };

/** The topology of an LSTM. */
export type LstmOptions = {
  /** Values a step, or what its id stands for. */
  readonly inputs: number | Embedding;
  /** Units of each layer, 1 to 1024. */
  readonly hidden: number;
  /** Default 1. */
  readonly layers?: 1 | 2;
  /** Classes, or values. */
  readonly outputs: number;
  /** Whether a target belongs to the `last` step of a sequence or to `every` step; default `last`. */
  readonly targets?: 'last' | 'every';
  /** Of the outputs of every layer while learning, default 0; document 001 suggests 0.1 to 0.3. */
  readonly dropout?: number;
  /** Default cross-entropy. The class losses put a softmax at the end. */
  readonly loss?: LossOptions;
  /** What the value losses (`mse`, `huber`) put at the end, default `linear`. */
  readonly output?: 'linear' | 'sigmoid';
  /** Longest list of candidates, 0 to 4096, default 256. */
  readonly candidates?: number;
  /** How many of the highest classes are named, 1 to 64, default 5. */
  readonly top?: number;
  /** Of `learnOne`: the step, default 0.01, and the longest gradient, default 1. */
  readonly online?: { readonly rate?: number; readonly clipNorm?: number };
  /** Default 0. */
  readonly seed?: number;
};

/** The options with their defaults; `vocabulary` 0 for steps of values. */
export type LstmPlan = {
  readonly inputs: number;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: 1 | 2;
  readonly outputs: number;
  readonly targets: 'last' | 'every';
  readonly dropout: number;
  readonly loss: LossOptions;
  readonly output: 'linear' | 'sigmoid';
  readonly candidates: number;
  readonly top: number;
  readonly online: { readonly rate: number; readonly clipNorm: number };
  readonly seed: number;
};

// Those of the inference kernels.
const MAX_INPUTS = 4096;
const MAX_HIDDEN = 1024;
const MAX_OUTPUTS = 2 ** 20;
const MAX_WEIGHTS = 2 ** 26;

/** Defaults filled in. @throws PilotfishError `USAGE` or `LIMIT`. */
export function lstmPlan(options: LstmOptions): LstmPlan {
  const { targets = 'last', output = 'linear', online = {} } = options;
  const loss = checkLoss(options.loss ?? { kind: 'cross-entropy' });
  if (isClassLoss(loss) && output !== 'linear') {
    throw new PilotfishError('USAGE', `the loss ${loss.kind} brings its softmax; leave \`output\` out`);
  }
  const { inputs } = options;
  const embedding = typeof inputs === 'number' ? { vocabulary: 0, width: inputs } : inputs;
  const plan: LstmPlan = {
    inputs: wholeNumber('inputs', embedding.width, [1, MAX_INPUTS]),
    vocabulary: wholeNumber('inputs.vocabulary', embedding.vocabulary, [0, MAX_OUTPUTS]),
    hidden: wholeNumber('hidden', options.hidden, [1, MAX_HIDDEN]),
    layers: wholeNumber('layers', options.layers ?? 1, [1, 2]) as 1 | 2,
    outputs: wholeNumber('outputs', options.outputs, [isClassLoss(loss) ? 2 : 1, MAX_OUTPUTS]),
    targets: oneOf('targets', targets, ['last', 'every']),
    dropout: numberWithin('dropout', options.dropout ?? 0, [0, 0.9]),
    ...{ loss, output: oneOf('output', output, ['linear', 'sigmoid']) },
    candidates: wholeNumber('candidates', options.candidates ?? 256, [0, 4096]),
    top: wholeNumber('top', options.top ?? 5, [1, 64]),
    online: {
      rate: numberWithin('online.rate', online.rate ?? 0.01, [0, 1e3]),
      clipNorm: numberWithin('online.clipNorm', online.clipNorm ?? 1, [1e-30, 1e30]),
    },
    seed: wholeNumber('seed', options.seed ?? 0, [0, Number.MAX_SAFE_INTEGER]),
  };
  const weights = plan.vocabulary * plan.inputs + (plan.hidden + 1) * plan.outputs;
  if (weights <= MAX_WEIGHTS) return plan;
  throw new PilotfishError('LIMIT', `the net has ${weights} weights; at most ${MAX_WEIGHTS} can be had`);
}

/** The net of a plan. */
export function lstmShape(plan: LstmPlan): LstmShape {
  const { inputs, vocabulary, hidden, layers, dropout, targets, loss, outputs, output } = plan;
  const head = { inputs: hidden, units: outputs, activation: output, batchNorm: false, dropout: 0 };
  return { inputs, vocabulary: vocabulary || undefined, hidden, layers, dropout, head, targets, loss };
}

/** The options in a snapshot. @throws PilotfishError `DAMAGED`. */
export function readLstmPlan(snapshot: Snapshot): LstmPlan {
  const config = new ConfigReader(snapshot.config);
  const online = config.record('online');
  return asDamage(() =>
    lstmPlan({
      inputs: { vocabulary: config.count('vocabulary'), width: config.count('inputs') },
      hidden: config.count('hidden'),
      layers: config.count('layers') as 1 | 2,
      outputs: config.count('outputs'),
      targets: config.word('targets', ['last', 'every']),
      dropout: config.number('dropout'),
      loss: readLoss(config.record('loss')),
      output: config.word('output', ['linear', 'sigmoid']),
      candidates: config.count('candidates'),
      top: config.count('top'),
      online: { rate: online.number('rate'), clipNorm: online.number('clipNorm') },
      seed: config.count('seed'),
    }),
  );
}
