import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { LeastSquares } from './least-squares.ts';

test('finds the plane through points that lie on one, for several targets', () => {
  const rng = new FastRng(1);
  const due = [Float64Array.of(2, -3, 0.5), Float64Array.of(0, 1, 4)];
  const squares = new LeastSquares(3, 2);
  for (let i = 0; i < 10; i += 1) {
    const z = Float64Array.of(1, rng.normal(), rng.normal());
    const answers = due.map((b) => b.reduce((sum, value, j) => sum + value * (z[j] as number), 0));
    squares.add(z, answers, rng.next());
  }
  for (const [target, found] of squares.solve([0, 0, 0]).entries()) {
    for (const [j, value] of found.entries())
      assert.ok(Math.abs(value - (due[target]?.[j] as number)) < 1e-10);
  }
});

test('at the solution the gradient of what is minimised is zero', () => {
  const rng = new FastRng(2);
  const ridge = [0, 2, 0.5];
  const samples = Array.from({ length: 20 }, () => ({
    z: Float64Array.from({ length: 3 }, () => rng.normal()),
    y: rng.normal(),
    weight: rng.next(),
  }));
  const squares = new LeastSquares(3, 1);
  for (const { z, y, weight } of samples) squares.add(z, [y], weight);
  const [b] = squares.solve(ridge) as [Float64Array];
  for (let j = 0; j < 3; j += 1) {
    const slope = samples.reduce(
      (sum, { z, y, weight }) => {
        const told = z.reduce((all, value, k) => all + value * (b[k] as number), 0);
        return sum - weight * (y - told) * (z[j] as number);
      },
      (ridge[j] as number) * (b[j] as number),
    );
    assert.ok(Math.abs(slope) < 1e-10);
  }
});

test('samples that do not determine the answer are refused, and a ridge determines it', () => {
  const squares = new LeastSquares(2, 1);
  squares.add([1, 2], [3], 1);
  squares.add([2, 4], [6], 1);
  assert.throws(() => squares.solve([0, 0]), { code: 'USAGE' });
  const [b] = squares.solve([1e-6, 1e-6]) as [Float64Array];
  assert.ok(Math.abs((b[0] as number) + 2 * (b[1] as number) - 3) < 1e-5);
});
