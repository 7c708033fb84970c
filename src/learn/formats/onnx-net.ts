import { PilotfishError } from '../../base/index.ts';
import { notEmpty, ofLength, wholeNumber } from '../contract/index.ts';
import { OnnxGraph } from './onnx-graph.ts';

/** What a dense layer does with its sums; softmax goes over the whole layer. */
export type DenseActivation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'softmax';

/** A dense layer, plainly: y = activation(x·weights + bias). Batch norm is folded in, dropout left out. */
export type DenseLayerDescription = {
  readonly inputs: number;
  readonly outputs: number;
  /** `[inputs][outputs]`, row by row. */
  readonly weights: ArrayLike<number>;
  /** `[outputs]`. */
  readonly bias: ArrayLike<number>;
  readonly activation: DenseActivation;
};

/** An LSTM layer, plainly (Hochreiter, Schmidhuber 1997; forget gates, no peepholes). */
export type LstmLayerDescription = {
  readonly inputs: number;
  readonly hidden: number;
  /** `[inputs + hidden][4 · hidden]`, row by row: first the rows of x, then those of h; gates i, f, g, o. */
  readonly weights: ArrayLike<number>;
  /** `[4 · hidden]`, gates i, f, g, o. */
  readonly bias: ArrayLike<number>;
};

const OPERATORS = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid', softmax: 'Softmax' } as const;
/** Sizes above this are a mistake; the product of two stays a whole number. */
const SIZE_MAX = 2 ** 24;

/**
 * A net of dense layers as an ONNX file: input `x` float32 [batch, inputs], output `y` float32 [batch, outputs].
 * @throws PilotfishError `EMPTY` without layers, `SHAPE` when sizes do not fit, `NOT_FINITE`, `USAGE` for a size
 * out of range or an unknown activation.
 */
export function encodeOnnxDense(layers: readonly DenseLayerDescription[]): Uint8Array {
  const inputs = checkChain(notEmpty('layers', layers));
  const graph = new OnnxGraph();
  graph.input('x', ['batch', inputs]);
  addDense(graph, layers, 'x');
  return graph.finish('dense');
}

/**
 * LSTM layers one above the other, whose last state at the end of the sequence goes through dense layers: input
 * `x` float32 [batch, time, inputs], output `y` float32 [batch, outputs]. Every sequence begins at a zero state.
 * @throws PilotfishError as `encodeOnnxDense`.
 */
export function encodeOnnxLstm(
  layers: readonly LstmLayerDescription[],
  head: readonly DenseLayerDescription[],
): Uint8Array {
  const inputs = checkLstms(notEmpty('layers', layers));
  checkChain(notEmpty('head', head), layers.at(-1)?.hidden);
  const graph = new OnnxGraph();
  graph.input('x', ['batch', 'time', inputs]);
  if (layers.length > 1) graph.ints('one', [1]);
  graph.ints('zero', [0]);
  // The operator wants time first.
  const transposed = { perm: { ints: [1, 0, 2] } };
  graph.node({ op: 'Transpose', inputs: ['x'], outputs: ['lstm0_x'], attributes: transposed });
  layers.forEach((layer, index) => {
    addLstm(graph, layer, `lstm${index}`);
    const all = { op: 'Squeeze', inputs: [`lstm${index}_all`, 'one'], outputs: [`lstm${index + 1}_x`] };
    const last = { op: 'Squeeze', inputs: [`lstm${index}_last`, 'zero'], outputs: ['state'] };
    graph.node(index < layers.length - 1 ? all : last);
  });
  addDense(graph, head, 'state');
  return graph.finish('lstm');
}

function addDense(graph: OnnxGraph, layers: readonly DenseLayerDescription[], from: string): void {
  let current = from;
  layers.forEach(({ inputs, outputs, weights, bias, activation }, index) => {
    const last = index === layers.length - 1;
    const after = last ? 'y' : `dense${index}`;
    const sum = activation === 'linear' ? after : `dense${index}_sum`;
    const parameters = [
      graph.floats(`dense${index}_weights`, [inputs, outputs], weights),
      graph.floats(`dense${index}_bias`, [outputs], bias),
    ];
    graph.node({ op: 'Gemm', inputs: [current, ...parameters], outputs: [sum] });
    if (activation !== 'linear') {
      graph.node({ op: OPERATORS[activation], inputs: [sum], outputs: [after] });
    }
    if (last) graph.output('y', ['batch', outputs]);
    current = after;
  });
}

function addLstm(graph: OnnxGraph, { inputs, hidden, weights, bias }: LstmLayerDescription, name: string) {
  const width = 4 * hidden;
  /** The rows from `first` on, turned: `[4 · hidden][rows]`, with the gates in the operator's order. */
  const turned = (first: number, rows: number): Float32Array => {
    const out = new Float32Array(width * rows);
    for (let to = 0; to < width; to += 1) {
      const from = gateColumn(to, hidden);
      for (let row = 0; row < rows; row += 1) {
        out[to * rows + row] = weights[(first + row) * width + from] as number;
      }
    }
    return out;
  };
  // The operator has a second bias of this size, for h; it stays zero.
  const biases = new Float32Array(2 * width);
  for (let to = 0; to < width; to += 1) biases[to] = bias[gateColumn(to, hidden)] as number;
  const parameters = [
    graph.floats(`${name}_w`, [1, width, inputs], turned(0, inputs)),
    graph.floats(`${name}_r`, [1, width, hidden], turned(inputs, hidden)),
    graph.floats(`${name}_b`, [1, 2 * width], biases),
  ];
  graph.node({
    op: 'LSTM',
    inputs: [`${name}_x`, ...parameters],
    outputs: [`${name}_all`, `${name}_last`],
    attributes: { hidden_size: { int: hidden } },
  });
}

/** Where the operator's gates i, o, f, c stand in ours: i, f, g, o. */
const GATES = [0, 3, 1, 2] as const;

function gateColumn(to: number, hidden: number): number {
  return (GATES[Math.floor(to / hidden)] as number) * hidden + (to % hidden);
}

/** Checks a chain of dense layers that begins with `width` values; gives its number of inputs. */
function checkChain(layers: readonly DenseLayerDescription[], width = layers[0]?.inputs): number {
  let current = width as number;
  layers.forEach(({ inputs, outputs, weights, bias, activation }, index) => {
    checkSizes(`layers[${index}]`, inputs, outputs);
    if (inputs !== current) {
      throw new PilotfishError('SHAPE', `dense layer ${index} takes ${inputs} values, it gets ${current}`);
    }
    checkNumbers(`weights of dense layer ${index}`, weights, inputs * outputs);
    checkNumbers(`bias of dense layer ${index}`, bias, outputs);
    if (activation !== 'linear' && !Object.hasOwn(OPERATORS, activation)) {
      throw new PilotfishError('USAGE', `no activation "${activation}"; see DenseActivation`);
    }
    current = outputs;
  });
  return width as number;
}

function checkLstms(layers: readonly LstmLayerDescription[]): number {
  const first = layers[0]?.inputs as number;
  let current = first;
  layers.forEach(({ inputs, hidden, weights, bias }, index) => {
    checkSizes(`layers[${index}]`, inputs, hidden);
    if (inputs !== current) {
      throw new PilotfishError('SHAPE', `LSTM layer ${index} takes ${inputs} values, it gets ${current}`);
    }
    checkNumbers(`weights of LSTM layer ${index}`, weights, (inputs + hidden) * 4 * hidden);
    checkNumbers(`bias of LSTM layer ${index}`, bias, 4 * hidden);
    current = hidden;
  });
  return first;
}

function checkSizes(name: string, inputs: number, outputs: number): void {
  wholeNumber(`inputs of ${name}`, inputs, [1, SIZE_MAX]);
  wholeNumber(`outputs of ${name}`, outputs, [1, SIZE_MAX]);
}

/** Finite also as float32, which is what the file holds. */
function checkNumbers(name: string, values: ArrayLike<number>, length: number): void {
  ofLength(name, values, length);
  for (let i = 0; i < length; i += 1) {
    if (!Number.isFinite(Math.fround(values[i] as number))) {
      throw new PilotfishError('NOT_FINITE', `${name}[${i}] is no finite float32; train anew`);
    }
  }
}
