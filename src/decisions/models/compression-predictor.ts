import { PilotfishError } from '../../base/index.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  type FitOptions,
  type HiddenLayer,
  Mlp,
  type NetBatch,
  numberWithin,
  wholeNumber,
} from '../../learn/index.ts';
import { featureSchemaOf, type ModelArtefact } from '../artefact/index.ts';
import {
  advantageOf,
  CODEC_FEATURES,
  CODEC_SCHEMA,
  LINKS,
  type LinkName,
  NET_CLASSES,
  NET_FILE,
} from '../codec/index.ts';
import type { FeatureSlot } from '../contract/index.ts';
import { HEAD_FILE, type Head, headBytes, readHead } from './head.ts';
import { logCosts } from './log-costs.ts';
import { type ChoiceCosts, EpochModel, type ModelConfig, type ModelState } from './model.ts';
import type { EpochOptions, LabelledSamples, ModelTraining } from './samples.ts';
import { filled, type Scaling, scaled, scalingOf, unscaled } from './scaling.ts';

/** Topology and target of a `CompressionPredictor`. */
export type CompressionPredictorOptions = {
  /** Units of the first hidden layer; the next two have a half and a quarter. 128, as in document 000. */
  readonly hiddenDim?: number;
  /**
   * What it learns: the `label` of each sample, or the `cost` of every class, log2 over the best. A logged label is what
   * some rule once chose, and learning it is imitation; a cost is what the choice is worth. `cost` where the samples
   * have costs.
   */
  readonly target?: 'label' | 'cost';
  /** 42. */
  readonly seed?: number;
};

/** One of the four algorithms of document 000. */
export type CompressionAlgorithm = (typeof NET_CLASSES)[number];

/** Features by the name of their slot, or in the order of the slots. */
export type FeatureVector = { readonly [name: string]: number } | ArrayLike<number>;

/**
 * Document 000's compression predictor: features of a block in, one of zstd, lz4, snappy and none out, through hidden
 * layers of 128, 64 and 32 units. Its inputs are the slots of its training data; trained on the costs of the room's own
 * twelve slots, its artefact is one the codec room can open.
 */
export class CompressionPredictor extends EpochModel<FeatureVector, CompressionAlgorithm> {
  static readonly modelName = 'compression_predictor';
  readonly room = 'codec';
  readonly classes: readonly CompressionAlgorithm[] = NET_CLASSES;
  readonly options: CompressionPredictorOptions;
  #net: Mlp | undefined;
  #head: Head = { target: 'label', features: CODEC_FEATURES };

  /** @throws PilotfishError `USAGE` for options that cannot be. */
  constructor(config: ModelConfig, options: CompressionPredictorOptions = {}) {
    super(config);
    if ((config.modelType ?? 'classification') !== 'classification') {
      throw new PilotfishError('USAGE', "a CompressionPredictor has the modelType 'classification'");
    }
    const { hiddenDim = 128, target, seed = 42 } = options;
    wholeNumber('hiddenDim', hiddenDim, [4, 4096]);
    wholeNumber('seed', seed, [0, 2 ** 32 - 1]);
    if (target !== undefined && target !== 'label' && target !== 'cost') {
      throw new PilotfishError('USAGE', `the target is ${target}; give 'label' or 'cost'`);
    }
    this.options = { hiddenDim, seed, ...(target === undefined ? {} : { target }) };
  }

  get isTrained(): boolean {
    return this.#net !== undefined;
  }

  /** What goes in, in order; before a training the room's own slots. */
  get features(): readonly FeatureSlot[] {
    return this.#head.features;
  }

  get scoresAre(): 'probabilities' | 'costs' {
    return this.#head.target === 'cost' ? 'costs' : 'probabilities';
  }

  /** The room asks with its own slots and wants costs. */
  get canServe(): boolean {
    return this.#head.target === 'cost' && featureSchemaOf(this.#head.features) === CODEC_SCHEMA;
  }

  predict(features: FeatureVector): CompressionAlgorithm {
    const scores = this.#trained().predict(this.#row(features));
    return this.classes[this.choices(scores)[0] as number] as CompressionAlgorithm;
  }

  begin(data: LabelledSamples, options: EpochOptions = {}): ModelTraining {
    const { valData, dropout = 0, noise = 0, patience, minDelta, ...fit } = options;
    numberWithin('dropout', dropout, [0, 0.9]);
    numberWithin('noise', noise, [0, 1]);
    const head: Head = {
      target: this.options.target ?? (data.costs ? 'cost' : 'label'),
      features: data.features,
    };
    const net = new Mlp({
      inputs: data.features.length,
      outputs: this.classes.length,
      hidden: hiddenLayers(this.options.hiddenDim ?? 128, dropout),
      loss: { kind: head.target === 'cost' ? 'mse' : 'cross-entropy' },
      seed: this.options.seed ?? 42,
    });
    const scaling = scalingOf(filled(data), data.features.length);
    const chosen: FitOptions = { ...fit, constantFeatures: 'allow', ...augmentation(noise) };
    // Without held-out samples there is nothing to be patient about.
    const stopping: FitOptions =
      valData === undefined
        ? {}
        : {
            validation: this.#batch(valData, head, scaling),
            ...(patience === undefined ? {} : { patience }),
            ...(minDelta === undefined ? {} : { minDelta }),
          };
    const training = net.trainer(this.#batch(data, head, scaling), { ...chosen, ...stopping });
    return {
      get isDone() {
        return training.isDone;
      },
      epoch: () => training.epoch(),
      snapshot: () => training.snapshot(),
      finish: () => {
        const record = training.finish();
        this.#net = unscaled(net, scaling);
        this.#head = head;
        return record;
      },
    };
  }

  /** By how much less than the best rule it regrets, on each link that occurs. */
  servingFigures(data: LabelledSamples, { candidate, rule, best }: ChoiceCosts): Record<string, number> {
    const column = data.features.findIndex(({ name }) => name === 'bandwidth_log');
    const columns = data.features.length;
    const rows = Array.from({ length: column < 0 ? 0 : data.length }, (_, row) => row);
    const byLink = Map.groupBy(rows, (row) => nearestLink(data.x[row * columns + column] as number));
    const sum = (values: Float64Array, of: readonly number[]): number =>
      of.reduce((total, row) => total + (values[row] as number), 0);
    return Object.fromEntries(
      [...byLink].map(([link, of]) => [
        advantageOf(link),
        (sum(rule, of) - sum(candidate, of)) / sum(best, of),
      ]),
    );
  }

  scores(data: LabelledSamples): Float64Array {
    const net = this.#trained();
    this.#checkFeatures(data, this.#head);
    const x = { rows: data.length, columns: data.features.length, data: filled(data) };
    return Float64Array.from(net.predictMany(x).data);
  }

  labels(data: LabelledSamples): Uint32Array {
    const numbers = this.#classNumbers(data);
    return Uint32Array.from(data.y, (label) => numbers[label] as number);
  }

  become(files: ReadonlyMap<string, Uint8Array>): void {
    const [weights, text] = [files.get(NET_FILE), files.get(HEAD_FILE)];
    if (weights === undefined || text === undefined) throw damaged('files are not there');
    const net = Mlp.restore(decodeSnapshot(weights));
    const head = readHead(text);
    const { layers } = net.layers();
    const inputs = (layers[0]?.weights.length ?? 0) / (layers[0]?.bias.length ?? 1);
    if (inputs !== head.features.length || layers.at(-1)?.bias.length !== this.classes.length) {
      throw damaged('its net does not fit its features');
    }
    this.#net = net;
    this.#head = head;
  }

  protected adopt({ files }: ModelArtefact): void {
    this.become(files);
  }

  protected state(): ModelState {
    const net = this.#trained();
    const { target, features } = this.#head;
    const sizes = net.layers().layers.map(({ bias }) => bias.length);
    return {
      // Probabilities are not costs: under another name the codec room does not take the one for the other.
      family: target === 'cost' ? 'mlp' : 'mlp-labels',
      topology: [features.length, ...sizes],
      featureSchema: featureSchemaOf(features),
      files: new Map([
        [NET_FILE, encodeSnapshot(net.snapshot())],
        [HEAD_FILE, headBytes(this.#head)],
      ]),
    };
  }

  #trained(): Mlp {
    if (this.#net !== undefined) return this.#net;
    throw new PilotfishError('UNTRAINED', `the model ${this.config.name} has learnt nothing yet; train it`);
  }

  #row(features: FeatureVector): ArrayLike<number> {
    if (Array.isArray(features) || ArrayBuffer.isView(features)) return features as ArrayLike<number>;
    const named = features as { readonly [name: string]: number };
    const slots = this.#head.features;
    for (const name of Object.keys(named)) {
      if (slots.some((slot) => slot.name === name)) continue;
      throw new PilotfishError('USAGE', `the model has no feature "${name}"; it was trained with others`);
    }
    return slots.map(({ name, neutral }) => named[name] ?? neutral);
  }

  #batch(data: LabelledSamples, head: Head, scaling: Scaling): NetBatch {
    this.#checkFeatures(data, head);
    const x = { rows: data.length, columns: data.features.length, data: scaled(filled(data), scaling) };
    if (head.target === 'label') return { x, y: this.labels(data), weights: data.weights };
    const columns = this.classes.length;
    return {
      x,
      targets: { rows: data.length, columns, data: logCosts(data, this.classes) },
      weights: data.weights,
    };
  }

  #checkFeatures({ features }: LabelledSamples, head: Head): void {
    if (featureSchemaOf(features) === featureSchemaOf(head.features)) return;
    throw new PilotfishError('SHAPE', 'the samples have other features than those the model learns from');
  }

  /** For each class of the samples its number here. */
  #classNumbers({ classes }: LabelledSamples): number[] {
    if (classes === null)
      throw new PilotfishError('SHAPE', 'the labels are numbers; give names of algorithms');
    return classes.map((name) => {
      const number = (this.classes as readonly string[]).indexOf(name);
      if (number >= 0) return number;
      const known = this.classes.join(', ');
      throw new PilotfishError(
        'SHAPE',
        `the label "${name}" is no algorithm of this model; it knows ${known}`,
      );
    });
  }
}

/** Three layers, each half as wide as the one before; dropout rests in the last, which is small. */
function hiddenLayers(hiddenDim: number, dropout: number): HiddenLayer[] {
  const [first, second, third] = [hiddenDim, Math.ceil(hiddenDim / 2), Math.ceil(hiddenDim / 4)];
  return [{ units: first, dropout }, { units: second, dropout }, { units: third }];
}

/** The link nearest to a value of the slot `bandwidth_log`, on the logarithmic scale. */
function nearestLink(bandwidthLog: number): LinkName {
  const distance = (name: LinkName): number => Math.abs(Math.log2(LINKS[name] / 1e6) - 14 * bandwidthLog);
  const names = Object.keys(LINKS) as LinkName[];
  return names.reduce((nearest, name) => (distance(name) < distance(nearest) ? name : nearest));
}

function augmentation(noise: number): Pick<FitOptions, 'augment'> {
  if (noise === 0) return {};
  return {
    augment: (row, rng) => {
      for (let i = 0; i < row.length; i += 1) row[i] = (row[i] as number) + noise * rng.normal();
    },
  };
}

const damaged = (what: string): PilotfishError =>
  new PilotfishError('DAMAGED', `this is no compression predictor: ${what}; train it again`);
