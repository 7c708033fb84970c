import { FastRng, PilotfishError } from '../../base/index.ts';
import {
  checkSnapshot,
  type Fits,
  type Learner,
  type LearnsOne,
  matrixIn,
  type Predicts,
  type Snapshot,
} from '../contract/index.ts';
import type { DenseLayer } from '../kernels/index.ts';
import { isClassLoss } from './loss.ts';
import { LstmAnswers } from './lstm-answers.ts';
import { drawLstm, LstmNetwork, type LstmShape, lstmLayout } from './lstm-network.ts';
import { type LstmOptions, type LstmPlan, lstmPlan, lstmShape, readLstmPlan } from './lstm-options.ts';
import { inKernelMemory, type Layout, partTensors, partValues, readParts } from './network.ts';
import { ConfigReader } from './reading.ts';
import { type NetBatch, type SampleRules, samplesOf } from './samples.ts';
import { type NetSample, OnlineStep } from './training/online.ts';
import { type FitOptions, planOf, type TrainingRecord } from './training/options.ts';
import { Trainer } from './training/trainer.ts';

const KIND = 'lstm';
const VERSION = 1;

/** As in the inference kernel. Training keeps every step: gates, cell and output, and where they lie. */
const MAX_STEPS = 65_536;

/** Running moments belong to batch norm, which an LSTM has not. */
const NO_MOMENTS = new Float32Array(0);

/** The weights of an LSTM, by layer. */
export type LstmLayers = {
  /** [vocabulary][width], when steps hold ids. */
  readonly embedding: Float32Array | undefined;
  /** Weights [inputs + hidden][4 hidden], gates in the order i, f, g, o; one bias a column. */
  readonly recurrent: readonly DenseLayer[];
  /** Weights [hidden][outputs]. */
  readonly head: DenseLayer;
  readonly output: 'linear' | 'sigmoid' | 'softmax';
};

/**
 * An LSTM of one or two layers with a dense head (Hochreiter, Schmidhuber 1997), trained through time over whole
 * sequences in WebAssembly. A sample is a row [steps][inputs], or [steps] ids; all samples of one batch have the same
 * number of steps, at most 65,536 to learn from. It answers for a sequence of any length (`predict`), or step by step
 * about an endless one (`step`, `answer`). Answers come in arrays that the next answer overwrites.
 */
export class Lstm implements Learner, Fits<TrainingRecord, FitOptions>, LearnsOne<NetSample>, Predicts {
  readonly kind = KIND;
  readonly #plan: LstmPlan;
  readonly #shape: LstmShape;
  readonly #layout: Layout;
  #values: Float32Array;
  #isTrained = false;
  #answers: LstmAnswers | undefined;
  /** Whether the answers come from the present weights. */
  #isLoaded = false;
  #online: { readonly steps: number; readonly step: OnlineStep } | undefined;

  /** @throws PilotfishError `USAGE` or `LIMIT` for a topology that cannot be. */
  constructor(options: LstmOptions) {
    this.#plan = lstmPlan(options);
    this.#shape = lstmShape(this.#plan);
    this.#layout = lstmLayout(this.#shape);
    this.#values = drawLstm(this.#shape, new FastRng(this.#plan.seed));
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
    const steps = this.#stepsOf(matrixIn(batch).columns);
    const training = samplesOf(batch, this.#rules(steps, options));
    const validation = options.validation && samplesOf(options.validation, this.#rules(steps, 'held-out'));
    const rows = Math.min(plan.batchSize, Math.max(training.count, validation?.count ?? 0));
    const rng = new FastRng(this.#plan.seed);
    const fresh = drawLstm(this.#shape, rng);
    const network = this.#network(rows, steps);
    network.begin(options.warmStart === true ? this.#values : fresh, rng);
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
      adopt: (values) => {
        this.#values = values.slice();
        this.#changed();
      },
    });
  }

  /**
   * One step of gradient descent on one sequence (`LstmOptions.online`); without allocation as long as sequences keep
   * their length.
   * @throws PilotfishError `SHAPE`, `LIMIT`, `USAGE` or `NOT_FINITE`; the net is then what it was.
   */
  learnOne(sample: NetSample): void {
    const steps = this.#stepsOf(sample.x.length);
    if (this.#online?.steps !== steps) {
      const step = new OnlineStep(this.#network(1, steps), this.#rules(steps, 'held-out'), this.#plan.online);
      this.#online = { steps, step };
    }
    this.#online.step.learn(sample, this.#values, NO_MOMENTS);
    this.#changed();
  }

  /**
   * The answer after the last step of a sequence of any length, which begins anew: probabilities in class order, or
   * the values. The running sequence of `step` is not touched.
   * @throws PilotfishError `SHAPE`, `USAGE`, `NOT_FINITE` or `UNTRAINED`.
   */
  predict(sequence: ArrayLike<number>): Float64Array {
    return this.#ready().aside(sequence, (answers) => answers.all());
  }

  /**
   * `predict` over these classes only, in their order: the softmax of their scores.
   * @throws PilotfishError `USAGE` for ids that are none, or a net without classes; else as `predict`.
   */
  predictAmong(sequence: ArrayLike<number>, candidates: ArrayLike<number>): Float64Array {
    return this.#ready().aside(sequence, (answers) => answers.among(candidates));
  }

  /** The most probable classes, the first first, -1 where there are no more. @throws as `predict`. */
  predictTop(sequence: ArrayLike<number>): Int32Array {
    return this.#ready().aside(sequence, (answers) => answers.top());
  }

  /** Takes one more step of the running sequence. @throws as `predict`. */
  step(x: ArrayLike<number>): void {
    this.#ready().step(x);
  }

  /** Begins the running sequence anew. @throws PilotfishError `UNTRAINED`. */
  reset(): void {
    this.#ready().reset();
  }

  /** As `predict`, about the running sequence. */
  answer(): Float64Array {
    return this.#ready().all();
  }

  /** As `predictAmong`, about the running sequence. */
  answerAmong(candidates: ArrayLike<number>): Float64Array {
    return this.#ready().among(candidates);
  }

  /** As `predictTop`, about the running sequence. */
  answerTop(): Int32Array {
    return this.#ready().top();
  }

  /** The weights, copied. @throws PilotfishError `UNTRAINED`. */
  layers(): LstmLayers {
    this.#requireTraining();
    const part = (name: string) => partValues(this.#layout, this.#values, name).slice();
    const layer = (name: string) => ({ weights: part(`${name}.weights`), bias: part(`${name}.bias`) });
    const { layers, vocabulary, output } = this.#plan;
    return {
      embedding: vocabulary === 0 ? undefined : part('embedding'),
      recurrent: Array.from({ length: layers }, (_, index) => layer(`layer${index}`)),
      head: layer('head'),
      output: isClassLoss(this.#plan.loss) ? 'softmax' : output,
    };
  }

  /** Weights and options; not the running sequence. */
  snapshot(): Snapshot {
    const config = { ...this.#plan, trained: this.#isTrained };
    return { kind: KIND, version: VERSION, config, tensors: partTensors(this.#layout, this.#values) };
  }

  /** @throws PilotfishError `DAMAGED`, `NEWER_VERSION` or `NOT_FINITE` for what is no snapshot of an LSTM. */
  static restore(snapshot: Snapshot): Lstm {
    checkSnapshot(snapshot, KIND, VERSION);
    const plan = readLstmPlan(snapshot);
    const isTrained = new ConfigReader(snapshot.config).flag('trained');
    // Tensors are looked at before the net is built: a snapshot cannot make it larger than itself.
    const values = readParts(lstmLayout(lstmShape(plan)), snapshot);
    const lstm = new Lstm({ ...plan, inputs: { vocabulary: plan.vocabulary, width: plan.inputs } });
    lstm.#values = values;
    lstm.#isTrained = isTrained;
    return lstm;
  }

  #rules(steps: number, use: FitOptions | 'held-out'): SampleRules {
    const { vocabulary, inputs, outputs, targets, loss } = this.#plan;
    const isHeldOut = use === 'held-out';
    return {
      ...{ loss, outputs, steps, isHeldOut, vocabulary: vocabulary || undefined },
      columns: steps * (vocabulary > 0 ? 1 : inputs),
      targetSteps: targets === 'every' ? steps : 1,
      constantFeatures: isHeldOut ? 'allow' : (use.constantFeatures ?? 'refuse'),
    };
  }

  #stepsOf(values: number): number {
    const { vocabulary, inputs } = this.#plan;
    const width = vocabulary > 0 ? 1 : inputs;
    if (values > width * MAX_STEPS) {
      throw new PilotfishError(
        'LIMIT',
        `${values / width} steps; learn from at most ${MAX_STEPS} at once, in several sequences`,
      );
    }
    if (values > 0 && values % width === 0) return values / width;
    throw new PilotfishError('SHAPE', `${values} values are no sequence of steps of ${width}`);
  }

  #network(rows: number, steps: number): LstmNetwork {
    return inKernelMemory((place) => new LstmNetwork(place, this.#shape, { rows, steps }));
  }

  #changed(): void {
    this.#isTrained = true;
    this.#isLoaded = false;
  }

  #requireTraining(): void {
    if (this.#isTrained) return;
    throw new PilotfishError('UNTRAINED', 'the net has learnt nothing yet; call fit or learnOne');
  }

  #ready(): LstmAnswers {
    this.#requireTraining();
    if (this.#answers !== undefined && this.#isLoaded) return this.#answers;
    this.#answers ??= new LstmAnswers(this.#plan);
    this.#answers.load(this.layers());
    this.#isLoaded = true;
    return this.#answers;
  }
}
