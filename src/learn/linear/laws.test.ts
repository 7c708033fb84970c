import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, FastRng, hasCode, PilotfishError } from '../../base/index.ts';
import type {
  Batch,
  Fits,
  Learner,
  LearnsOne,
  Predicts,
  Snapshot,
  StreamSample,
  Tensor,
} from '../contract/index.ts';
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  OnlineScaler,
  SoftmaxRegression,
} from './index.ts';

const features = 3;

type Student = Learner & Predicts & LearnsOne<StreamSample> & Fits<unknown>;
type Kind = { make: () => Student; restore: (snapshot: Snapshot) => Student; classes: number };

const grace = { gracePeriod: 20, delta: 0.1, maxLeaves: 8 };
const kinds: { [name: string]: Kind } = {
  logistic: {
    make: () => new LogisticRegression({ features, l2: 0.01, rate: { kind: 'optimal', rate: 0.1 } }),
    restore: LogisticRegression.restore,
    classes: 2,
  },
  softmax: {
    make: () => new SoftmaxRegression({ features, classes: 3, rate: 0.1 }),
    restore: SoftmaxRegression.restore,
    classes: 3,
  },
  linear: {
    make: () =>
      new LinearRegression({ features, rate: { kind: 'inverse-scaling', rate: 0.05, power: 0.5 }, seed: 7 }),
    restore: LinearRegression.restore,
    classes: 0,
  },
  unscaled: {
    make: () => new LinearRegression({ features, scale: false, rate: 0.001 }),
    restore: LinearRegression.restore,
    classes: 0,
  },
  'naive Bayes': {
    make: () => new NaiveBayes({ features, classes: 3, priorWeight: 2 }),
    restore: NaiveBayes.restore,
    classes: 3,
  },
  'Hoeffding tree': {
    make: () => new HoeffdingTree({ features, classes: 3, ...grace }),
    restore: HoeffdingTree.restore,
    classes: 3,
  },
};

/** Three bands of the first feature, with a value that grows along them. */
function samples(count: number, classes: number, seed: number): StreamSample[] {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => {
    const x = Float64Array.from({ length: features }, () => rng.normal());
    const first = x[0] as number;
    const band = first < -0.5 ? 0 : first < 0.5 ? 1 : 2;
    const y = classes === 0 ? 3 * first + 1 : Math.min(classes - 1, band);
    return { x, y, weight: 0.5 + rng.next() };
  });
}

function batchOf(rows: readonly StreamSample[]): Batch {
  const data = Float64Array.from(rows.flatMap(({ x }) => Array.from(x)));
  return { x: { rows: rows.length, columns: features, data }, y: rows.map(({ y }) => y) };
}

const coded =
  (...codes: ErrorCode[]) =>
  (error: unknown) => {
    assert.ok(hasCode(error, ...codes), `not ${codes.join(' or ')}: ${String(error)}`);
    return true;
  };

for (const [name, { make, restore, classes }] of Object.entries(kinds)) {
  test(`${name}: a restored snapshot goes on exactly`, () => {
    const student = make();
    for (const sample of samples(150, classes, 1)) student.learnOne(sample);
    const taken = student.snapshot();
    const again = restore(structuredClone(taken));
    assert.deepEqual(again.snapshot(), taken);
    for (const sample of samples(150, classes, 2)) {
      assert.deepEqual(again.predict(sample.x).slice(), student.predict(sample.x).slice());
      student.learnOne(sample);
      again.learnOne(sample);
    }
    assert.deepEqual(again.snapshot(), student.snapshot());
    assert.notDeepEqual(student.snapshot(), taken, 'the snapshot shares memory with its learner');
  });

  test(`${name}: fit starts anew, repeats itself and leaves its input as it was`, () => {
    const batch = batchOf(samples(200, classes, 3));
    const before = structuredClone(batch);
    const [fresh, used] = [make(), make()];
    for (const sample of samples(50, classes, 4)) used.learnOne(sample);
    const report = fresh.fit(batch);
    assert.deepEqual(used.fit(batch), report);
    assert.deepEqual(used.snapshot(), fresh.snapshot());
    assert.deepEqual(batch, before);
  });

  test(`${name}: learns what there is to learn`, () => {
    const student = make();
    for (const sample of samples(1500, classes, 5)) student.learnOne(sample);
    let [own, base] = [0, 0];
    for (const { x, y } of samples(300, classes, 6)) {
      const answer = student.predict(x);
      if (classes === 0) {
        own += Math.abs((answer[0] as number) - y);
        base += Math.abs(1 - y);
      } else {
        own += 1 - (answer[y] as number);
        base += 1 - 1 / classes;
        assert.ok(Math.abs(answer.reduce((sum, value) => sum + value) - 1) < 1e-12);
      }
    }
    assert.ok(own < base / 2, `${own} lost, ${base} by knowing nothing`);
  });

  test(`${name}: bad samples are refused and change nothing`, () => {
    const student = make();
    for (const sample of samples(40, classes, 8)) student.learnOne(sample);
    const before = student.snapshot();
    const x = [1, 2, 3];
    const refused: [StreamSample, ErrorCode][] = [
      [{ x: [1, 2], y: 0 }, 'SHAPE'],
      [{ x: [1, Number.NaN, 3], y: 0 }, 'NOT_FINITE'],
      [{ x: [1, Number.NEGATIVE_INFINITY, 3], y: 0 }, 'NOT_FINITE'],
      [{ x: [1, 1e61, 3], y: 0 }, 'LIMIT'],
      [{ x, y: Number.NaN }, classes === 0 ? 'NOT_FINITE' : 'USAGE'],
      [{ x, y: 0, weight: -1 }, 'USAGE'],
      [{ x, y: 0, weight: Number.NaN }, 'USAGE'],
      [{ x, y: 0, weight: 1e-300 }, 'USAGE'],
      ...(classes === 0 ? [] : [-1, 0.5, classes].map((y): [StreamSample, ErrorCode] => [{ x, y }, 'USAGE'])),
    ];
    for (const [sample, expected] of refused) {
      assert.throws(() => student.learnOne(sample), coded(expected));
    }
    const one = batchOf(samples(1, classes, 9));
    assert.throws(() => student.fit({ ...one, weights: [-1] }), coded('USAGE', 'ONE_CLASS'));
    assert.throws(() => student.predict([1, 2]), coded('SHAPE'));
    assert.throws(() => student.predict([1, 2, Number.NaN]), coded('NOT_FINITE'));
    assert.throws(() => student.fit({ ...batchOf(samples(5, classes, 9)), y: [1] }), coded('SHAPE'));
    assert.throws(() => student.fit(batchOf([])), coded('EMPTY'));
    const flat = batchOf(samples(9, classes, 9).map(({ x, y }) => ({ x: [x[0] ?? 0, x[1] ?? 0, 4], y })));
    assert.throws(() => student.fit(flat), coded('CONSTANT_FEATURE'));
    if (classes > 0) {
      const same = { ...batchOf(samples(3, classes, 9)), y: [1, 1, 1] };
      assert.throws(() => student.fit(same), coded('ONE_CLASS'));
    }
    assert.deepEqual(student.snapshot(), before);
  });

  test(`${name}: no stream of legal samples leads out of the finite numbers`, () => {
    const wild = fc.oneof(
      fc.constantFrom(0, 1e60, -1e60, 1e-60, 5e-324),
      fc.double({ min: -1e60, max: 1e60, noNaN: true }),
    );
    const row = fc.tuple(fc.array(wild, { minLength: features, maxLength: features }), wild, fc.nat(2));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const student = make();
        for (const [x, value, label] of rows) {
          assert.ok(student.predict(x).every(Number.isFinite));
          student.learnOne({ x, y: classes === 0 ? value : Math.min(label, classes - 1), weight: 1e9 });
        }
        restore(student.snapshot());
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: a damaged snapshot is refused, or makes a learner that works`, () => {
    const student = make();
    for (const sample of samples(200, classes, 10)) student.learnOne(sample);
    const good = student.snapshot();
    assert.throws(() => restore({ ...good, kind: 'else' }), coded('DAMAGED'));
    assert.throws(() => restore({ ...good, version: 2 }), coded('NEWER_VERSION'));
    const bad = fc.constantFrom<unknown>(null, -1, 0.5, 1e12, 2 ** 24, 1e308, 'x', [], {}, true);
    const numbers = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1e308, 7, 1.5);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), bad, numbers, (which, place, value, number) => {
        const hurt = structuredClone(good) as unknown as {
          config: { [key: string]: unknown };
          tensors: { [name: string]: Tensor };
        };
        const names = Object.keys(hurt.config);
        hurt.config[names[which % names.length] as string] = value;
        attempt(hurt as unknown as Snapshot);
        const hurtTensors = structuredClone(good);
        const tensors = Object.values(hurtTensors.tensors);
        const { data } = tensors[which % tensors.length] as Tensor;
        data[place % data.length] = number;
        attempt(hurtTensors);
      }),
      { numRuns: 200 },
    );
    for (const missing of Object.keys(good.tensors)) {
      const { [missing]: _, ...tensors } = good.tensors;
      assert.throws(() => restore({ ...good, tensors }), coded('DAMAGED'));
    }
    function attempt(snapshot: Snapshot): void {
      let restored: Student;
      try {
        restored = restore(snapshot);
      } catch (error) {
        assert.ok(error instanceof PilotfishError, String(error));
        return;
      }
      for (const sample of samples(30, classes, 11)) {
        restored.predict(sample.x);
        restored.learnOne(sample);
      }
    }
  });
}

test('options out of range are refused', () => {
  const options: (() => unknown)[] = [
    () => new LogisticRegression({ features: 0 }),
    () => new LogisticRegression({ features: 2, rate: -1 }),
    () => new LogisticRegression({ features: 2, rate: Number.NaN }),
    () => new LogisticRegression({ features: 2, l2: -1 }),
    () => new LogisticRegression({ features: 2, l2: 200 }),
    () => new LogisticRegression({ features: 2, seed: 0.5 }),
    () => new LogisticRegression({ features: 2, rate: { kind: 'optimal', rate: 1 } }),
    () => new LogisticRegression({ features: 2, rate: { kind: 'inverse-scaling', rate: 1, power: -1 } }),
    () => new LogisticRegression({ features: 2, rate: { kind: 'wave', rate: 1 } as never }),
    () => new SoftmaxRegression({ features: 2, classes: 1 }),
    () => new NaiveBayes({ features: 2, classes: 2, priorWeight: 0 }),
    () => new HoeffdingTree({ features: 2, classes: 2, delta: 0 }),
    () => new HoeffdingTree({ features: 2, classes: 2, gracePeriod: 0 }),
    () => new HoeffdingTree({ features: 2, classes: 2, criterion: 'luck' as never }),
    () => new HoeffdingTree({ features: 2, classes: 2, leafPrediction: 'luck' as never }),
    () => new OnlineScaler(1.5),
  ];
  for (const make of options) assert.throws(make, coded('USAGE'));
  assert.throws(() => new HoeffdingTree({ features: 1000, classes: 100 }), coded('LIMIT'));
  assert.throws(() => new SoftmaxRegression({ features: 2 ** 20, classes: 99 }), coded('LIMIT'));
});
