import { PilotfishError } from '../../base/index.ts';
import { wholeNumber } from '../contract/index.ts';
import { checkCount, INFERENCE, type InferenceExports } from './inference.ts';
import { KernelMemory } from './memory.ts';
import { checkLayer, type DenseLayer, packedLength, packPanels, padded } from './panels.ts';
import {
  createWeights,
  type LoadOptions,
  type Rehearsed,
  refuseUnloaded,
  rehearse,
  replaceWeights,
  type WeightPort,
  weightBytes,
} from './weights.ts';

export type HeadKernelOptions = {
  /** 1 to 4096. */
  readonly inputs: number;
  /** Size of the vocabulary, 1 to 2^20; at most 2^26 weights. */
  readonly outputs: number;
  /** How many of the highest outputs are reported, 1 to 64, default 5. */
  readonly top?: number;
  /** Longest list for `runCandidates`, 0 to 4096, default 256. Each weight is kept twice unless this is 0. */
  readonly maxCandidates?: number;
  /** Where to live; without it in a memory of its own. `HeadKernel.bytes` says how much it takes. */
  readonly memory?: KernelMemory;
};

/** What the loader of weights must know of a kernel. */
export type HeadShape = { readonly inputs: number; readonly outputs: number; readonly hasRows: boolean };

const MAX_INPUTS = 4096;
const MAX_OUTPUTS = 2 ** 20;
const MAX_WEIGHTS = 2 ** 26;
const MAX_TOP = 64;
const MAX_CANDIDATES = 4096;

// As in assembly/head.ts, which looks at logits eight at a time.
const PLAN_WORDS = 10;
const OK = 0;
const NOT_LOADED = 1;
const LANES = 8;

/** What was rehearsed of one row at a time, and of several. */
const [ONE, MANY]: readonly [Rehearsed, Rehearsed] = [{ work: 0 }, { work: 0 }];

/**
 * The linear output layer of a model with a large vocabulary, and the highest of its outputs: of all, or of a list of
 * candidates. Write `input`, call `run` or `runCandidates`, read the views; nothing is allocated. The same bits on
 * every engine; the twin in oracle/head.ts says what is computed, in which order. Logits of candidates are summed in
 * another order than those of `run` and differ from them by rounding.
 */
export class HeadKernel {
  /** `[inputs]` */
  readonly input: Float32Array<SharedArrayBuffer>;
  /** All outputs after `run`, `[outputs]`. */
  readonly logits: Float32Array<SharedArrayBuffer>;
  /** Ids of the highest outputs, highest first, equal ones in their order, `[top]`; -1 where there are no more. */
  readonly topIds: Int32Array<SharedArrayBuffer>;
  /** Their logits. NaN and -Infinity are never among them. */
  readonly topLogits: Float32Array<SharedArrayBuffer>;
  /** Write the ids here, then call `runCandidates`, `[maxCandidates]`. */
  readonly candidates: Int32Array<SharedArrayBuffer>;
  /** Outputs of the candidates, in the order of the list. */
  readonly candidateLogits: Float32Array<SharedArrayBuffer>;
  /** After `softmax`: probabilities among the candidates, in the order of the list. */
  readonly probabilities: Float32Array<SharedArrayBuffer>;
  /** For `HeadKernel.loadInto` in a worker. */
  readonly port: WeightPort<HeadShape>;
  readonly #run: InferenceExports;
  readonly #plan: number;
  readonly #control: number;
  readonly #rehearsal: number;
  readonly #logitsAt: number;
  readonly #probabilitiesAt: number;
  #isWarm = false;

  /** @throws PilotfishError `USAGE` or `LIMIT` for sizes out of range. */
  constructor(options: HeadKernelOptions) {
    const { shape, top, maxCandidates, lengths } = checkOptions(options);
    const bytes = HeadKernel.bytes(options);
    const memory = options.memory ?? new KernelMemory(bytes);
    memory.require(bytes);
    const weights = createWeights(memory, lengths.weights, shape);
    const x = memory.floats(lengths.inputs);
    const logits = memory.floats(lengths.outputs);
    const [topIds, topLogits] = [memory.ints(top), memory.floats(top)];
    const ids = memory.ints(lengths.candidates);
    const [chosen, probabilities] = [memory.floats(lengths.candidates), memory.floats(lengths.candidates)];
    const pointers = [x, logits].map((slot) => slot.pointer);
    const rows = 4 * packedLength(shape.inputs, shape.outputs);
    const lists = [topIds, topLogits, ids, chosen].map((slot) => slot.pointer);
    const plan = memory.ints(PLAN_WORDS);
    plan.view.set([shape.inputs, shape.outputs, ...pointers, top, ...lists, rows]);
    this.input = x.view.subarray(0, shape.inputs);
    this.logits = logits.view.subarray(0, shape.outputs);
    this.topIds = topIds.view;
    this.topLogits = topLogits.view;
    this.candidates = ids.view.subarray(0, maxCandidates);
    this.candidateLogits = chosen.view.subarray(0, maxCandidates);
    this.probabilities = probabilities.view.subarray(0, maxCandidates);
    this.port = weights.port;
    this.#run = memory.run<InferenceExports>(INFERENCE);
    this.#plan = plan.pointer;
    this.#control = weights.port.control;
    this.#rehearsal = weights.rehearsal;
    this.#logitsAt = chosen.pointer;
    this.#probabilitiesAt = probabilities.pointer;
  }

  /** Bytes of kernel memory that a kernel with these options takes. @throws PilotfishError as the constructor. */
  static bytes(options: HeadKernelOptions): number {
    const { top, lengths } = checkOptions(options);
    const { inputs, outputs, candidates } = lengths;
    const lists = KernelMemory.bytesOf(top, top, candidates, candidates, candidates, PLAN_WORDS);
    return weightBytes(lengths.weights) + KernelMemory.bytesOf(inputs, outputs) + lists;
  }

  /**
   * Replaces the weights of a kernel, from any thread; inference goes on meanwhile. Weights are `[inputs][outputs]`.
   * @throws PilotfishError `SHAPE`, `NOT_FINITE` or `LOCKED`; the kernel then keeps the weights it has.
   */
  static loadInto(port: WeightPort<HeadShape>, layer: DenseLayer, options?: LoadOptions): void {
    checkLayer('layer', layer, port.shape.inputs, port.shape.outputs);
    replaceWeights(port, (idle) => packHead(idle, port.shape, layer), options);
  }

  /** As `loadInto`; the first time the kernel is warmed up before the weights are published. */
  load(layer: DenseLayer, options?: LoadOptions): void {
    checkLayer('layer', layer, this.port.shape.inputs, this.port.shape.outputs);
    const fill = (idle: Float32Array) => {
      packHead(idle, this.port.shape, layer);
      if (!this.#isWarm) this.warmUp();
    };
    replaceWeights(this.port, fill, options);
  }

  /** Dummy runs, so that the engine compiles the kernel for speed; all results are overwritten. */
  warmUp(calls?: number): void {
    const count = this.candidates.length;
    const { inputs, outputs } = this.port.shape;
    rehearse(() => this.#run.head(this.#plan, this.#rehearsal), {
      calls,
      weights: inputs * outputs,
      shared: ONE,
    });
    if (count > 0) {
      const weights = inputs * count;
      rehearse(() => this.#run.candidates(this.#plan, this.#rehearsal, count), {
        calls,
        weights,
        shared: MANY,
      });
    }
    this.#isWarm = true;
  }

  /** All outputs of `input` into `logits`, and the top of them. @throws PilotfishError `UNTRAINED` */
  run(): void {
    if (this.#run.head(this.#plan, this.#control) !== OK) refuseUnloaded('head');
  }

  /**
   * The outputs named by the first `count` ids of `candidates` into `candidateLogits`, and the top of them.
   * @throws PilotfishError `USAGE` for a count above `maxCandidates` or an id that is none, `UNTRAINED`.
   */
  runCandidates(count: number): void {
    checkCount('count', count, 1, this.candidates.length);
    const status = this.#run.candidates(this.#plan, this.#control, count);
    if (status === NOT_LOADED) refuseUnloaded('head');
    if (status !== OK) {
      const last = this.port.shape.outputs - 1;
      throw new PilotfishError('USAGE', `a candidate id is not a whole number from 0 to ${last}`);
    }
  }

  /** Softmax over the first `count` `candidateLogits` into `probabilities`. @throws PilotfishError `USAGE` */
  softmax(count: number): void {
    checkCount('count', count, 1, this.candidates.length);
    this.#run.softmax(this.#logitsAt, count, this.#probabilitiesAt);
  }
}

function checkOptions(options: HeadKernelOptions) {
  const inputs = wholeNumber('inputs', options.inputs, [1, MAX_INPUTS]);
  const outputs = wholeNumber('outputs', options.outputs, [1, MAX_OUTPUTS]);
  const maxCandidates = wholeNumber('maxCandidates', options.maxCandidates ?? 256, [0, MAX_CANDIDATES]);
  const shape: HeadShape = { inputs, outputs, hasRows: maxCandidates > 0 };
  if (inputs * outputs > MAX_WEIGHTS) {
    throw new PilotfishError('LIMIT', `${inputs * outputs} weights; a kernel holds at most ${MAX_WEIGHTS}`);
  }
  const rows = shape.hasRows ? outputs * rowLength(inputs) : 0;
  const lengths = {
    weights: packedLength(inputs, outputs) + rows,
    inputs: padded(inputs),
    outputs: Math.ceil(outputs / LANES) * LANES,
    candidates: Math.ceil(maxCandidates / LANES) * LANES,
  };
  return { shape, top: wholeNumber('top', options.top ?? 5, [1, MAX_TOP]), maxCandidates, lengths };
}

/** Values of a row: the bias, alone in a vector, and the weights. */
function rowLength(inputs: number): number {
  return 4 + padded(inputs);
}

/** In panels for `run`, and output by output for `runCandidates`. */
function packHead(target: Float32Array, { inputs, outputs, hasRows }: HeadShape, layer: DenseLayer): void {
  packPanels(target, layer, outputs);
  if (!hasRows) return;
  let at = packedLength(inputs, outputs);
  for (let output = 0; output < outputs; output += 1) {
    target[at] = layer.bias[output] as number;
    for (let i = 0; i < inputs; i += 1) target[at + 4 + i] = layer.weights[i * outputs + output] as number;
    at += rowLength(inputs);
  }
}
