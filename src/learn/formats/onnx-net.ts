import { PilotfishError } from '../../base/index.ts';
import { notEmpty } from '../contract/index.ts';
import { OnnxGraph } from './onnx-graph.ts';

/** A layer, plainly: one bias an output, weights `[inputs][outputs]` row by row. */
export type OnnxLayer = { readonly weights: ArrayLike<number>; readonly bias: ArrayLike<number> };

/** What a net does with the sums of its last layer; softmax goes over the whole layer. */
export type OnnxOutput = 'linear' | 'sigmoid' | 'softmax';

/** A multilayer perceptron, batch norm folded in and dropout left out: what `Mlp.layers()` gives. */
export type OnnxMlp = {
  readonly layers: readonly OnnxLayer[];
  /** After every layer but the last. */
  readonly activation: 'relu' | 'tanh' | 'sigmoid';
  /** After the last. */
  readonly output: OnnxOutput;
};

/** LSTM layers one above the other (Hochreiter, Schmidhuber 1997; no peepholes): what `Lstm.layers()` gives. */
export type OnnxLstm = {
  /** `[vocabulary][inputs]`, when steps are ids. */
  readonly embedding?: ArrayLike<number> | undefined;
  /** Weights `[inputs + hidden][4 · hidden]`: first the rows of x, then those of h; gates i, f, g, o. */
  readonly recurrent: readonly OnnxLayer[];
  /** Over the last state, `[hidden][outputs]`. */
  readonly head: OnnxLayer;
  readonly output: OnnxOutput;
};

const OPERATORS = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid', softmax: 'Softmax' } as const;

/**
 * A multilayer perceptron as an ONNX file: input `x` float32 [batch, inputs], output `y` float32 [batch, outputs].
 * @throws PilotfishError `EMPTY` without layers, `SHAPE` when sizes do not fit, `NOT_FINITE`, `USAGE` for an
 * activation that is not known or what is no list of layers.
 */
export function encodeOnnxMlp({ layers, activation, output }: OnnxMlp): Uint8Array {
  requireLayers('an Mlp', layers);
  const graph = new OnnxGraph();
  let width = rowsOf('first', notEmpty('layers', layers)[0] as OnnxLayer);
  graph.input('x', ['batch', width]);
  let from = 'x';
  for (const [index, layer] of layers.entries()) {
    const isLast = index === layers.length - 1;
    const to = isLast ? 'y' : `dense${index}`;
    addDense(graph, { layer, width, from, to, activation: isLast ? output : activation });
    width = layer.bias.length;
    from = to;
  }
  graph.output('y', ['batch', width]);
  return graph.finish('mlp');
}

/**
 * An LSTM as an ONNX file: input `x` float32 [batch, time, inputs], or int64 [batch, time] with an embedding; output
 * `y` float32 [batch, outputs], about the end of each sequence. Every sequence begins at a zero state.
 * @throws PilotfishError as `encodeOnnxMlp`.
 */
export function encodeOnnxLstm({ embedding, recurrent, head, output }: OnnxLstm): Uint8Array {
  requireLayers('an Lstm', recurrent);
  const graph = new OnnxGraph();
  const first = notEmpty('recurrent', recurrent)[0] as OnnxLayer;
  let width = lstmSizes('lstm0', first).inputs;
  addSteps(graph, width, embedding);
  // The operator wants time first; that leaves [time, batch, inputs].
  const transposed = { perm: { ints: [1, 0, 2] } };
  graph.node({ op: 'Transpose', inputs: ['steps'], outputs: ['lstm0_x'], attributes: transposed });
  if (recurrent.length > 1) graph.ints('one', [1]);
  graph.ints('zero', [0]);
  for (const [index, layer] of recurrent.entries()) {
    const hidden = addLstm(graph, { layer, width, name: `lstm${index}` });
    const all = { inputs: [`lstm${index}_all`, 'one'], outputs: [`lstm${index + 1}_x`] };
    const last = { inputs: [`lstm${index}_last`, 'zero'], outputs: ['state'] };
    graph.node({ op: 'Squeeze', ...(index < recurrent.length - 1 ? all : last) });
    width = hidden;
  }
  addDense(graph, { layer: head, width, from: 'state', to: 'y', activation: output });
  graph.output('y', ['batch', head.bias.length]);
  return graph.finish('lstm');
}

function requireLayers(net: string, layers: readonly OnnxLayer[]): void {
  if (Array.isArray(layers)) return;
  throw new PilotfishError(
    'USAGE',
    `there is no list of layers here; give what \`layers()\` of ${net} returns`,
  );
}

type Dense = {
  readonly layer: OnnxLayer;
  /** Values that arrive. */
  readonly width: number;
  readonly from: string;
  readonly to: string;
  readonly activation: keyof typeof OPERATORS | 'linear';
};

function addDense(graph: OnnxGraph, { layer, width, from, to, activation }: Dense): void {
  checkLayer(to, layer, width);
  if (activation !== 'linear' && !Object.hasOwn(OPERATORS, activation)) {
    throw new PilotfishError('USAGE', `no activation "${activation}"; see OnnxMlp`);
  }
  const sums = activation === 'linear' ? to : `${to}_sums`;
  const parameters = [
    graph.floats(`${to}_weights`, [width, layer.bias.length], layer.weights),
    graph.floats(`${to}_bias`, [layer.bias.length], layer.bias),
  ];
  graph.node({ op: 'Gemm', inputs: [from, ...parameters], outputs: [sums] });
  if (activation !== 'linear') graph.node({ op: OPERATORS[activation], inputs: [sums], outputs: [to] });
}

/** The input as `steps`, float32 [batch, time, width]. */
function addSteps(graph: OnnxGraph, width: number, embedding: OnnxLstm['embedding']): void {
  if (embedding === undefined) {
    graph.input('x', ['batch', 'time', width]);
    graph.node({ op: 'Identity', inputs: ['x'], outputs: ['steps'] });
    return;
  }
  checkFinite('embedding', embedding);
  if (embedding.length === 0 || embedding.length % width !== 0) {
    throw new PilotfishError('SHAPE', `${embedding.length} values do not embed ids in ${width} dimensions`);
  }
  graph.floats('embedding', [embedding.length / width, width], embedding);
  graph.input('x', ['batch', 'time'], 'int64');
  graph.node({ op: 'Gather', inputs: ['embedding', 'x'], outputs: ['steps'] });
}

type Recurrent = { readonly layer: OnnxLayer; readonly width: number; readonly name: string };

/** Adds a layer; gives the size of its state. */
function addLstm(graph: OnnxGraph, { layer, width, name }: Recurrent): number {
  const { hidden } = lstmSizes(name, layer);
  checkLayer(name, layer, width + hidden);
  const columns = 4 * hidden;
  /** The rows from `first` on, turned: `[4 · hidden][rows]`, with the gates in the operator's order. */
  const turned = (first: number, rows: number): Float32Array => {
    const out = new Float32Array(columns * rows);
    for (let to = 0; to < columns; to += 1) {
      const from = gateColumn(to, hidden);
      for (let row = 0; row < rows; row += 1) {
        out[to * rows + row] = layer.weights[(first + row) * columns + from] as number;
      }
    }
    return out;
  };
  // The operator has a second bias of this size, for h; it stays zero.
  const biases = new Float32Array(2 * columns);
  for (let to = 0; to < columns; to += 1) biases[to] = layer.bias[gateColumn(to, hidden)] as number;
  const parameters = [
    graph.floats(`${name}_w`, [1, columns, width], turned(0, width)),
    graph.floats(`${name}_r`, [1, columns, hidden], turned(width, hidden)),
    graph.floats(`${name}_b`, [1, 2 * columns], biases),
  ];
  graph.node({
    op: 'LSTM',
    inputs: [`${name}_x`, ...parameters],
    outputs: [`${name}_all`, `${name}_last`],
    attributes: { hidden_size: { int: hidden } },
  });
  return hidden;
}

/** Where the operator's gates i, o, f, c stand in ours: i, f, g, o. */
const GATES = [0, 3, 1, 2] as const;

function gateColumn(to: number, hidden: number): number {
  return (GATES[Math.floor(to / hidden)] as number) * hidden + (to % hidden);
}

/** Rows of the weights: the values that the layer takes. */
function rowsOf(name: string, { weights, bias }: OnnxLayer): number {
  const rows = weights.length / bias.length;
  if (Number.isInteger(rows) && rows > 0) return rows;
  const sizes = `${weights.length} weights and ${bias.length} biases`;
  throw new PilotfishError('SHAPE', `layer ${name} has ${sizes}; give whole rows of weights`);
}

function lstmSizes(name: string, layer: OnnxLayer): { inputs: number; hidden: number } {
  const hidden = layer.bias.length / 4;
  const inputs = rowsOf(name, layer) - hidden;
  if (Number.isInteger(hidden) && inputs > 0) return { inputs, hidden };
  const sizes = `${inputs + hidden} rows of weights and ${4 * hidden} biases`;
  throw new PilotfishError('SHAPE', `layer ${name} has ${sizes}; give four gates a unit`);
}

function checkLayer(name: string, layer: OnnxLayer, width: number): void {
  const rows = rowsOf(name, layer);
  if (rows !== width) {
    throw new PilotfishError('SHAPE', `layer ${name} takes ${rows} values and gets ${width}`);
  }
  checkFinite(`weights of ${name}`, layer.weights);
  checkFinite(`bias of ${name}`, layer.bias);
}

/** Finite as float32, which is what the file holds. */
function checkFinite(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(Math.fround(values[i] as number))) {
      throw new PilotfishError('NOT_FINITE', `${name}: value ${i} is no finite float32; train anew`);
    }
  }
}
