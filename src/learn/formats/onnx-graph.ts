import { floatBytes, ProtobufMessage } from './protobuf.ts';

/**
 * The container of ONNX (onnx.proto of https://github.com/onnx/onnx, version 8 of the representation): a graph of
 * nodes that name their inputs and outputs, with the learnt numbers as named constants.
 */

const IR_VERSION = 8;
/** Operator sets: the oldest in which every operator used here has its present meaning. */
const OPSET = 13;
const TREE_DOMAIN = 'ai.onnx.ml';
const TREE_OPSET = 3;

/** Numbers of the element types. */
const TYPES = { float: 1, int64: 7 } as const;

/** A size, or the name of one that is free. */
type Dimension = number | string;

/** Option of a node. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly text: string }
  | { readonly ints: ArrayLike<number> }
  | { readonly floats: ArrayLike<number> }
  | { readonly texts: readonly string[] };

/** One operation; an input named '' is left out. */
export type OnnxNode = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: { readonly [name: string]: OnnxAttribute };
};

/** Collects a graph in the order of computation; `finish` gives the bytes of the model file. */
export class OnnxGraph {
  readonly #nodes: ProtobufMessage[] = [];
  readonly #constants: ProtobufMessage[] = [];
  readonly #inputs: ProtobufMessage[] = [];
  readonly #outputs: ProtobufMessage[] = [];

  node({ op, inputs, outputs, attributes = {} }: OnnxNode): void {
    const node = new ProtobufMessage();
    for (const name of inputs) node.text(1, name);
    for (const name of outputs) node.text(2, name);
    node.text(4, op);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    if (op.startsWith('TreeEnsemble')) node.text(7, TREE_DOMAIN);
    this.#nodes.push(node);
  }

  floats(name: string, shape: readonly number[], values: ArrayLike<number>): string {
    const tensor = new ProtobufMessage().ints(1, shape).int(2, TYPES.float).text(8, name);
    this.#constants.push(tensor.bytes(9, floatBytes(values)));
    return name;
  }

  ints(name: string, values: readonly number[]): string {
    const tensor = new ProtobufMessage().ints(1, [values.length]).int(2, TYPES.int64).ints(7, values);
    this.#constants.push(tensor.text(8, name));
    return name;
  }

  input(name: string, shape: readonly Dimension[], type: keyof typeof TYPES = 'float'): void {
    this.#inputs.push(valueInfo(name, TYPES[type], shape));
  }

  output(name: string, shape: readonly Dimension[], type: keyof typeof TYPES = 'float'): void {
    this.#outputs.push(valueInfo(name, TYPES[type], shape));
  }

  finish(name: string): Uint8Array {
    const graph = new ProtobufMessage();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.#constants) graph.message(5, constant);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    return new ProtobufMessage()
      .int(1, IR_VERSION)
      .text(2, 'pilotfish')
      .message(7, graph)
      .message(8, new ProtobufMessage().text(1, '').int(2, OPSET))
      .message(8, new ProtobufMessage().text(1, TREE_DOMAIN).int(2, TREE_OPSET))
      .finish();
  }
}

function attribute(name: string, value: OnnxAttribute): ProtobufMessage {
  const message = new ProtobufMessage().text(1, name);
  if ('int' in value) return message.int(3, value.int).int(20, 2);
  if ('text' in value) return message.text(4, value.text).int(20, 3);
  if ('floats' in value) return message.floats(7, value.floats).int(20, 6);
  if ('ints' in value) return message.ints(8, value.ints).int(20, 7);
  for (const text of value.texts) message.text(9, text);
  return message.int(20, 8);
}

function valueInfo(name: string, type: number, shape: readonly Dimension[]): ProtobufMessage {
  const dimensions = new ProtobufMessage();
  for (const size of shape) {
    const dimension = new ProtobufMessage();
    dimensions.message(1, typeof size === 'number' ? dimension.int(1, size) : dimension.text(2, size));
  }
  const tensor = new ProtobufMessage().int(1, type).message(2, dimensions);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensor));
}
