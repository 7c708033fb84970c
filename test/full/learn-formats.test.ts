// Models trained here, in the files of others: whoever else reads them answers as we do.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { FastRng } from '../../src/base/index.ts';
import type { Matrix } from '../../src/learn/contract/index.ts';
import { type ShapValues, TreeShap } from '../../src/learn/explain/index.ts';
import {
  decodeXgboostJson,
  encodeOnnxLstm,
  encodeOnnxMlp,
  encodeOnnxTrees,
  encodeXgboostJson,
  tensorBoardScalars,
  tensorBoardStart,
} from '../../src/learn/formats/index.ts';
import { Lstm, Mlp } from '../../src/learn/nets/index.ts';
import { BoostedTrees } from '../../src/learn/trees/index.ts';
import { assertClose } from './oracles/compare.ts';
import { ensureOracle, type OracleName, oracleScript, runOracle } from './oracles/environment.ts';

const tolerance = { absolute: 1e-5, relative: 1e-5 };
const shown = 40;

/** The interpreter of a tool, or a skipped test. */
function interpreter(t: TestContext, name: OracleName): string | null {
  const { python, absent } = ensureOracle(name);
  if (absent !== undefined) t.skip(absent);
  return python ?? null;
}

/** Rows of normal numbers, some of them missing if asked for; JSON turns those into null, as the scripts expect. */
function numbers(rng: FastRng, rows: number, columns: number, missing = 0): number[][] {
  const one = (): number => (rng.next() < missing ? Number.NaN : Math.fround(rng.normal()));
  return Array.from({ length: rows }, () => Array.from({ length: columns }, one));
}

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  ...{ rows: rows.length, columns: rows[0]?.length ?? 0 },
  data: Float32Array.from(rows.flat()),
});

/** A class that depends on products and a threshold, whatever else the row holds. */
const classOf = (row: readonly number[], classes: number): number => {
  const [a = 0, b = 0, c = 0] = row.map((value) => (Number.isNaN(value) ? 0.3 : value));
  return Math.min(classes - 1, Math.max(0, Math.floor((classes * (2 + a * b + c)) / 4)));
};

const answersOf = (
  rows: readonly (readonly number[])[],
  predict: (row: readonly number[]) => ArrayLike<number>,
) => rows.map((row) => Array.from(predict(row)));

interface OnnxAnswer {
  readonly cases: readonly {
    readonly outputs: Readonly<Record<string, { readonly data: readonly number[] }>>;
  }[];
}

interface OnnxQuestion {
  readonly model: Uint8Array;
  readonly shape: readonly number[];
  readonly x: readonly number[];
}

/** What ONNX Runtime makes of a model: its first output, as one list. */
function askOnnxRuntime(python: string, { model, shape, x }: OnnxQuestion): readonly number[] {
  const hex = Buffer.from(model).toString('hex');
  const stdin = JSON.stringify([{ name: 'model', model: hex, shape, x }]);
  const [answer] = runOracle<OnnxAnswer>(python, oracleScript('onnxruntime'), { stdin }).cases;
  return (answer?.outputs['y'] ?? answer?.outputs['probabilities'])?.data ?? [];
}

for (const [name, loss, outputs] of [
  ['classes', { kind: 'cross-entropy' }, 3],
  ['values', { kind: 'mse' }, 1],
] as const) {
  test(`ONNX Runtime answers like a trained MLP: ${name}`, (t) => {
    const python = interpreter(t, 'onnxruntime');
    if (python === null) return;
    const rows = numbers(new FastRng(1), 400, 6);
    const hidden = [{ units: 16, batchNorm: true, dropout: 0.1 }, 8];
    const mlp = new Mlp({ inputs: 6, outputs, hidden, loss, seed: 2 });
    mlp.fit({ x: matrix(rows), y: rows.map((row) => classOf(row, 3)) }, { epochs: 5 });
    const asked = rows.slice(0, shown);
    const question = { model: encodeOnnxMlp(mlp.layers()), shape: [shown, 6], x: asked.flat() };
    assertClose(
      askOnnxRuntime(python, question),
      answersOf(asked, (row) => mlp.predict(row)).flat(),
      tolerance,
    );
  });
}

for (const layers of [1, 2] as const) {
  test(`ONNX Runtime answers like a trained LSTM of ${layers} layers`, (t) => {
    const python = interpreter(t, 'onnxruntime');
    if (python === null) return;
    const [steps, inputs] = [7, 3];
    const rows = numbers(new FastRng(3), 200, steps * inputs);
    const lstm = new Lstm({ inputs, hidden: 12, layers, outputs: 3, seed: 4 });
    lstm.fit({ x: matrix(rows), y: rows.map((row) => classOf(row, 3)) }, { epochs: 3 });
    const asked = rows.slice(0, shown);
    const question = { model: encodeOnnxLstm(lstm.layers()), shape: [shown, steps, inputs], x: asked.flat() };
    assertClose(
      askOnnxRuntime(python, question),
      answersOf(asked, (row) => lstm.predict(row)).flat(),
      tolerance,
    );
  });
}

const objectives = [
  { objective: 'reg:squarederror', count: 1 },
  { objective: 'binary:logistic', count: 2 },
  { objective: 'multi:softprob', count: 4 },
] as const;

/** Trees trained on rows with gaps, and the rows they are asked about. */
function trained({ objective, count }: (typeof objectives)[number]) {
  const rows = numbers(new FastRng(5), 600, 5, 0.1);
  const classes = objective === 'multi:softprob' ? { classes: count } : {};
  const trees = new BoostedTrees({ objective, ...classes, rounds: 12, maxDepth: 4, seed: 6 });
  trees.fit({ x: matrix(rows), y: rows.map((row) => classOf(row, Math.max(2, count))) });
  return { trees, asked: rows.slice(0, shown) };
}

for (const goal of objectives) {
  test(`ONNX Runtime answers like trained trees: ${goal.objective}`, (t) => {
    const python = interpreter(t, 'onnxruntime');
    if (python === null) return;
    const { trees, asked } = trained(goal);
    const question = { model: encodeOnnxTrees(trees.model), shape: [shown, 5], x: asked.flat() };
    assertClose(
      askOnnxRuntime(python, question),
      answersOf(asked, (row) => trees.predict(row)).flat(),
      tolerance,
    );
  });

  for (const tool of ['xgboost', 'xgboost-3'] as const) {
    test(`${tool} answers and explains like trained trees: ${goal.objective}`, (t) => {
      const python = interpreter(t, tool);
      if (python === null) return;
      const { trees, asked } = trained(goal);
      const model = new TextDecoder().decode(encodeXgboostJson(trees.model));
      const stdin = JSON.stringify({ model, rows: asked });
      const { answers, contributions } = runOracle<XgboostAnswer>(python, oracleScript('read-xgboost'), {
        stdin,
      });
      const ours = answersOf(asked, (row) => trees.predict(row));
      // XGBoost gives one probability for two classes, that of the second.
      const wanted = goal.objective === 'binary:logistic' ? ours.map((both) => both.slice(1)) : ours;
      assertClose(answers, wanted, tolerance);
      const shap = new TreeShap(trees.model);
      assertClose(
        contributions,
        answersOf(asked, (row) => outputsWithBias(shap.explain(row))),
        tolerance,
      );
    });
  }

  test(`trained trees come back from XGBoost's file: ${goal.objective}`, () => {
    const { trees, asked } = trained(goal);
    const again = BoostedTrees.fromModel(decodeXgboostJson(encodeXgboostJson(trees.model)));
    const answers = (model: BoostedTrees) => answersOf(asked, (row) => model.predict(row));
    // Only the base score is rounded, to the float32 that XGBoost keeps.
    assertClose(answers(again), answers(trees), { absolute: 1e-7, relative: 1e-7 });
  });
}

/** As `pred_contribs` has it: the features of each output, then its bias. */
const outputsWithBias = ({ base, values }: ShapValues): number[] =>
  values.flatMap((output, i) => [...output, base[i] ?? Number.NaN]);

interface XgboostAnswer {
  readonly answers: readonly (readonly number[])[];
  readonly contributions: readonly (readonly number[])[];
}

test('TensorBoard reads what was written', (t) => {
  const python = interpreter(t, 'tensorboard');
  if (python === null) return;
  const rng = new FastRng(7);
  const start = 1_700_000_000;
  const tags = ['loss/train', 'loss/held-out', 'größe', 'a'.repeat(300)];
  const events = Array.from({ length: 300 }, (_, step) => {
    const scalars = Object.fromEntries(
      tags.slice(0, 1 + rng.below(tags.length)).map((tag) => [tag, rng.normal()]),
    );
    return { wallTimeSeconds: start + step / 4, step: step * 2 ** 20, scalars };
  });
  const file = Buffer.concat([tensorBoardStart(start), ...events.map(tensorBoardScalars)]);
  const read = runOracle<Record<string, number[][]>>(python, oracleScript('read-tensorboard'), {
    stdin: file.toString('base64'),
  });
  const written = tags.map((tag) => [
    tag,
    events.flatMap(({ wallTimeSeconds, step, scalars }) =>
      scalars[tag] === undefined ? [] : [[wallTimeSeconds, step, Math.fround(scalars[tag])]],
    ),
  ]);
  assert.deepEqual(read, Object.fromEntries(written));
});
