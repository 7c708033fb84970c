import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { constantLearner, constantModel } from '../testing/models.ts';
import { goldenOf, recordGolden, warmUp } from './golden.ts';
import { nativeRunner } from './native.ts';
import type { Runner } from './runner.ts';

const runner = nativeRunner(constantModel(2));

const goldenFrom = (value: unknown): ReturnType<typeof goldenOf> =>
  goldenOf(constantModel(2, { 'golden.json': Buffer.from(JSON.stringify(value)) }));

test('what was recorded is answered: the version may serve', async () => {
  const learner = constantLearner(2);
  const file = recordGolden((x) => learner.predict(x), [[1, 2], Float64Array.of(3, Number.MIN_VALUE)]);
  const golden = goldenOf(constantModel(2, { 'golden.json': file }));
  assert.deepEqual(golden, {
    tolerance: 1e-6,
    cases: [
      { input: [1, 2], output: [2] },
      { input: [3, Number.MIN_VALUE], output: [2] },
    ],
  });
  await warmUp(runner, golden);
  await warmUp(runner, null);
});

test('an answer that differs by more than the tolerance is refused, whatever its size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 1e-9, max: 0.5, noNaN: true }),
      fc.double({ min: -4, max: 4, noNaN: true }),
      async (tolerance, off) => {
        const golden = goldenFrom({ tolerance, cases: [{ input: [0, 0], output: [2 + off] }] });
        const isNear = Math.abs(2 - (2 + off)) <= tolerance * Math.max(1, Math.abs(2 + off));
        if (isNear) await warmUp(runner, golden);
        else await assert.rejects(warmUp(runner, golden), { code: 'REFUSED', message: /recorded input 0/ });
      },
    ),
  );
});

test('the tolerance is a part of values above 1, and absolute below', async () => {
  const off = (output: number) =>
    goldenFrom({ tolerance: 0.1, cases: [{ input: [0, 0], output: [output] }] });
  await warmUp(runner, off(2.15));
  await assert.rejects(warmUp(runner, off(1.8)), { code: 'REFUSED' });
  const half = nativeRunner(constantModel(0.5));
  await warmUp(half, off(0.58));
  await assert.rejects(warmUp(half, off(0.39)), { code: 'REFUSED' });
});

test('answers of another length, or none that is finite, are refused; rows that do not fit too', async () => {
  const golden = (input: number[], output: number[]) =>
    goldenFrom({ tolerance: 1, cases: [{ input, output }] });
  await assert.rejects(warmUp(runner, golden([0, 0], [2, 2])), { code: 'REFUSED' });
  await assert.rejects(warmUp(runner, golden([0], [2])), { code: 'SHAPE' });
  const broken: Runner = { ...runner, run: () => Float64Array.of(Number.NaN) };
  await assert.rejects(warmUp(broken, null), { code: 'NOT_FINITE' });
});

test('a file that holds no recorded answers is refused', () => {
  assert.equal(goldenOf(constantModel(2)), null);
  const one = { input: [1, 2], output: [2] };
  for (const value of [
    null,
    7,
    {},
    { tolerance: -1, cases: [one] },
    { tolerance: 'x', cases: [one] },
    { tolerance: 0, cases: [] },
    { tolerance: 0, cases: [null] },
    { tolerance: 0, cases: [{ input: [], output: [1] }] },
    { tolerance: 0, cases: [{ input: [1, '2'], output: [1] }] },
    { tolerance: 0, cases: Array.from({ length: 257 }, () => one) },
  ]) {
    assert.throws(() => goldenFrom(value), { code: 'DAMAGED' }, JSON.stringify(value)?.slice(0, 80));
  }
  assert.throws(() => goldenOf(constantModel(2, { 'golden.json': Buffer.of(0xff) })), { code: 'DAMAGED' });
  assert.throws(() => recordGolden(() => [1], []), { code: 'USAGE' });
  assert.throws(() => recordGolden(() => [Number.NaN], [[1]]), { code: 'USAGE' });
});
