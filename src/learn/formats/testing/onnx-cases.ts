import { FastRng } from '../../../base/index.ts';
import type { TreeModel } from '../../trees/index.ts';
import { encodeOnnxDense, encodeOnnxLstm } from '../onnx-net.ts';
import { encodeOnnxTrees } from '../onnx-trees.ts';
import { denseAnswer, lstmState, treeAnswer } from './plain-models.ts';
import { randomDense, randomLstm, randomRows, randomTrees } from './random-models.ts';

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

function denseCase(): OnnxCase {
  const rng = new FastRng(1);
  const layers = randomDense([6, 9, 7, 5, 4, 3], ['relu', 'tanh', 'sigmoid', 'linear', 'softmax'], rng);
  const x = Array.from({ length: ROWS }, () =>
    Array.from({ length: 6 }, () => Math.fround(4 * rng.next() - 2)),
  );
  const answers = x.map((row) => denseAnswer(layers, row));
  return { name: 'dense', model: encodeOnnxDense(layers), shape: [ROWS, 6], x: x.flat(), answers };
}

function lstmCase(name: string, widths: readonly number[], time: number): OnnxCase {
  const rng = new FastRng(2);
  const [inputs] = widths as [number];
  const layers = randomLstm(widths, rng);
  const head = randomDense([widths.at(-1) as number, 4, 3], ['relu', 'softmax'], rng);
  const step = () => Array.from({ length: inputs }, () => Math.fround(4 * rng.next() - 2));
  const x = Array.from({ length: ROWS }, () => Array.from({ length: time }, step));
  const answers = x.map((sequence) => denseAnswer(head, lstmState(layers, sequence)));
  return { name, model: encodeOnnxLstm(layers, head), shape: [ROWS, time, inputs], x: x.flat(2), answers };
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
    denseCase(),
    lstmCase('lstm', [3, 5], 7),
    lstmCase('lstm of two layers', [3, 5, 4], 6),
    lstmCase('lstm of one step', [2, 3], 1),
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
