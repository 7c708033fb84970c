import { ofLength, wholeNumber } from '../contract/index.ts';
import { checkCount, INFERENCE, type InferenceExports } from './inference.ts';
import { KernelMemory, type KernelSlot } from './memory.ts';
import { checkLayer, checkLayerCount, type DenseLayer } from './panels.ts';
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

export type LstmKernelOptions = {
  /** Values of one step, 1 to 4096. */
  readonly inputs: number;
  /** Units of each layer, 1 to 1024. */
  readonly hidden: number;
  /** Default 1. */
  readonly layers?: 1 | 2;
  /** Most steps of one `sequence`, 1 to 65,536, default 1. */
  readonly maxSteps?: number;
  /** Where to live; without it in a memory of its own. `LstmKernel.bytes` says how much it takes. */
  readonly memory?: KernelMemory;
};

/** What the loader of weights must know of a kernel. */
export type LstmShape = { readonly inputs: number; readonly hidden: number; readonly layers: number };

const MAX_INPUTS = 4096;
const MAX_HIDDEN = 1024;
const MAX_STEPS = 65_536;

// As in assembly/lstm.ts.
const PLAN_WORDS = 9;
const PANEL_UNITS = 8;
const GATES = 4;
const PANEL = PANEL_UNITS * GATES;

const REHEARSED: Rehearsed = { work: 0 };

/**
 * Inference of one LSTM layer, or of two on top of each other, float32, without allocation. The state stays in the
 * kernel: `step` takes one more input of an endless sequence, `reset` begins a new one. The same bits on every engine;
 * the twin in oracle/lstm.ts says what is computed, in which order.
 * Gates as in Hochreiter, Schmidhuber 1997 with the forget gate of Gers, Schmidhuber, Cummins 2000.
 */
export class LstmKernel {
  /** What `step` reads, `[inputs]`. */
  readonly input: Float32Array<SharedArrayBuffer>;
  /** h of the top layer after the latest step, `[hidden]`. */
  readonly output: Float32Array<SharedArrayBuffer>;
  /** What `sequence` reads, `[maxSteps][inputs]`; row 0 is `input`. */
  readonly inputs: Float32Array<SharedArrayBuffer>;
  /** h of the top layer after each step of the latest `step` or `sequence`, `[maxSteps][hidden]`. */
  readonly outputs: Float32Array<SharedArrayBuffer>;
  /** For `LstmKernel.loadInto` in a worker. */
  readonly port: WeightPort<LstmShape>;
  /** Values that `saveState` writes: h and c of each layer. */
  readonly stateLength: number;
  readonly #state: readonly Float32Array<SharedArrayBuffer>[];
  readonly #maxSteps: number;
  readonly #run: InferenceExports['lstm'];
  readonly #plan: number;
  readonly #control: number;
  readonly #rehearsal: number;
  readonly #x: number;
  #isWarm = false;

  /** @throws PilotfishError `USAGE` or `LIMIT` for sizes out of range. */
  constructor(options: LstmKernelOptions) {
    const { shape, maxSteps, lengths } = checkOptions(options);
    const bytes = LstmKernel.bytes(options);
    const memory = options.memory ?? new KernelMemory(bytes);
    memory.require(bytes);
    const weights = createWeights(memory, lengths.weights, shape);
    const x = memory.floats(lengths.inputs);
    const y = memory.floats(lengths.outputs);
    const scratch = memory.floats(lengths.units);
    const state = Array.from({ length: 2 * shape.layers }, () => memory.floats(lengths.units));
    const plan = memory.ints(PLAN_WORDS);
    plan.view.set([
      shape.layers,
      shape.inputs,
      shape.hidden,
      y.pointer,
      scratch.pointer,
      ...state.map(pointerOf),
    ]);
    this.inputs = x.view;
    this.outputs = y.view.subarray(0, maxSteps * shape.hidden);
    this.input = x.view.subarray(0, shape.inputs);
    this.#state = state.map((slot) => slot.view.subarray(0, shape.hidden));
    this.output = this.#state[2 * shape.layers - 2] as Float32Array<SharedArrayBuffer>;
    this.stateLength = state.length * shape.hidden;
    this.port = weights.port;
    this.#maxSteps = maxSteps;
    this.#run = memory.run<InferenceExports>(INFERENCE).lstm;
    this.#plan = plan.pointer;
    this.#control = weights.port.control;
    this.#rehearsal = weights.rehearsal;
    this.#x = x.pointer;
  }

  /** Bytes of kernel memory that a kernel with these options takes. @throws PilotfishError as the constructor. */
  static bytes(options: LstmKernelOptions): number {
    const { shape, lengths } = checkOptions(options);
    const states = Array.from({ length: 2 * shape.layers + 1 }, () => lengths.units);
    return (
      weightBytes(lengths.weights) +
      KernelMemory.bytesOf(lengths.inputs, lengths.outputs, PLAN_WORDS, ...states)
    );
  }

  /**
   * Replaces the weights of a kernel, from any thread; inference goes on meanwhile. A layer's weights are
   * `[inputs + hidden][4 hidden]`: first the rows of x, then those of h; the columns are the gates i, f, g, o in turn.
   * The state stays what it was.
   * @throws PilotfishError `SHAPE`, `NOT_FINITE` or `LOCKED`; the kernel then keeps the weights it has.
   */
  static loadInto(port: WeightPort<LstmShape>, layers: readonly DenseLayer[], options?: LoadOptions): void {
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

  /** Dummy runs, so that the engine compiles the kernel for speed; the state stays, row 0 of `outputs` does not. */
  warmUp(calls?: number): void {
    const state = this.#state.map((values) => values.slice());
    const { length } = this.port;
    rehearse(() => this.#run(this.#plan, this.#rehearsal, this.#x, 1), {
      calls,
      weights: length,
      shared: REHEARSED,
    });
    state.forEach((values, i) => {
      this.#state[i]?.set(values);
    });
    this.#isWarm = true;
  }

  /** Forgets the sequence: h and c become 0. */
  reset(): void {
    for (const values of this.#state) values.fill(0);
  }

  /** Takes `input` as the next step of the sequence. @throws PilotfishError `UNTRAINED` before the first load. */
  step(): void {
    if (this.#run(this.#plan, this.#control, this.#x, 1) !== 0) refuseUnloaded('lstm');
  }

  /**
   * Takes the first `steps` rows of `inputs` as the next steps; the same bits as `step` for each. For a sequence of
   * its own call `reset` before.
   * @throws PilotfishError `USAGE` for more than `maxSteps`, `UNTRAINED` before the first load.
   */
  sequence(steps: number): void {
    checkCount('steps', steps, 0, this.#maxSteps);
    if (this.#run(this.#plan, this.#control, this.#x, steps) !== 0) refuseUnloaded('lstm');
  }

  /** Writes h, c of each layer, bottom first, into the caller's array. @throws PilotfishError `SHAPE` */
  saveState(target: Float32Array): void {
    ofLength('state', target, this.stateLength);
    let at = 0;
    for (const values of this.#state) {
      for (let i = 0; i < values.length; i += 1) target[at + i] = values[i] as number;
      at += values.length;
    }
  }

  /** Goes on where `saveState` was called. @throws PilotfishError `SHAPE` */
  loadState(source: Float32Array): void {
    ofLength('state', source, this.stateLength);
    let at = 0;
    for (const values of this.#state) {
      for (let i = 0; i < values.length; i += 1) values[i] = source[at + i] as number;
      at += values.length;
    }
  }
}

const pointerOf = (slot: KernelSlot) => slot.pointer;

function checkOptions(options: LstmKernelOptions) {
  const shape: LstmShape = {
    inputs: wholeNumber('inputs', options.inputs, [1, MAX_INPUTS]),
    hidden: wholeNumber('hidden', options.hidden, [1, MAX_HIDDEN]),
    layers: wholeNumber('layers', options.layers ?? 1, [1, 2]),
  };
  const maxSteps = wholeNumber('maxSteps', options.maxSteps ?? 1, [1, MAX_STEPS]);
  const units = Math.ceil(shape.hidden / PANEL_UNITS) * PANEL_UNITS;
  const lengths = {
    weights: rowsOf(shape).reduce((sum, rows) => sum + rows * GATES * units, 0),
    inputs: maxSteps * shape.inputs,
    // Rows are written in whole panels: the last one runs over by less than a panel.
    outputs: (maxSteps - 1) * shape.hidden + units,
    units,
  };
  return { shape, maxSteps, lengths };
}

/** Rows of each packed layer: the biases, the inputs and the layer's own h. */
function rowsOf({ inputs, hidden, layers }: LstmShape): number[] {
  return [1 + inputs + hidden, 1 + 2 * hidden].slice(0, layers);
}

function checkLayers(shape: LstmShape, layers: readonly DenseLayer[]): void {
  const rows = rowsOf(shape);
  checkLayerCount(layers, rows.length);
  layers.forEach((layer, i) => {
    checkLayer(`layers[${i}]`, layer, (rows[i] as number) - 1, GATES * shape.hidden);
  });
}

function packLayers(target: Float32Array, shape: LstmShape, layers: readonly DenseLayer[]): void {
  const panels = Math.ceil(shape.hidden / PANEL_UNITS);
  let at = 0;
  rowsOf(shape).forEach((rows, i) => {
    packGates(target.subarray(at), layers[i] as DenseLayer, shape.hidden);
    at += rows * panels * PANEL;
  });
}

/** Packs a layer in panels of 8 units, `[panel][1 + inputs + hidden][gate][8]`, each led by its biases. */
function packGates(target: Float32Array, layer: DenseLayer, hidden: number): void {
  const columns = GATES * hidden;
  const rows = layer.weights.length / columns + 1;
  for (let column = 0; column < columns; column += 1) {
    const [gate, unit] = [Math.floor(column / hidden), column % hidden];
    const panel = Math.floor(unit / PANEL_UNITS) * rows * PANEL;
    const lane = gate * PANEL_UNITS + (unit % PANEL_UNITS);
    target[panel + lane] = layer.bias[column] as number;
    for (let row = 1; row < rows; row += 1) {
      target[panel + row * PANEL + lane] = layer.weights[(row - 1) * columns + column] as number;
    }
  }
}
