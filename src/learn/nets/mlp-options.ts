import { PilotfishError } from '../../base/index.ts';
import { numberWithin, type Snapshot, shown, wholeNumber } from '../contract/index.ts';
import type { DenseShape } from './dense.ts';
import { checkLoss, isClassLoss, type LossOptions, readLoss } from './loss.ts';
import type { MlpShape } from './mlp-network.ts';
import { asDamage, ConfigReader, oneOf } from './reading.ts';

/** One hidden layer of an MLP. */
export type HiddenLayer = {
  readonly units: number;
  /** Between product and activation; folded into the weights for `predict`. Default false. */
  readonly batchNorm?: boolean;
  /** Default 0; document 001 suggests 0.1 to 0.3. */
  readonly dropout?: number;
};

/** The topology of an MLP. */
export type MlpOptions = {
  readonly inputs: number;
  /** Classes, or values. */
  readonly outputs: number;
  /** From the input on; at most 15. */
  readonly hidden: readonly (number | HiddenLayer)[];
  /** Of the hidden layers, default `relu`. */
  readonly activation?: 'relu' | 'tanh' | 'sigmoid';
  /** Default cross-entropy. The class losses put a softmax at the end. */
  readonly loss?: LossOptions;
  /** What the value losses (`mse`, `huber`) put at the end, default `linear`. */
  readonly output?: 'linear' | 'sigmoid';
  /** Of `learnOne`: the step, default 0.01, and the longest gradient, default 1. */
  readonly online?: { readonly rate?: number; readonly clipNorm?: number };
  /** Default 0. */
  readonly seed?: number;
};

/** The options with their defaults. */
export type MlpPlan = {
  readonly inputs: number;
  readonly outputs: number;
  readonly hidden: readonly Required<HiddenLayer>[];
  readonly activation: 'relu' | 'tanh' | 'sigmoid';
  readonly loss: LossOptions;
  readonly output: 'linear' | 'sigmoid';
  readonly online: { readonly rate: number; readonly clipNorm: number };
  readonly seed: number;
};

const MAX_WIDTH = 65_536;
const MAX_HIDDEN = 15;
const MAX_WEIGHTS = 2 ** 26;

/** Defaults filled in. @throws PilotfishError `USAGE` or `LIMIT`. */
export function mlpPlan(options: MlpOptions): MlpPlan {
  const { activation = 'relu', output = 'linear', online = {}, hidden } = options;
  if (!Array.isArray(hidden)) {
    throw new PilotfishError(
      'USAGE',
      `hidden is ${shown(hidden)}; list the widths, as in [32, 16], or give []`,
    );
  }
  const loss = checkLoss(options.loss ?? { kind: 'cross-entropy' });
  if (isClassLoss(loss) && output !== 'linear') {
    throw new PilotfishError('USAGE', `the loss ${loss.kind} brings its softmax; leave \`output\` out`);
  }
  const plan: MlpPlan = {
    inputs: wholeNumber('inputs', options.inputs, [1, MAX_WIDTH]),
    outputs: wholeNumber('outputs', options.outputs, [isClassLoss(loss) ? 2 : 1, MAX_WIDTH]),
    hidden: hidden.map(hiddenLayer),
    ...{ activation: oneOf('activation', activation, ['relu', 'tanh', 'sigmoid']), loss },
    output: oneOf('output', output, ['linear', 'sigmoid']),
    online: {
      rate: numberWithin('online.rate', online.rate ?? 0.01, [0, 1e3]),
      clipNorm: numberWithin('online.clipNorm', online.clipNorm ?? 1, [1e-30, 1e30]),
    },
    seed: wholeNumber('seed', options.seed ?? 0, [0, Number.MAX_SAFE_INTEGER]),
  };
  wholeNumber('hidden.length', plan.hidden.length, [0, MAX_HIDDEN]);
  const weights = mlpShape(plan).layers.reduce((sum, { inputs, units }) => sum + (inputs + 5) * units, 0);
  if (weights <= MAX_WEIGHTS) return plan;
  throw new PilotfishError('LIMIT', `the net has ${weights} weights; at most ${MAX_WEIGHTS} can be had`);
}

function hiddenLayer(layer: number | HiddenLayer): Required<HiddenLayer> {
  const { units, batchNorm = false, dropout = 0 } = typeof layer === 'number' ? { units: layer } : layer;
  wholeNumber('hidden.units', units, [1, MAX_WIDTH]);
  return { units, batchNorm, dropout: numberWithin('hidden.dropout', dropout, [0, 0.9]) };
}

/** The layers of a plan. */
export function mlpShape({ inputs, outputs, hidden, activation, output, loss }: MlpPlan): MlpShape {
  const layers: DenseShape[] = [];
  for (const layer of hidden) layers.push({ ...layer, inputs: layers.at(-1)?.units ?? inputs, activation });
  const last = { units: outputs, activation: output, batchNorm: false, dropout: 0 };
  return { layers: [...layers, { ...last, inputs: layers.at(-1)?.units ?? inputs }], loss };
}

/** The options in a snapshot. @throws PilotfishError `DAMAGED`. */
export function readMlpPlan(snapshot: Snapshot): MlpPlan {
  const config = new ConfigReader(snapshot.config);
  const online = config.record('online');
  return asDamage(() =>
    mlpPlan({
      inputs: config.count('inputs'),
      outputs: config.count('outputs'),
      hidden: config.list('hidden').map((json) => {
        const layer = new ConfigReader(json);
        return {
          units: layer.count('units'),
          batchNorm: layer.flag('batchNorm'),
          dropout: layer.number('dropout'),
        };
      }),
      activation: config.word('activation', ['relu', 'tanh', 'sigmoid']),
      loss: readLoss(config.record('loss')),
      output: config.word('output', ['linear', 'sigmoid']),
      online: { rate: online.number('rate'), clipNorm: online.number('clipNorm') },
      seed: config.count('seed'),
    }),
  );
}
