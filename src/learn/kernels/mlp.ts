import { PilotfishError } from '../../base/index.ts';
import { wholeNumber } from '../contract/index.ts';
import { checkCount, INFERENCE, type InferenceExports } from './inference.ts';
import { KernelMemory } from './memory.ts';
import { checkLayer, checkLayerCount, type DenseLayer, packedLength, packPanels, padded } from './panels.ts';
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

/** What follows each layer but the last. */
export type HiddenActivation = 'relu' | 'tanh' | 'sigmoid';

/** What follows the last layer. */
export type OutputActivation = 'linear' | 'softmax' | 'sigmoid';

export type MlpKernelOptions = {
  /** Inputs, hidden widths, outputs: 2 to 17 numbers from 1 to 65,536, at most 2^26 weights together. */
  readonly sizes: readonly number[];
  /** Default `relu`. */
  readonly hidden?: HiddenActivation;
  /** Default `linear`. */
  readonly output?: OutputActivation;
  /** Most samples of one `runMany`, default 1. */
  readonly maxBatch?: number;
  /** Where to live; without it in a memory of its own. `MlpKernel.bytes` says how much it takes. */
  readonly memory?: KernelMemory;
};

const MAX_LAYERS = 16;
const MAX_WIDTH = 65_536;
const MAX_WEIGHTS = 2 ** 26;
const MAX_BATCH = 2 ** 20;

// As in assembly/mlp.ts.
const BLOCK = 32;
const LAYERS_AT = 8;
const LAYER_WORDS = 4;
const HIDDEN: Readonly<Record<HiddenActivation, number>> = { relu: 1, tanh: 2, sigmoid: 3 };
const OUTPUT: Readonly<Record<OutputActivation, number>> = { linear: 0, softmax: 0, sigmoid: 3 };

/** What was rehearsed of one row at a time, and of several. */
const [ONE, MANY]: readonly [Rehearsed, Rehearsed] = [{ work: 0 }, { work: 0 }];

/**
 * Inference of a multilayer perceptron, float32, without allocation: write `input`, call `run`, read `output`. Inputs
 * are not looked at: NaN goes in, NaN comes out; `Mlp.predict` checks them.
 * The same bits on every engine; the twin in oracle/mlp.ts says what is computed, in which order.
 */
export class MlpKernel {
  /** One sample, `[inputs]`. */
  readonly input: Float32Array<SharedArrayBuffer>;
  /** Its result, `[outputs]`; overwritten by the next run. */
  readonly output: Float32Array<SharedArrayBuffer>;
  /** `[maxBatch][inputs]`; row 0 is `input`. */
  readonly inputs: Float32Array<SharedArrayBuffer>;
  /** `[maxBatch][outputs]`; row 0 is `output`. */
  readonly outputs: Float32Array<SharedArrayBuffer>;
  /** For `MlpKernel.loadInto` in a worker. */
  readonly port: WeightPort<readonly number[]>;
  readonly #maxBatch: number;
  readonly #run: InferenceExports['mlp'];
  readonly #plan: number;
  readonly #control: number;
  readonly #rehearsal: number;
  #isWarm = false;

  /** @throws PilotfishError `USAGE` or `LIMIT` for sizes out of range. */
  constructor(options: MlpKernelOptions) {
    const { sizes, maxBatch, lengths } = checkOptions(options);
    const bytes = MlpKernel.bytes(options);
    const memory = options.memory ?? new KernelMemory(bytes);
    memory.require(bytes);
    const weights = createWeights(memory, lengths.weights, sizes);
    const x = memory.floats(lengths.inputs);
    const y = memory.floats(lengths.outputs);
    const [a, b] = [memory.floats(lengths.block), memory.floats(lengths.block)];
    const plan = memory.ints(LAYERS_AT + LAYER_WORDS * (sizes.length - 1));
    const isSoftmax = options.output === 'softmax';
    plan.view.set([sizes.length - 1, x.pointer, y.pointer, a.pointer, b.pointer, isSoftmax ? 1 : 0]);
    plan.view.set(layerWords(options), LAYERS_AT);
    this.inputs = x.view;
    this.outputs = y.view;
    this.input = x.view.subarray(0, sizes[0]);
    this.output = y.view.subarray(0, sizes.at(-1));
    this.port = weights.port;
    this.#maxBatch = maxBatch;
    this.#run = memory.run<InferenceExports>(INFERENCE).mlp;
    this.#plan = plan.pointer;
    this.#control = weights.port.control;
    this.#rehearsal = weights.rehearsal;
  }

  /** Bytes of kernel memory that a kernel with these options takes. @throws PilotfishError as the constructor. */
  static bytes(options: MlpKernelOptions): number {
    const { sizes, lengths } = checkOptions(options);
    const planWords = LAYERS_AT + LAYER_WORDS * (sizes.length - 1);
    const buffers = KernelMemory.bytesOf(
      lengths.inputs,
      lengths.outputs,
      lengths.block,
      lengths.block,
      planWords,
    );
    return weightBytes(lengths.weights) + buffers;
  }

  /**
   * Replaces the weights of a kernel, from any thread; inference goes on meanwhile.
   * @throws PilotfishError `SHAPE`, `NOT_FINITE` or `LOCKED`; the kernel then keeps the weights it has.
   */
  static loadInto(
    port: WeightPort<readonly number[]>,
    layers: readonly DenseLayer[],
    options?: LoadOptions,
  ): void {
    checkLayers(port.shape, layers);
    replaceWeights(port, (idle) => packLayers(idle, port.shape, layers), options);
  }

  /** As `loadInto`; the first time the kernel is warmed up before the weights are published. */
  load(layers: readonly DenseLayer[], options?: LoadOptions): void {
    checkLayers(this.port.shape, layers);
    const fill = (idle: Float32Array) => {
      packLayers(idle, this.port.shape, layers);
      if (!this.#isWarm) this.warmUp();
    };
    replaceWeights(this.port, fill, options);
  }

  /** Dummy runs, so that the engine compiles the kernel for speed; `outputs` is overwritten. */
  warmUp(calls?: number): void {
    const weights = this.port.length;
    rehearse(() => this.#run(this.#plan, this.#rehearsal, 1), { calls, weights, shared: ONE });
    const rows = Math.min(this.#maxBatch, BLOCK);
    if (rows > 1) {
      rehearse(() => this.#run(this.#plan, this.#rehearsal, rows), {
        calls,
        weights: rows * weights,
        shared: MANY,
      });
    }
    this.#isWarm = true;
  }

  /** `input` through all layers into `output`. @throws PilotfishError `UNTRAINED` before the first load. */
  run(): void {
    if (this.#run(this.#plan, this.#control, 1) !== 0) refuseUnloaded('mlp');
  }

  /**
   * The first `rows` samples of `inputs` into `outputs`: the same bits as one by one, a fifth faster.
   * @throws PilotfishError `USAGE` for more than `maxBatch` rows, `UNTRAINED` before the first load.
   */
  runMany(rows: number): void {
    checkCount('rows', rows, 0, this.#maxBatch);
    if (this.#run(this.#plan, this.#control, rows) !== 0) refuseUnloaded('mlp');
  }
}

function checkOptions(options: MlpKernelOptions) {
  const sizes = [...options.sizes];
  if (sizes.length < 2 || sizes.length > MAX_LAYERS + 1) {
    throw new PilotfishError(
      'USAGE',
      `${sizes.length} sizes; give 2 to ${MAX_LAYERS + 1}: inputs, widths, outputs`,
    );
  }
  sizes.forEach((size, i) => {
    wholeNumber(`sizes[${i}]`, size, [1, MAX_WIDTH]);
  });
  checkName('hidden', options.hidden ?? 'relu', HIDDEN);
  checkName('output', options.output ?? 'linear', OUTPUT);
  const maxBatch = wholeNumber('maxBatch', options.maxBatch ?? 1, [1, MAX_BATCH]);
  const weights = sizes.slice(1).reduce((sum, size, i) => sum + packedLength(sizes[i] as number, size), 0);
  if (weights > MAX_WEIGHTS) {
    throw new PilotfishError('LIMIT', `${weights} weights; a kernel holds at most ${MAX_WEIGHTS}`);
  }
  const lengths = {
    weights,
    inputs: maxBatch * (sizes[0] as number),
    outputs: maxBatch * (sizes.at(-1) as number),
    block: Math.min(BLOCK, maxBatch) * padded(Math.max(...sizes.slice(1))),
  };
  return { sizes, maxBatch, lengths };
}

function checkName(option: string, name: string, known: Readonly<Record<string, number>>): void {
  if (Object.hasOwn(known, name)) return;
  throw new PilotfishError('USAGE', `${option} is "${name}"; give one of ${Object.keys(known).join(', ')}`);
}

/** Inputs, outputs and activation of each layer, as the plan wants them. */
function layerWords({ sizes, hidden = 'relu', output = 'linear' }: MlpKernelOptions): number[] {
  return sizes.slice(1).flatMap((size, i) => {
    const code = i === sizes.length - 2 ? OUTPUT[output] : HIDDEN[hidden];
    return [sizes[i] as number, size, code, 0];
  });
}

function checkLayers(sizes: readonly number[], layers: readonly DenseLayer[]): void {
  checkLayerCount(layers, sizes.length - 1);
  layers.forEach((layer, i) => {
    checkLayer(`layers[${i}]`, layer, sizes[i] as number, sizes[i + 1] as number);
  });
}

function packLayers(target: Float32Array, sizes: readonly number[], layers: readonly DenseLayer[]): void {
  let at = 0;
  layers.forEach((layer, i) => {
    const outputs = sizes[i + 1] as number;
    packPanels(target.subarray(at), layer, outputs);
    at += packedLength(sizes[i] as number, outputs);
  });
}
