import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FastRng, sha256Hex } from '../../base/index.ts';
import { matrixOf } from '../contract/index.ts';
import { Lstm, Mlp } from '../nets/index.ts';
import { BoostedTrees } from '../trees/index.ts';
import { encodeOnnxLstm, encodeOnnxMlp, type OnnxLayer, type OnnxLstm } from './onnx-net.ts';
import { encodeOnnxTrees } from './onnx-trees.ts';
import { onnxCases } from './testing/onnx-cases.ts';
import { randomLayers, randomRecurrent, randomTrees } from './testing/random-models.ts';

type Output = { shape: number[]; data: number[] };
type Recorded = { name: string; sha256: string; outputs: Record<string, Output> };

const TOLERANCE = 1e-5;
const url = new URL('../../../test/vectors/onnxruntime.json', import.meta.url);
const record: { cases: Recorded[] } = JSON.parse(readFileSync(url, 'utf8'));

for (const { name, model, answers } of onnxCases()) {
  test(`ONNX Runtime answers as defined: ${name}`, () => {
    const recorded = record.cases.find((item) => item.name === name) ?? assert.fail('not recorded');
    assert.equal(sha256Hex(model), recorded.sha256, 'the file changed: record anew, see onnxruntime.py');
    const { y, probabilities, label } = recorded.outputs;
    const numbers = (y ?? probabilities) as Output;
    assert.deepEqual(numbers.shape, [answers.length, answers[0]?.length]);
    for (const [i, answer] of answers.flat().entries()) {
      const theirs = numbers.data[i] as number;
      assert.ok(Math.abs(theirs - answer) <= TOLERANCE, `value ${i}: ${theirs} where ${answer} is due`);
    }
    if (label !== undefined) {
      assert.deepEqual(
        label.data,
        answers.map((answer) => answer.indexOf(Math.max(...answer))),
      );
    }
  });
}

test('layers that do not fit are refused', () => {
  const [first, second] = randomLayers([3, 4, 2], new FastRng(1)) as [OnnxLayer, OnnxLayer];
  const write = (layers: readonly OnnxLayer[], activation: 'relu' = 'relu') =>
    encodeOnnxMlp({ layers, activation, output: 'linear' });
  const refused = (layers: readonly OnnxLayer[], code: string) =>
    assert.throws(() => write(layers), { code });
  assert.ok(write([first, second]).length > 0);
  refused([], 'EMPTY');
  refused([second, first], 'SHAPE');
  refused([{ ...first, weights: [] }], 'SHAPE');
  refused([{ ...first, bias: [] }], 'SHAPE');
  refused([{ ...first, bias: [1, 2, 3, 4, 5] }], 'SHAPE');
  refused([{ ...first, bias: [1, 2, Number.NaN, 4] }], 'NOT_FINITE');
  refused([{ ...first, bias: [1, 2, 1e39, 4] }], 'NOT_FINITE');
  assert.throws(() => write([first, second], 'toString' as 'relu'), { code: 'USAGE' });
});

test('LSTM layers, heads and embeddings that do not fit are refused', () => {
  const rng = new FastRng(2);
  const [head, wide] = [...randomLayers([4, 2], rng), ...randomLayers([5, 2], rng)] as [OnnxLayer, OnnxLayer];
  const net = { recurrent: randomRecurrent([3, 4], rng), head, output: 'softmax' as const };
  const refused = (change: Partial<OnnxLstm>, code: string) =>
    assert.throws(() => encodeOnnxLstm({ ...net, ...change }), { code });
  assert.ok(encodeOnnxLstm(net).length > 0);
  refused({ recurrent: [] }, 'EMPTY');
  refused({ recurrent: [...net.recurrent, ...net.recurrent] }, 'SHAPE');
  refused({ recurrent: net.recurrent.map((layer) => ({ ...layer, bias: [1, 2, 3] })) }, 'SHAPE');
  refused({ recurrent: net.recurrent.map((layer) => ({ ...layer, weights: layer.bias })) }, 'SHAPE');
  refused({ head: wide }, 'SHAPE');
  refused({ embedding: [] }, 'SHAPE');
  refused({ embedding: [1, 2, 3, 4] }, 'SHAPE');
  refused({ embedding: [1, 2, Number.POSITIVE_INFINITY] }, 'NOT_FINITE');
});

test('what the nets give of their layers can be written', () => {
  const sample = { x: [0, 1, 2], y: 1 };
  const mlp = new Mlp({ inputs: 3, outputs: 2, hidden: [4] });
  mlp.learnOne(sample);
  assert.ok(encodeOnnxMlp(mlp.layers()).length > 0);
  const lstm = new Lstm({ inputs: 3, outputs: 2, hidden: 4 });
  lstm.learnOne(sample);
  assert.ok(encodeOnnxLstm(lstm.layers()).length > 0);
});

test('a learner in place of what it gives is refused with the advice to ask it', () => {
  const advice = (text: RegExp) => ({ code: 'USAGE', message: text });
  const mlp = new Mlp({ inputs: 3, outputs: 2, hidden: [4] });
  assert.throws(() => encodeOnnxMlp(mlp as never), advice(/`layers\(\)` of an Mlp/));
  assert.throws(() => encodeOnnxLstm(mlp as never), advice(/`layers\(\)` of an Lstm/));
  const trees = new BoostedTrees({ objective: 'reg:squarederror' });
  trees.fit({ x: matrixOf([[0], [1]]), y: [0, 1] });
  assert.throws(() => encodeOnnxTrees(trees as never), advice(/its `model`/));
  assert.ok(encodeOnnxTrees(trees.model).length > 0);
});

test('a tree model must be sound and have trees', () => {
  const shape = { objective: 'reg:squarederror', features: 2, outputs: 1, trees: 1, splitsMax: 3 } as const;
  const model = randomTrees(shape, new FastRng(4));
  assert.throws(() => encodeOnnxTrees({ ...model, trees: [] }), { code: 'EMPTY' });
  assert.throws(() => encodeOnnxTrees({ ...model, features: 0 }), { code: 'DAMAGED' });
});
