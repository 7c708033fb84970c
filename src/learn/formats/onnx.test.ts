import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FastRng, sha256Hex } from '../../base/index.ts';
import { type DenseLayerDescription, encodeOnnxDense, encodeOnnxLstm } from './onnx-net.ts';
import { encodeOnnxTrees } from './onnx-trees.ts';
import { onnxCases } from './testing/onnx-cases.ts';
import { randomDense, randomLstm, randomTrees } from './testing/random-models.ts';

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
  const [first, second] = randomDense([3, 4, 2], ['relu', 'linear'], new FastRng(1)) as [
    DenseLayerDescription,
    DenseLayerDescription,
  ];
  const refused = (layers: readonly DenseLayerDescription[], code: string) =>
    assert.throws(() => encodeOnnxDense(layers), { code });
  refused([], 'EMPTY');
  refused([second, first], 'SHAPE');
  refused([{ ...first, weights: first.bias }], 'SHAPE');
  refused([{ ...first, bias: [1, 2, 3] }], 'SHAPE');
  refused([{ ...first, bias: [1, 2, Number.NaN, 4] }], 'NOT_FINITE');
  refused([{ ...first, bias: [1, 2, 1e39, 4] }], 'NOT_FINITE');
  refused([{ ...first, inputs: 0, weights: [] }], 'USAGE');
  refused([{ ...first, outputs: 2 ** 40 }], 'USAGE');
  refused([{ ...first, activation: 'toString' as 'relu' }], 'USAGE');
});

test('LSTM layers and heads that do not fit are refused', () => {
  const rng = new FastRng(2);
  const layers = randomLstm([3, 4], rng);
  const head = randomDense([4, 2], ['softmax'], rng);
  assert.ok(encodeOnnxLstm(layers, head).length > 0);
  assert.throws(() => encodeOnnxLstm([], head), { code: 'EMPTY' });
  assert.throws(() => encodeOnnxLstm(layers, []), { code: 'EMPTY' });
  assert.throws(() => encodeOnnxLstm([...layers, ...layers], head), { code: 'SHAPE' });
  assert.throws(() => encodeOnnxLstm(layers, randomDense([5, 2], ['relu'], rng)), { code: 'SHAPE' });
  assert.throws(
    () =>
      encodeOnnxLstm(
        layers.map((layer) => ({ ...layer, bias: [1] })),
        head,
      ),
    { code: 'SHAPE' },
  );
});

test('a tree model must be sound and have trees', () => {
  const shape = { objective: 'reg:squarederror', features: 2, outputs: 1, trees: 1, splitsMax: 3 } as const;
  const model = randomTrees(shape, new FastRng(4));
  assert.throws(() => encodeOnnxTrees({ ...model, trees: [] }), { code: 'EMPTY' });
  assert.throws(() => encodeOnnxTrees({ ...model, features: 0 }), { code: 'DAMAGED' });
});
