// Bad input that every supervised learner refuses alike.
import type { Batch, Matrix, StreamSample } from '../../../src/learn/index.ts';
import type { Refusal } from './suite.ts';

type Asked = { predict(x: ArrayLike<number>): unknown };
type Streamed = { learnOne(sample: StreamSample): unknown };
type Fitted = { fit(batch: Batch): unknown };

/** A row for each entry: what the learner takes is one of `features` finite values. */
const badRows = (features: number) =>
  [
    ['a row that is too short', 'SHAPE', new Array(features - 1).fill(0)],
    ['a row that is too long', 'SHAPE', new Array(features + 1).fill(0)],
    ['an infinity', 'NOT_FINITE', [...new Array(features - 1).fill(0), Number.NEGATIVE_INFINITY]],
  ] as const;

/** Questions that no learner of `features` values answers. `missing`: NaN is a value to it. */
export function badQuestions(features: number, missing = false): Refusal<Asked>[] {
  const rows = badRows(features).map(([what, code, x]) => ({
    what: `a question with ${what}`,
    code,
    act: (learner: Asked) => learner.predict(x),
  }));
  const notANumber = {
    what: 'a question with NaN',
    code: 'NOT_FINITE',
    act: (learner: Asked) => learner.predict(new Float64Array(features).fill(Number.NaN)),
  } as const;
  return missing ? rows : [...rows, notANumber];
}

/** Single samples that cannot be learnt from: `classes` 0 stands for values. */
export function badSamples(features: number, classes: number): Refusal<Streamed>[] {
  const x = new Array(features).fill(0.5);
  const rows = [...badRows(features), ['NaN', 'NOT_FINITE', x.with(0, Number.NaN)] as const];
  const targets: (readonly [what: string, code: 'USAGE' | 'NOT_FINITE', y: number])[] =
    classes === 0
      ? [['a target that is NaN', 'NOT_FINITE', Number.NaN]]
      : [
          ['a class too many', 'USAGE', classes],
          ['half a class', 'USAGE', 0.5],
          ['a class below 0', 'USAGE', -1],
        ];
  return [
    ...rows.map(([what, code, row]) => ({
      what: `a sample with ${what}`,
      code,
      act: (learner: Streamed) => learner.learnOne({ x: row, y: 0 }),
    })),
    ...targets.map(([what, code, y]) => ({
      what: `a sample with ${what}`,
      code,
      act: (learner: Streamed) => learner.learnOne({ x, y }),
    })),
    {
      what: 'a sample of negative weight',
      code: 'USAGE',
      act: (learner) => learner.learnOne({ x, y: 0, weight: -1 }),
    },
  ];
}

/** Sets that cannot be learnt from. `good` is one that can; at least three rows, two features. */
export function badBatches(good: Batch, { classes = 0, missing = false }): Refusal<Fitted>[] {
  const { x, y } = good;
  const values = (change: (values: Float64Array) => void): Matrix => {
    const data = Float64Array.from(x.data);
    change(data);
    return { ...x, data };
  };
  const constant = values((data) => {
    for (let at = 0; at < data.length; at += x.columns) data[at] = 1;
  });
  const infinite = values((data) => data.fill(Number.POSITIVE_INFINITY, 0, 1));
  const notANumber = values((data) => data.fill(Number.NaN, 1, 2));
  const bad: (readonly [what: string, code: Refusal<Fitted>['code'], batch: Batch])[] = [
    ['nothing', 'EMPTY', { x: { rows: 0, columns: x.columns, data: new Float64Array(0) }, y: [] }],
    ['fewer values than its rows need', 'SHAPE', { x: { ...x, data: x.data.slice(1) }, y }],
    ['more rows than memory', 'LIMIT', { x: { ...x, rows: 2 ** 40 }, y }],
    ['a target too few', 'SHAPE', { x, y: Array.from(y).slice(1) }],
    ['an infinity', 'NOT_FINITE', { x: infinite, y }],
    ['a constant feature', 'CONSTANT_FEATURE', { x: constant, y }],
    ['weights that are all 0', 'USAGE', { x, y, weights: new Float64Array(y.length) }],
    ['a weight too few', 'SHAPE', { x, y, weights: new Float64Array(y.length - 1).fill(1) }],
    ...(missing ? [] : [['a value that is NaN', 'NOT_FINITE', { x: notANumber, y }] as const]),
    ...(classes === 0
      ? [['a target that is NaN', 'NOT_FINITE', { x, y: Array.from(y).with(1, Number.NaN) }] as const]
      : [
          ['one class only', 'ONE_CLASS', { x, y: new Uint8Array(y.length) }] as const,
          ['a class too many', 'USAGE', { x, y: Array.from(y).with(1, classes) }] as const,
        ]),
  ];
  return bad.map(([what, code, batch]) => ({
    what: `a set with ${what}`,
    code,
    act: (learner: Fitted) => learner.fit(batch),
  }));
}
