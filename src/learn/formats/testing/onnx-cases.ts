import { FastRng } from '../../../base/index.ts';
import type { TreeModel } from '../../trees/index.ts';
import { encodeOnnxLstm, encodeOnnxMlp, type OnnxLayer, type OnnxMlp } from '../onnx-net.ts';
import { encodeOnnxTrees } from '../onnx-trees.ts';
import { lstmAnswer, mlpAnswer, treeAnswer } from './plain-models.ts';
import { randomLayers, randomRecurrent, randomRows, randomTrees } from './random-models.ts';

/** A file for ONNX Runtime, what goes in, and what must come out of its first output. */
export type OnnxCase = {
  readonly name: string;
  readonly model: Uint8Array;
  /** Of `x`. */
  readonly shape: readonly number[];
  readonly x: readonly number[];
  /** A row of numbers a sample. */
  readonly answers: readonly (readonly number[])[];
};

const ROWS = 5;

const floats = (length: number, rng: FastRng): number[] =>
  Array.from({ length }, () => Math.fround(4 * rng.next() - 2));

function mlpCase(name: string, options: Omit<OnnxMlp, 'layers'>): OnnxCase {
  const rng = new FastRng(1);
  const net = { ...options, layers: randomLayers([6, 9, 5, 3], rng) };
  const x = Array.from({ length: ROWS }, () => floats(6, rng));
  const answers = x.map((row) => mlpAnswer(net, row));
  return { name, model: encodeOnnxMlp(net), shape: [ROWS, 6], x: x.flat(), answers };
}

type LstmCase = {
  readonly widths: readonly [number, ...number[]];
  readonly time: number;
  readonly ids?: number;
};

function lstmCase(name: string, { widths, time, ids = 0 }: LstmCase): OnnxCase {
  const rng = new FastRng(2);
  const [inputs] = widths;
  const net = {
    embedding: ids > 0 ? Float32Array.from(floats(ids * inputs, rng)) : undefined,
    recurrent: randomRecurrent(widths, rng),
    head: randomLayers([widths.at(-1) as number, 3], rng)[0] as OnnxLayer,
    output: 'softmax' as const,
  };
  const step = () => (ids > 0 ? [rng.below(ids)] : floats(inputs, rng));
  const x = Array.from({ length: ROWS }, () => Array.from({ length: time }, step));
  const answers = x.map((sequence) => lstmAnswer(net, sequence));
  const shape = ids > 0 ? [ROWS, time] : [ROWS, time, inputs];
  return { name, model: encodeOnnxLstm(net), shape, x: x.flat(2), answers };
}

function treeCase(name: string, model: TreeModel, rng: FastRng): OnnxCase {
  const rows = randomRows(64, model.features, rng);
  const binary = model.objective === 'binary:logistic';
  const answers = rows.map((row) => {
    const answer = treeAnswer(model, row);
    return binary ? [1 - (answer[0] as number), ...answer] : answer;
  });
  return { name, model: encodeOnnxTrees(model), shape: [64, model.features], x: rows.flat(), answers };
}

/** Every kind of file that is written, small. */
export function onnxCases(): OnnxCase[] {
  const rng = new FastRng(3);
  const shape = { features: 4, outputs: 1, trees: 12, splitsMax: 9 };
  const regression = randomTrees({ ...shape, objective: 'reg:squarederror' }, rng);
  const binary = randomTrees({ ...shape, objective: 'binary:logistic' }, rng);
  // Leaves of one sign are where runtimes differ about two classes.
  const positive = {
    ...binary,
    trees: binary.trees.map((tree) => ({ ...tree, value: tree.value.map(Math.abs) })),
  };
  const multiclass = randomTrees({ ...shape, objective: 'multi:softprob', outputs: 3 }, rng);
  const stump = randomTrees({ ...shape, objective: 'reg:squarederror', trees: 1, splitsMax: 0 }, rng);
  return [
    mlpCase('mlp, relu and softmax', { activation: 'relu', output: 'softmax' }),
    mlpCase('mlp, tanh and nothing', { activation: 'tanh', output: 'linear' }),
    mlpCase('mlp, sigmoid twice', { activation: 'sigmoid', output: 'sigmoid' }),
    lstmCase('lstm', { widths: [3, 5], time: 7 }),
    lstmCase('lstm of two layers', { widths: [3, 5, 4], time: 6 }),
    lstmCase('lstm of one step', { widths: [2, 3], time: 1 }),
    lstmCase('lstm over ids', { widths: [4, 5, 5], time: 8, ids: 11 }),
    treeCase('trees, regression', regression, rng),
    treeCase('trees, two classes', binary, rng),
    treeCase('trees, two classes, positive leaves', positive, rng),
    treeCase('trees, three classes', multiclass, rng),
    treeCase('trees, a single leaf', stump, rng),
  ];
}

/** The standard input of test/full/oracles/onnxruntime.py. */
export function onnxRequest(): string {
  const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  // JSON turns NaN into null, which is what the script takes for a missing value.
  return JSON.stringify(
    onnxCases().map(({ name, model, shape, x }) => ({ name, model: hex(model), shape, x })),
  );
}
