import { FastRng, PilotfishError } from '../../base/index.ts';
import {
  checkMatrix,
  checkSize,
  checkSnapshot,
  type Fits,
  type Learner,
  type LearnsOne,
  type Matrix,
  ofLength,
  type Predicts,
  type Snapshot,
} from '../contract/index.ts';
import { type DenseLayer, MlpKernel } from '../kernels/index.ts';
import { isClassLoss } from './loss.ts';
import { freshMoments, MlpNetwork, type MlpShape, mlpLayout, momentsOf } from './mlp-network.ts';
import { type MlpOptions, type MlpPlan, mlpPlan, mlpShape, readMlpPlan } from './mlp-options.ts';
import {
  drawParameters,
  inKernelMemory,
  type Layout,
  partTensors,
  partValues,
  readParts,
  takeFloats,
} from './network.ts';
import { ConfigReader } from './reading.ts';
import { checkFloats, type NetBatch, type SampleRules, samplesOf } from './samples.ts';
import { type NetSample, OnlineStep } from './training/online.ts';
import { type FitOptions, planOf, type TrainingRecord } from './training/options.ts';
import { Trainer } from './training/trainer.ts';

const KIND = 'mlp';
const VERSION = 1;

/** Rows that `predictMany` takes at once. */
const MANY_ROWS = 256;

/** As in the batch norm of the training kernels. */
const EPSILON = 1e-5;

/** The layers of a net as they answer; see `Mlp.layers`. */
export type MlpLayers = {
  /** Inputs, hidden widths, outputs: what a kernel wants to know first. */
  readonly sizes: readonly number[];
  readonly layers: readonly DenseLayer[];
  readonly activation: MlpPlan['activation'];
  readonly output: 'linear' | 'sigmoid' | 'softmax';
};

/**
 * A multilayer perceptron in float32: trained by backpropagation (Rumelhart, Hinton, Williams 1986) in WebAssembly,
 * answering in about a microsecond. Classes (cross-entropy, or a cost per class and sample) or values (squared or
 * Huber loss), batch norm, dropout: see `MlpOptions` and `FitOptions`.
 */
export class Mlp implements Learner, Fits<TrainingRecord, FitOptions>, LearnsOne<NetSample>, Predicts {
  readonly kind = KIND;
  readonly #plan: MlpPlan;
  readonly #shape: MlpShape;
  readonly #layout: Layout;
  readonly #answer: Float64Array;
  #values: Float32Array;
  #moments: Float32Array;
  #isTrained = false;
  #kernel: MlpKernel | undefined;
  /** Whether the kernel has the present weights. */
  #isLoaded = false;
  #online: OnlineStep | undefined;

  /** @throws PilotfishError `USAGE` or `LIMIT` for a topology that cannot be. */
  constructor(options: MlpOptions) {
    this.#plan = mlpPlan(options);
    this.#shape = mlpShape(this.#plan);
    this.#layout = mlpLayout(this.#shape);
    this.#values = drawParameters(this.#layout, new FastRng(this.#plan.seed));
    this.#moments = freshMoments(this.#shape);
    this.#answer = new Float64Array(this.#plan.outputs);
  }

  /**
   * Trains on a batch, from scratch unless `warmStart`; same seed, batch and options, same weights.
   * @throws PilotfishError for a batch or options that cannot be, `NOT_FINITE` when the training diverges; the net is
   * then what it was.
   */
  fit(batch: NetBatch, options: FitOptions = {}): TrainingRecord {
    const trainer = this.trainer(batch, options);
    while (!trainer.isDone) trainer.epoch();
    return trainer.finish();
  }

  /** The same, one epoch at a time; this net changes when its `finish` is called. @throws as `fit`. */
  trainer(batch: NetBatch, options: FitOptions = {}): Trainer {
    const plan = planOf(options);
    const training = samplesOf(batch, this.#rules(options));
    const validation = options.validation && samplesOf(options.validation, this.#rules('held-out'));
    const rows = Math.min(plan.batchSize, Math.max(training.count, validation?.count ?? 0));
    const rng = new FastRng(this.#plan.seed);
    const fresh = drawParameters(this.#layout, rng);
    const network = inKernelMemory((place) => new MlpNetwork(place, this.#shape, rows));
    if (options.warmStart === true) network.begin(this.#values, this.#moments, rng);
    else network.begin(fresh, freshMoments(this.#shape), rng);
    return new Trainer({
      ...{
        kind: KIND,
        topology: JSON.stringify(this.#plan),
        network,
        training,
        validation,
        options,
        plan,
        rng,
      },
      adopt: (values, moments) => this.#become(values, moments),
    });
  }

  /**
   * One step of gradient descent on one sample (`MlpOptions.online`); batch norm keeps its moments, dropout rests.
   * @throws PilotfishError `SHAPE`, `USAGE` or `NOT_FINITE`; the net is then what it was.
   */
  learnOne(sample: NetSample): void {
    this.#online ??= new OnlineStep(
      inKernelMemory((place) => new MlpNetwork(place, this.#shape, 1)),
      this.#rules('held-out'),
      this.#plan.online,
    );
    this.#online.learn(sample, this.#values, this.#moments);
    this.#isTrained = true;
    this.#isLoaded = false;
  }

  /**
   * Probabilities in class order, or the values: the same array each time, overwritten by the next call.
   * @throws PilotfishError `SHAPE`, `UNTRAINED`, or `NOT_FINITE`, for `x` or an answer that float32 cannot hold.
   */
  predict(x: ArrayLike<number>): Float64Array {
    const kernel = this.#ready();
    ofLength('x', x, this.#plan.inputs);
    checkFloats('x', x);
    for (let i = 0; i < x.length; i += 1) kernel.input[i] = x[i] as number;
    kernel.run();
    requireFinite(kernel.output, this.#answer.length);
    for (let i = 0; i < this.#answer.length; i += 1) this.#answer[i] = kernel.output[i] as number;
    return this.#answer;
  }

  /**
   * `predict` for every row: the same bits in a fresh matrix, about twice as fast a row.
   * @throws PilotfishError as `predict`, and `LIMIT` for more answers than a matrix holds.
   */
  predictMany(x: Matrix): Matrix {
    const kernel = this.#ready();
    const { inputs, outputs } = this.#plan;
    checkMatrix(x, { constantFeatures: 'allow' });
    checkFloats('x', x.data);
    if (x.columns !== inputs)
      throw new PilotfishError('SHAPE', `rows of ${x.columns} values where ${inputs} are expected`);
    checkSize(x.rows, outputs);
    const data = new Float32Array(x.rows * outputs);
    for (let from = 0; from < x.rows; from += MANY_ROWS) {
      const rows = Math.min(MANY_ROWS, x.rows - from);
      kernel.inputs.set(x.data.subarray(from * inputs, (from + rows) * inputs));
      kernel.runMany(rows);
      requireFinite(kernel.outputs, rows * outputs);
      data.set(kernel.outputs.subarray(0, rows * outputs), from * outputs);
    }
    return { rows: x.rows, columns: outputs, data };
  }

  /**
   * The layers as they answer, batch norm folded in: weights [inputs][units], a bias a unit. `activation` follows
   * every layer but the last, `output` the last. @throws PilotfishError `UNTRAINED`.
   */
  layers(): MlpLayers {
    this.#requireTraining();
    const { activation, output, loss, inputs } = this.#plan;
    const sizes = [inputs, ...this.#shape.layers.map(({ units }) => units)];
    const layers = this.#shape.layers.map((_, index) => this.#folded(index));
    return { sizes, layers, activation, output: isClassLoss(loss) ? 'softmax' : output };
  }

  snapshot(): Snapshot {
    const moments = { shape: [this.#moments.length], data: this.#moments.slice() };
    const hidden = this.#plan.hidden.map((layer) => ({ ...layer }));
    return {
      ...{ kind: KIND, version: VERSION },
      config: { ...this.#plan, hidden, trained: this.#isTrained },
      tensors: { ...partTensors(this.#layout, this.#values), moments },
    };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `NOT_FINITE` for what is no snapshot of an MLP. */
  static restore(snapshot: Snapshot): Mlp {
    checkSnapshot(snapshot, KIND, VERSION);
    const plan = readMlpPlan(snapshot);
    const shape = mlpShape(plan);
    const isTrained = new ConfigReader(snapshot.config).flag('trained');
    // Tensors are looked at before the net is built: a snapshot cannot make it larger than itself.
    const values = readParts(mlpLayout(shape), snapshot);
    const moments = takeFloats(snapshot, 'moments', [momentsOf(shape, shape.layers.length).offset]);
    const mlp = new Mlp(plan);
    mlp.#values = values;
    mlp.#moments = moments;
    mlp.#isTrained = isTrained;
    return mlp;
  }

  #rules(use: FitOptions | 'held-out'): SampleRules {
    const { loss, inputs, outputs } = this.#plan;
    const isHeldOut = use === 'held-out';
    const constantFeatures = isHeldOut ? 'allow' : (use.constantFeatures ?? 'refuse');
    return { loss, columns: inputs, outputs, steps: 1, targetSteps: 1, isHeldOut, constantFeatures };
  }

  #become(values: Float32Array, moments: Float32Array): void {
    this.#values = values.slice();
    this.#moments = moments.slice();
    this.#isTrained = true;
    this.#isLoaded = false;
  }

  #requireTraining(): void {
    if (this.#isTrained) return;
    throw new PilotfishError('UNTRAINED', 'the net has learnt nothing yet; call fit or learnOne');
  }

  #ready(): MlpKernel {
    this.#requireTraining();
    if (this.#kernel !== undefined && this.#isLoaded) return this.#kernel;
    const { sizes, layers, activation, output } = this.layers();
    this.#kernel ??= new MlpKernel({ sizes, hidden: activation, output, maxBatch: MANY_ROWS });
    this.#kernel.load(layers);
    this.#isLoaded = true;
    return this.#kernel;
  }

  #folded(index: number): DenseLayer {
    const part = (name: string) => partValues(this.#layout, this.#values, `layer${index}.${name}`);
    const [weights, bias] = [part('weights').slice(), part('bias').slice()];
    const { offset, count } = momentsOf(this.#shape, index);
    const units = count / 2;
    for (let j = 0; j < units; j += 1) {
      const [mean, variance] = [
        this.#moments[offset + j] as number,
        this.#moments[offset + units + j] as number,
      ];
      const factor = (part('scale')[j] as number) / Math.sqrt(variance + EPSILON);
      for (let i = j; i < weights.length; i += units) weights[i] = (weights[i] as number) * factor;
      bias[j] = ((bias[j] as number) - mean) * factor + (part('shift')[j] as number);
    }
    return { weights, bias };
  }
}

/** @throws PilotfishError `NOT_FINITE` */
function requireFinite(answers: Float32Array, count: number): void {
  // Sums of float32 numbers stay far inside float64: only an infinity or NaN spoils this one.
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += answers[i] as number;
  if (Number.isFinite(sum)) return;
  throw new PilotfishError('NOT_FINITE', 'the net overflows float32 on these inputs; scale the features');
}
