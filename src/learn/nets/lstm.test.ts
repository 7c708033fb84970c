import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, FastRng, hasCode } from '../../base/index.ts';
import type { Json, Snapshot } from '../contract/index.ts';
import { type FitOptions, Lstm, type LstmOptions, type NetBatch } from './index.ts';
import { accuracy, firstSign } from './testing/problems.ts';

const ADAM: FitOptions = { epochs: 30, optimizer: { kind: 'adam', rate: 0.02 }, clipNorm: 1 };
const signs: LstmOptions = { inputs: 1, hidden: 8, outputs: 2, seed: 1 };

const throwsCode = (run: () => unknown, code: ErrorCode) =>
  assert.throws(run, (error) => hasCode(error, code));

test('it remembers the first value of a sequence over nine more', () => {
  for (const layers of [1, 2] as const) {
    const lstm = new Lstm({ ...signs, layers, dropout: layers === 2 ? 0.1 : 0 });
    lstm.fit(firstSign(500, 10, 1), ADAM);
    const share = accuracy(firstSign(300, 10, 2), (row) => lstm.predict(row));
    assert.ok(share > 0.93, `${share} with ${layers} layers, 0.5 without memory`);
  }
});

/** At every step the value before it: what no net without memory knows. */
function delayed(
  rows: number,
  steps: number,
  seed: number,
): NetBatch & { readonly targets: { data: Float64Array } } {
  const rng = new FastRng(seed);
  const data = Float64Array.from({ length: rows * steps }, () => 2 * rng.next() - 1);
  const before = data.map((_, i) => (i % steps === 0 ? 0 : (data[i - 1] as number)));
  const x = { rows, columns: steps, data };
  return { x, targets: { ...x, data: before } };
}

test('with a target at every step it answers at every step', () => {
  const lstm = new Lstm({ ...signs, hidden: 12, outputs: 1, targets: 'every', loss: { kind: 'mse' } });
  lstm.fit(delayed(400, 8, 1), ADAM);
  const { x, targets } = delayed(1, 100, 2);
  let squares = 0;
  x.data.forEach((value, i) => {
    lstm.step([value]);
    squares += ((lstm.answer()[0] as number) - (targets.data[i] as number)) ** 2 / x.columns;
  });
  assert.ok(squares < 0.02, `${squares}; 0.33 for always 0`);
});

// After 0 1 comes 2, after 3 1 comes 4: one id before does not tell.
const CYCLE = [0, 1, 2, 3, 1, 4];

function cycles(rows: number, steps: number): NetBatch & { readonly y: number[] } {
  const data = Float64Array.from({ length: rows * steps }, (_, i) => {
    return CYCLE[(Math.floor(i / steps) + (i % steps)) % CYCLE.length] as number;
  });
  const y = Array.from({ length: rows }, (_, row) => CYCLE[(row + steps) % CYCLE.length] as number);
  return { x: { rows, columns: steps, data }, y };
}

test('of ids it learns which comes next: among all, the highest, and among candidates', () => {
  const lstm = new Lstm({
    inputs: { vocabulary: 5, width: 4 },
    hidden: 12,
    outputs: 5,
    top: 3,
    candidates: 3,
  });
  lstm.fit(cycles(60, 6), ADAM);
  for (let start = 0; start < CYCLE.length; start += 1) {
    const sequence = Array.from({ length: 6 }, (_, i) => CYCLE[(start + i) % CYCLE.length] as number);
    const next = CYCLE[start % CYCLE.length] as number;
    const all = Array.from(lstm.predict(sequence));
    assert.ok((all[next] as number) > 0.9, `${all} after ${sequence}`);
    assert.equal(lstm.predictTop(sequence)[0], next);
    assert.equal(lstm.predictTop(sequence).length, 3);
    const other = (next + 1) % 5;
    const among = Array.from(lstm.predictAmong(sequence, [other, next]));
    const total = (all[other] as number) + (all[next] as number);
    assert.ok(Math.abs((among[1] as number) - (all[next] as number) / total) < 1e-5);
    assert.ok(Math.abs((among[0] as number) + (among[1] as number) - 1) < 1e-12);
  }
  throwsCode(() => lstm.predict([5]), 'USAGE');
  throwsCode(() => lstm.predict([0.5]), 'USAGE');
  throwsCode(() => lstm.predictAmong([0], [5]), 'USAGE');
  throwsCode(() => lstm.predictAmong([0], [0, 1, 2, 3]), 'SHAPE');
  throwsCode(() => lstm.predictAmong([0], []), 'SHAPE');
});

test('step by step it answers as for the whole sequence, and other questions do not disturb it', () => {
  const lstm = new Lstm({ ...signs, inputs: 3, layers: 2, candidates: 2 });
  const rng = new FastRng(1);
  const x = { rows: 20, columns: 12, data: Float64Array.from({ length: 240 }, () => rng.normal()) };
  lstm.fit({ x, y: Array.from({ length: 20 }, (_, i) => i % 2) }, { epochs: 2 });
  for (let run = 0; run < 2; run += 1) {
    lstm.reset();
    for (let step = 0; step < 4; step += 1) {
      lstm.step(x.data.subarray(3 * step, 3 * step + 3));
      const running = Array.from(lstm.answer());
      assert.deepEqual(Array.from(lstm.predict(x.data.subarray(0, 3 * step + 3))), running);
      lstm.predict(x.data.subarray(30, 60));
      assert.deepEqual(Array.from(lstm.answer()), running);
      assert.deepEqual(
        Array.from(lstm.answerAmong([1, 0])),
        Array.from(lstm.predictAmong(x.data.subarray(0, 3 * step + 3), [1, 0])),
      );
      assert.equal(lstm.answerTop()[0], running.indexOf(Math.max(...running)));
    }
  }
});

test('training and answering calculate alike: the answers have the loss that training reported', () => {
  const held = firstSign(40, 6, 2);
  const lstm = new Lstm({ ...signs, layers: 2, dropout: 0.2 });
  const { epochs, bestEpoch } = lstm.fit(firstSign(100, 6, 1), { epochs: 2, validation: held });
  let loss = 0;
  held.y.forEach((label, row) => {
    loss -= Math.log(lstm.predict(held.x.data.subarray(6 * row, 6 * row + 6))[label] as number) / 40;
  });
  assert.ok(Math.abs(loss - (epochs[bestEpoch]?.validationLoss as number)) < 1e-5);
});

test('sequence by sequence it learns too, of any length', () => {
  const lstm = new Lstm({ ...signs, online: { rate: 0.2 } });
  const rng = new FastRng(3);
  for (let i = 0; i < 4000; i += 1) {
    const x = Array.from({ length: i < 2000 ? 2 : 3 }, () => rng.normal());
    lstm.learnOne({ x, y: (x[0] as number) > 0 ? 1 : 0 });
  }
  assert.ok(accuracy(firstSign(300, 3, 2), (row) => lstm.predict(row)) > 0.85);
  const before = lstm.snapshot();
  throwsCode(() => lstm.learnOne({ x: [], y: 0 }), 'SHAPE');
  throwsCode(() => lstm.learnOne({ x: [Number.NaN], y: 0 }), 'NOT_FINITE');
  throwsCode(() => lstm.learnOne({ x: [1], y: 7 }), 'USAGE');
  assert.deepEqual(lstm.snapshot(), before);
});

test('a restored net answers and learns on like the first', () => {
  const lstm = new Lstm({ ...signs, inputs: { vocabulary: 5, width: 3 }, outputs: 5 });
  throwsCode(() => lstm.predict([1]), 'UNTRAINED');
  throwsCode(() => lstm.reset(), 'UNTRAINED');
  lstm.fit(cycles(12, 4), { epochs: 2 });
  const twin = Lstm.restore(structuredClone(lstm.snapshot()));
  assert.deepEqual(twin.snapshot(), lstm.snapshot());
  for (const net of [lstm, twin]) net.learnOne({ x: [1, 2, 3], y: 1 });
  assert.deepEqual(twin.predict([0, 1]), lstm.predict([0, 1]));
  assert.deepEqual(twin.layers(), lstm.layers());
});

test('a snapshot that is none is refused, whatever stands in it', () => {
  const good = new Lstm({ ...signs, hidden: 2, layers: 2 }).snapshot();
  const keys = [...Object.keys(good.config), ...Object.keys(good.tensors)];
  const odd = fc.oneof(fc.jsonValue() as fc.Arbitrary<Json>, fc.integer(), fc.constant(1e9));
  fc.assert(
    fc.property(fc.constantFrom(...keys), odd, (key, value) => {
      const config = Object.hasOwn(good.config, key) ? { ...good.config, [key]: value } : good.config;
      const tensors = Object.hasOwn(good.tensors, key)
        ? { ...good.tensors, [key]: { shape: [1e9], data: new Float32Array(3) } }
        : good.tensors;
      try {
        Lstm.restore({ ...good, config, tensors } as Snapshot).learnOne({ x: [0, 1], y: 1 });
      } catch (error) {
        assert.ok(hasCode(error, 'DAMAGED'), `${error}`);
      }
    }),
    { numRuns: 200 },
  );
});

test('bad batches, options and questions are refused', () => {
  const { x, y } = firstSign(20, 4, 1);
  const lstm = new Lstm({ ...signs, inputs: 2 });
  const cases: readonly [ErrorCode, NetBatch, FitOptions?][] = [
    ['SHAPE', { x: { rows: 16, columns: 5, data: x.data }, y: y.subarray(0, 16) }],
    ['SHAPE', { x, y: y.subarray(1) }],
    ['ONE_CLASS', { x, y: y.map(() => 1) }],
    ['CONSTANT_FEATURE', { x: { ...x, data: x.data.map((value, i) => (i % 2 === 0 ? 3 : value)) }, y }],
    ['NOT_FINITE', { x: { ...x, data: x.data.map((value, i) => (i === 3 ? Number.NaN : value)) }, y }],
    ['SHAPE', { x, y }, { validation: firstSign(20, 6, 1) }],
    ['USAGE', { x, y }, { batchSize: 0 }],
    ['USAGE', { x, y }, { patience: 3 }],
    ['USAGE', undefined as never],
    ['USAGE', { x } as never],
  ];
  for (const [code, batch, options] of cases) throwsCode(() => lstm.fit(batch, options), code);
  throwsCode(() => lstm.predict(x.data), 'UNTRAINED');
  throwsCode(() => lstm.layers(), 'UNTRAINED');
  lstm.fit({ x, y }, { epochs: 1 });
  throwsCode(() => lstm.predict([1, 2, 3]), 'SHAPE');
  throwsCode(() => lstm.step([1]), 'SHAPE');
  throwsCode(() => lstm.step([1, Number.NaN]), 'NOT_FINITE');
  const value = new Lstm({ ...signs, outputs: 1, loss: { kind: 'mse' }, output: 'sigmoid' });
  value.fit({ x, y }, { epochs: 1 });
  assert.ok((value.predict([3])[0] as number) < 1);
  throwsCode(() => value.predictTop([1]), 'USAGE');
  throwsCode(() => value.answerAmong([0]), 'USAGE');
});

test('ids that come in after the check, by augment or by a change of the batch, are refused', () => {
  const create = () => new Lstm({ ...signs, inputs: { vocabulary: 5, width: 3 }, hidden: 2, outputs: 5 });
  const lstm = create();
  for (const id of [5, -1, 2 ** 19, 0.5, Number.NaN]) {
    const augment = (row: Float32Array) => {
      row[2] = id;
    };
    throwsCode(() => lstm.fit(cycles(12, 4), { epochs: 1, augment }), 'USAGE');
  }
  assert.deepEqual(lstm.snapshot(), create().snapshot());
  const spoil: readonly ((batch: ReturnType<typeof cycles>) => void)[] = [
    ({ x }) => x.data.fill(1e8),
    ({ y }) => y.fill(5),
    ({ y }) => y.fill(-1),
  ];
  for (const change of spoil) {
    const batch = cycles(12, 4);
    const trainer = lstm.trainer(batch, { validation: cycles(6, 4) });
    trainer.epoch();
    change(batch);
    throwsCode(() => trainer.epoch(), 'USAGE');
    assert.equal(trainer.finish().bestEpoch, 0);
  }
});

test('sequences of more steps than can be kept are refused before anything is built', () => {
  const lstm = new Lstm({ ...signs, hidden: 1 });
  const x = { rows: 2, columns: 65_537, data: Float32Array.from({ length: 131_074 }, (_, i) => i % 7) };
  throwsCode(() => lstm.fit({ x, y: [0, 1] }), 'LIMIT');
  throwsCode(() => lstm.learnOne({ x: x.data, y: 1 }), 'LIMIT');
  const pairs = new Lstm({ ...signs, inputs: 2, hidden: 1 });
  throwsCode(() => pairs.learnOne({ x: x.data.subarray(0, 131_073), y: 1 }), 'LIMIT');
});

test('topologies that cannot be are refused', () => {
  const codes: readonly [ErrorCode, Partial<LstmOptions>][] = [
    ['USAGE', { inputs: 0 }],
    ['USAGE', { hidden: 1025 }],
    ['USAGE', { hidden: [64] as never }],
    ['USAGE', { layers: 3 as never }],
    ['USAGE', { targets: 'first' as never }],
    ['USAGE', { dropout: 0.95 }],
    ['USAGE', { output: 'sigmoid' }],
    ['USAGE', { seed: -1 }],
    ['LIMIT', { inputs: { vocabulary: 2 ** 20, width: 100 } }],
  ];
  for (const [code, options] of codes) throwsCode(() => new Lstm({ ...signs, ...options }), code);
});
