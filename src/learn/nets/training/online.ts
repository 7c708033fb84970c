import { PilotfishError } from '../../../base/index.ts';
import { numberWithin, ofLength } from '../../contract/index.ts';
import type { Network } from '../network.ts';
import { checkClasses, checkFloats, Feed, type SampleRules } from '../samples.ts';
import { Optimizer } from './optimizer.ts';

/** One sample to learn from; which of the targets is read depends on the loss, as in `NetBatch`. */
export type NetSample = {
  readonly x: ArrayLike<number>;
  readonly y?: number;
  readonly targets?: ArrayLike<number>;
  readonly costs?: ArrayLike<number>;
  /** Default 1. */
  readonly weight?: number;
};

/** Steps of plain gradient descent on single samples, without allocation. */
export class OnlineStep {
  readonly #network: Network;
  readonly #rules: SampleRules;
  readonly #rate: number;
  readonly #optimizer: Optimizer;
  readonly #x: Float32Array;
  readonly #targets: Float64Array;
  readonly #weights = new Float64Array(1);
  readonly #feed: Feed;
  readonly #order = new Uint32Array(1);

  /** `network` has room for one sample. */
  constructor(
    network: Network,
    rules: SampleRules,
    online: { readonly rate: number; readonly clipNorm: number },
  ) {
    this.#network = network;
    this.#rules = rules;
    this.#rate = online.rate;
    const sgd = { kind: 'sgd', rate: online.rate, momentum: 0, weightDecay: 0 } as const;
    this.#optimizer = new Optimizer(sgd, online.clipNorm);
    this.#x = new Float32Array(rules.columns);
    const width = rules.loss.kind === 'cross-entropy' ? 1 : rules.outputs;
    this.#targets = new Float64Array(rules.targetSteps * width);
    const [x, targets, weights] = [this.#x, this.#targets, this.#weights];
    this.#feed = new Feed({ count: 1, columns: rules.columns, x, targets, weights });
  }

  /**
   * Moves `values`, which may be any weights of this net; `moments` stay.
   * @throws PilotfishError before anything has changed.
   */
  learn(sample: NetSample, values: Float32Array, moments: Float32Array): void {
    this.#take(sample);
    const { parameters, statistics, maths } = this.#network;
    parameters.values.view.set(values);
    statistics.view.set(moments);
    parameters.gradients.view.fill(0);
    this.#network.load(this.#feed, this.#order, 0, 1);
    const loss = this.#network.learnFrozen(1, 1);
    if (!Number.isFinite(loss)) {
      throw new PilotfishError('NOT_FINITE', `the loss of the sample is ${loss}; scale the features`);
    }
    this.#optimizer.step(maths, parameters, this.#rate);
    values.set(parameters.values.view);
  }

  #take(sample: NetSample): void {
    const { columns, vocabulary } = this.#rules;
    ofLength('x', sample.x, columns);
    checkFloats('x', sample.x);
    if (vocabulary !== undefined) checkClasses('x', sample.x, vocabulary);
    const weight = numberWithin('weight', sample.weight ?? 1, [0, 1e30]);
    this.#takeTargets(sample);
    for (let i = 0; i < columns; i += 1) this.#x[i] = sample.x[i] as number;
    this.#weights[0] = weight;
  }

  #takeTargets({ y, targets, costs }: NetSample): void {
    const { loss, outputs } = this.#rules;
    const into = this.#targets;
    if (loss.kind !== 'expected-cost' && into.length === 1 && targets === undefined) {
      if (y === undefined) throw new PilotfishError('USAGE', `the loss ${loss.kind} reads \`y\`; give it`);
      into[0] = y;
    } else {
      const values = loss.kind === 'expected-cost' ? costs : targets;
      if (values === undefined) {
        const name = loss.kind === 'expected-cost' ? 'costs' : 'targets';
        throw new PilotfishError('USAGE', `the loss ${loss.kind} reads \`${name}\`; give it`);
      }
      ofLength('targets', values, into.length);
      for (let i = 0; i < into.length; i += 1) into[i] = values[i] as number;
    }
    checkFloats('y', into);
    if (loss.kind === 'cross-entropy') checkClasses('y', into, outputs);
  }
}
