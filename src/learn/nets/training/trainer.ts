import { type FastRng, PilotfishError } from '../../../base/index.ts';
import type { Snapshot } from '../../contract/index.ts';
import type { Network } from '../network.ts';
import { Feed, type Samples } from '../samples.ts';
import { type Best, type Identity, readTraining, writeTraining } from './checkpoint.ts';
import { Optimizer } from './optimizer.ts';
import type { EpochReport, FitOptions, Plan, TrainingRecord } from './options.ts';
import { Schedule } from './schedule.ts';

/** What a training works on. */
export type TrainerSetting = {
  readonly kind: string;
  /** The net as text: a snapshot of another is refused. */
  readonly topology: string;
  readonly network: Network;
  readonly training: Samples;
  readonly validation: Samples | undefined;
  readonly options: FitOptions;
  readonly plan: Plan;
  readonly rng: FastRng;
  /** Takes the weights when the training ends. */
  readonly adopt: (values: Float32Array, statistics: Float32Array) => void;
};

/**
 * A training, one epoch at a time: between epochs the caller may report, take a `snapshot`, or stop. The learner it
 * came from stays as it was until `finish`.
 */
export class Trainer {
  readonly #setting: TrainerSetting;
  readonly #network: Network;
  readonly #plan: Plan;
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  readonly #order: Uint32Array;
  readonly #heldOut: { readonly feed: Feed; readonly order: Uint32Array } | undefined;
  readonly #feed: Feed;
  #rng: FastRng;
  #augmentRng: FastRng;
  #reports: EpochReport[] = [];
  #best: Best | null = null;
  /** While an epoch runs, and when it did not end well. */
  #isBroken = false;

  /** @throws PilotfishError for options that cannot be, or a snapshot of another training. */
  constructor(setting: TrainerSetting) {
    const { options, training, validation, network, rng } = setting;
    if (Math.min(training.count, setting.plan.batchSize) < network.fewest) {
      throw new PilotfishError('SHAPE', `batch norm learns from batches of ${network.fewest} rows or more`);
    }
    this.#setting = setting;
    this.#network = network;
    this.#plan = setting.plan;
    const { optimizer, clipNorm, schedule, epochs } = this.#plan;
    this.#optimizer = new Optimizer(optimizer, clipNorm ?? Number.POSITIVE_INFINITY);
    this.#schedule = new Schedule(schedule, optimizer.rate, epochs);
    this.#order = new Uint32Array(training.count);
    this.#heldOut = validation && {
      feed: new Feed(validation),
      order: countUp(new Uint32Array(validation.count)),
    };
    this.#rng = rng.split();
    this.#augmentRng = rng.split();
    if (options.resume !== undefined) this.#resume(options.resume);
    this.#feed = new Feed(training, options.augment && { apply: options.augment, rng: this.#augmentRng });
    warnOfDevice(options);
  }

  /** Epochs done. */
  get epochs(): number {
    return this.#reports.length;
  }

  /** True when no epoch is left to be done: all are, or patience ran out, or the loss is no number any more. */
  get isDone(): boolean {
    return this.#isBroken || this.epochs >= this.#plan.epochs || this.#isStuck();
  }

  /**
   * Learns from every sample once.
   * @throws PilotfishError `USAGE` when the training is done, or for an id or a class out of range, which `augment`
   * or a batch changed meanwhile can bring in; `NOT_FINITE` when it diverges. After either, `finish` still gives the
   * best weights, if there are any.
   */
  epoch(): EpochReport {
    if (this.isDone) throw new PilotfishError('USAGE', 'the training is done; call finish');
    const epoch = this.epochs;
    const rate = this.#schedule.rate(epoch);
    this.#isBroken = true;
    const trainingLoss = this.#learn(rate);
    const validationLoss = this.#heldOut === undefined ? null : this.#judge(this.#heldOut);
    const watched = validationLoss ?? trainingLoss;
    if (!this.#isFinite(trainingLoss) || !Number.isFinite(watched)) {
      throw new PilotfishError(
        'NOT_FINITE',
        `the loss is ${watched} after epoch ${epoch}; lower the rate, set clipNorm, or scale the features`,
      );
    }
    this.#isBroken = false;
    this.#schedule.observe(watched);
    this.#reports.push({ epoch, trainingLoss, validationLoss, rate });
    if (validationLoss !== null) this.#keepBest(epoch, validationLoss);
    return { epoch, trainingLoss, validationLoss, rate };
  }

  /**
   * Gives the learner the weights: the best on the held-out samples, or the last without any.
   * @throws PilotfishError `UNTRAINED` when there are none.
   */
  finish(): TrainingRecord {
    if (this.#best === null && (this.#isBroken || this.epochs === 0)) {
      throw new PilotfishError('UNTRAINED', 'the training has no weights to give; let it do an epoch');
    }
    const { parameters, statistics } = this.#network;
    if (this.#best === null) this.#setting.adopt(copyOf(parameters.values.view), copyOf(statistics.view));
    else this.#setting.adopt(this.#best.values, this.#best.statistics);
    return {
      epochs: [...this.#reports],
      bestEpoch: this.#best?.epoch ?? this.epochs - 1,
      stopped: this.#end(),
      steps: this.#optimizer.steps,
      ...{ device: 'cpu', precision: 'float32', kernels: 'wasm-simd128' },
    };
  }

  #end(): TrainingRecord['stopped'] {
    if (this.#isBroken) return 'diverged';
    if (this.#isStuck()) return 'patience';
    return this.epochs >= this.#plan.epochs ? 'epochs' : 'caller';
  }

  /** All that the option `resume` needs to go on bit for bit, given the same batch and options. */
  snapshot(): Snapshot {
    const { parameters, statistics, generators } = this.#network;
    return writeTraining(this.#identity(), {
      ...{ rng: this.#rng, augmentRng: this.#augmentRng, reports: this.#reports },
      steps: this.#optimizer.steps,
      schedule: this.#schedule.state,
      best: this.#best && {
        ...this.#best,
        values: copyOf(this.#best.values),
        statistics: copyOf(this.#best.statistics),
      },
      values: copyOf(parameters.values.view),
      first: copyOf(parameters.first.view),
      second: copyOf(parameters.second.view),
      statistics: copyOf(statistics.view),
      generators: new Int32Array(generators.view),
    });
  }

  #learn(rate: number): number {
    const { count } = this.#setting.training;
    const group = this.#plan.batchSize * this.#plan.accumulate;
    this.#rng.shuffle(countUp(this.#order));
    this.#spareWeighted();
    let loss = 0;
    let weight = 0;
    for (let from = 0; from < count; from += group) {
      const to = this.#groupEnd(from, Math.min(from + group, count));
      const sum = this.#weigh(from, to);
      if (sum === 0) continue;
      this.#network.parameters.gradients.view.fill(0);
      for (let at = from; at < to; at += this.#plan.batchSize) {
        const size = Math.min(this.#plan.batchSize, to - at);
        this.#network.load(this.#feed, this.#order, at, size);
        loss += this.#network.learn(size, 1 / sum);
      }
      this.#optimizer.step(this.#network.maths, this.#network.parameters, rate);
      weight += sum;
    }
    return loss / weight;
  }

  /** Leaves out a last sample that would stand alone before batch norm; the next epoch it is another one. */
  #groupEnd(from: number, to: number): number {
    const rest = (to - from) % this.#plan.batchSize;
    return rest > 0 && rest < this.#network.fewest ? to - rest : to;
  }

  /** Sees that what is left out counts nothing, if there is such a sample: it could be the only one that counts. */
  #spareWeighted(): void {
    const order = this.#order;
    const last = order.length - 1;
    if (this.#groupEnd(0, order.length) > last) return;
    let at = last;
    while (at >= 0 && this.#feed.weight(order[at] as number) > 0) at -= 1;
    if (at < 0) return;
    const left = order[last] as number;
    order[last] = order[at] as number;
    order[at] = left;
  }

  #weigh(from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i += 1) sum += this.#feed.weight(this.#order[i] as number);
    return sum;
  }

  #judge({ feed, order }: { readonly feed: Feed; readonly order: Uint32Array }): number {
    let loss = 0;
    let weight = 0;
    for (let from = 0; from < order.length; from += this.#network.capacity) {
      const size = Math.min(this.#network.capacity, order.length - from);
      this.#network.load(feed, order, from, size);
      loss += this.#network.judge(size);
    }
    for (let i = 0; i < order.length; i += 1) weight += feed.weight(i);
    return loss / weight;
  }

  /** Of the loss, and of the weights after it: the last step may have spoilt them. */
  #isFinite(loss: number): boolean {
    const { values, count } = this.#network.parameters;
    return Number.isFinite(loss) && Number.isFinite(this.#network.maths.sumSquares(values, count));
  }

  #keepBest(epoch: number, loss: number): void {
    if (this.#best !== null && !(loss < this.#best.loss - this.#plan.minDelta)) return;
    const { parameters, statistics } = this.#network;
    this.#best = { epoch, loss, values: copyOf(parameters.values.view), statistics: copyOf(statistics.view) };
  }

  #isStuck(): boolean {
    return this.#best !== null && this.epochs - 1 - this.#best.epoch >= this.#plan.patience;
  }

  #identity(): Identity {
    const { kind, topology, training } = this.#setting;
    const { parameters, statistics, generators } = this.#network;
    return {
      kind: `${kind}-training`,
      plan: JSON.stringify([topology, this.#plan]),
      rows: training.count,
      parameters: parameters.count,
      statistics: statistics.view.length,
      generators: generators.view.length,
    };
  }

  #resume(snapshot: Snapshot): void {
    const progress = readTraining(this.#identity(), snapshot);
    const { parameters, statistics, generators } = this.#network;
    parameters.values.view.set(progress.values);
    parameters.first.view.set(progress.first);
    parameters.second.view.set(progress.second);
    statistics.view.set(progress.statistics);
    generators.view.set(progress.generators);
    this.#optimizer.steps = progress.steps;
    this.#schedule.state = progress.schedule;
    this.#rng = progress.rng;
    this.#augmentRng = progress.augmentRng;
    this.#reports = [...progress.reports];
    this.#best = progress.best;
  }
}

function countUp(order: Uint32Array): Uint32Array {
  for (let i = 0; i < order.length; i += 1) order[i] = i;
  return order;
}

const copyOf = (values: Float32Array | Float64Array): Float32Array => new Float32Array(values);

function warnOfDevice({ device = 'cpu', warn }: FitOptions): void {
  if (device !== 'cpu') warn?.(`device '${device}': no usable GPU, the net is trained on the CPU`);
}
