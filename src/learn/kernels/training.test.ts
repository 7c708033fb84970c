import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { float64, TrainingOracle } from './oracle/training.ts';
import { Bench, difference, kernels, oracle } from './testing/training-bench.ts';
import type { LossSlots, ParameterSlots, TrainingMaths } from './training-maths.ts';

/** The kernels and the oracle give the same bits. */
function agree(...of: Parameters<typeof difference>): void {
  assert.equal(difference(...of), '');
}

const size = fc.integer({ min: 1, max: 21 });
/** Some of the depth goes over the blocks in which products are taken. */
const shape = fc.tuple(fc.oneof(size, fc.constant(70)), size, fc.oneof(size, fc.constant(300)));
const seeds = fc.nat();
const runs = { numRuns: 40 };

function lossSlots(bench: Bench, rows: number, columns: number): LossSlots {
  const [outputs, gradient] = [bench.floats(rows * columns), bench.floats(rows * columns)];
  return { outputs, gradient, weights: bench.weights(rows), columns };
}

function block(bench: Bench, count: number): ParameterSlots {
  const [values, gradients, first] = [bench.floats(count), bench.floats(count), bench.floats(count)];
  return { count, values, gradients, first, second: bench.weights(count) };
}

test('products of every shape, plain, transposed, with a bias or added to, equal the oracle bit for bit', () => {
  const starts = fc.constantFrom('none', 'bias', 'itself');
  fc.assert(
    fc.property(seeds, shape, starts, fc.boolean(), (seed, [rows, columns, depth], start, transposed) => {
      agree(seed, (maths, bench) => {
        const [a, b] = [bench.floats(rows * depth), bench.floats(depth * columns)];
        const [c, bias] = [bench.floats(rows * columns), bench.floats(columns)];
        const strides = transposed ? { aRow: 1, aColumn: rows } : { aRow: depth, aColumn: 1 };
        const begin = {
          none: {},
          bias: { start: bias, startRow: 0 },
          itself: { start: c, startRow: columns },
        };
        const plan = { a, ...strides, b, bRow: columns, c, cRow: columns, ...begin[start] };
        maths.product(plan, rows, columns, depth);
        return undefined;
      });
    }),
    { numRuns: 150 },
  );
});

test('a product over parts of the depth, one after the other, has the bits of the whole', () => {
  agree(1, (maths, bench) => {
    const [a, b] = [bench.floats(10 * 12), bench.floats(12 * 9)];
    const [whole, parts] = [bench.floats(10 * 9), bench.floats(10 * 9)];
    const plan = { a, aRow: 12, aColumn: 1, b, bRow: 9, cRow: 9 };
    maths.product({ ...plan, c: whole }, 10, 9, 12);
    maths.product({ ...plan, c: parts }, 10, 9, 5);
    const rest = { pointer: a.pointer + 20, view: a.view.subarray(5) };
    const below = { pointer: b.pointer + 4 * 45, view: b.view.subarray(45) };
    maths.product({ ...plan, a: rest, b: below, c: parts, start: parts, startRow: 9 }, 10, 9, 7);
    assert.deepEqual([...parts.view], [...whole.view]);
    return undefined;
  });
});

test('transposes, sums of columns, gathered and scattered rows equal the oracle', () => {
  fc.assert(
    fc.property(seeds, size, size, (seed, rows, columns) => {
      agree(seed, (maths, bench) => {
        const [from, to] = [bench.floats(rows * columns), bench.floats(rows * columns)];
        const ids = bench.below(rows, 7);
        maths.transpose(from, to, rows, columns);
        maths.addColumns(from, bench.floats(columns), rows, columns);
        maths.gatherRows(from, ids, bench.floats(7 * columns), columns);
        maths.scatterRows(bench.floats(7 * columns), ids, to, columns);
        return undefined;
      });
    }),
    runs,
  );
});

test('activations, their slopes and products equal the oracle, far out and at zero too', () => {
  const kinds = fc.constantFrom('relu' as const, 'sigmoid' as const, 'tanh' as const);
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 3, max: 60 }),
      kinds,
      fc.constantFrom(2, 50, 1e6),
      (seed, count, kind, spread) => {
        agree(seed, (maths, bench) => {
          const [values, gradient] = [bench.floats(count, spread), bench.floats(count)];
          values.view.set([0, -0, 1e-30]);
          maths.activate(kind, values, count);
          maths.activateBack(kind, values, gradient, count);
          maths.multiply(values, gradient, bench.floats(count), count);
          return undefined;
        });
      },
    ),
    runs,
  );
});

test('dropout keeps its share, scales what it keeps, and goes on from its state', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      (seed, count, keep) => {
        agree(seed, (maths, bench) => {
          const [state, mask] = [bench.below(2 ** 31, 16), bench.floats(count)];
          maths.dropoutMask(state, mask, count, keep);
          maths.dropoutMask(state, mask, count, keep);
          return undefined;
        });
      },
    ),
    runs,
  );
  const bench = new Bench(kernels.memory, 5);
  const mask = bench.floats(100_000);
  kernels.dropoutMask(bench.below(2 ** 31, 16), mask, 100_000, 0.8);
  const kept = mask.view.filter((value) => value !== 0);
  assert.ok(Math.abs(kept.length - 80_000) < 800);
  assert.ok(kept.every((value) => value === 1.25));
});

test('batch norm forward and backward equals the oracle', () => {
  fc.assert(
    fc.property(seeds, size, size, fc.boolean(), (seed, rows, columns, frozen) => {
      agree(seed, (maths, bench) => {
        const matrix = () => bench.floats(rows * columns);
        const row = () => bench.floats(columns);
        const norm = {
          ...{ values: matrix(), gradient: matrix(), unit: matrix(), columns, mean: row(), scale: row() },
          ...{ variance: row(), shift: row(), scaleGradient: row(), shiftGradient: row() },
        };
        maths.columnMoments(norm, rows);
        maths.normalise(norm, rows);
        maths.normaliseBack(norm, rows, frozen);
        return undefined;
      });
    }),
    runs,
  );
});

test('the losses and their gradients equal the oracle', () => {
  const scales = fc.constantFrom(1, 0.25, 1 / 3);
  fc.assert(
    fc.property(seeds, size, fc.integer({ min: 1, max: 40 }), scales, (seed, rows, columns, scale) => {
      agree(seed, (maths, bench) => {
        const slots = lossSlots(bench, rows, columns);
        return maths.crossEntropy(
          { ...slots, labels: bench.below(columns, rows), parts: bench.floats(2 * rows) },
          rows,
          scale,
        );
      });
      agree(seed, (maths, bench) => {
        const targets = bench.floats(rows * columns);
        const slots = { ...lossSlots(bench, rows, columns), targets, parts: bench.floats(2 * rows) };
        return maths.expectedCost(slots, rows, scale, 0.3);
      });
      for (const delta of [0.1, 1, Number.POSITIVE_INFINITY]) {
        agree(seed, (maths, bench) => {
          const slots = { ...lossSlots(bench, rows, columns), targets: bench.floats(rows * columns) };
          return maths.robustError(slots, rows, scale, delta);
        });
      }
    }),
    runs,
  );
});

test('cross-entropy of logits a thousand apart is finite and exact', () => {
  const bench = new Bench(kernels.memory, 1);
  const slots = lossSlots(bench, 1, 3);
  slots.outputs.view.set([1000, 0, -1000]);
  slots.weights.view[0] = 1;
  const labels = bench.below(1, 1);
  labels.view[0] = 2;
  assert.equal(kernels.crossEntropy({ ...slots, labels, parts: bench.floats(2) }, 1, 1), 2000);
  assert.deepEqual(
    [...slots.gradient.view].map((value) => Math.round(value * 1e6) / 1e6),
    [1, 0, -1],
  );
});

test('an LSTM step forward and backward equals the oracle', () => {
  fc.assert(
    fc.property(seeds, size, size, (seed, rows, hidden) => {
      agree(seed, (maths, bench) => {
        const state = () => bench.floats(rows * hidden);
        const cell = {
          ...{ hidden, gates: bench.floats(4 * rows * hidden), before: state(), cell: state() },
          ...{ bent: state(), out: state(), outGradient: state(), cellGradient: state() },
        };
        maths.cellForward(cell, rows);
        maths.cellBack(cell, rows);
        return undefined;
      });
    }),
    runs,
  );
});

test('steps of Adam and SGD, and the length of a gradient, equal the oracle', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 12 }), (seed, fours) => {
      agree(seed, (maths, bench) => {
        const parameters = block(bench, 4 * fours);
        const beta = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        maths.adam(parameters, { scale: 0.3, ridge: 1e-4, keep: 0.999, ...beta, step: 0.01, lift: 3 });
        maths.sgd(parameters, { scale: 0.3, ridge: 1e-4, momentum: 0.9, rate: 0.01 });
        return maths.sumSquares(parameters.gradients, 4 * fours);
      });
    }),
    runs,
  );
});

test('the same formulas in float64 lie within float32 rounding', () => {
  const exact = new TrainingOracle(float64);
  const [near, far] = [new Bench(oracle.memory, 3), new Bench(exact.memory, 3)];
  const forward = (maths: TrainingMaths, bench: Bench) => {
    const state = () => bench.floats(8);
    const slots = {
      hidden: 4,
      gates: bench.floats(32),
      before: state(),
      cell: state(),
      bent: state(),
      out: state(),
    };
    maths.cellForward({ ...slots, outGradient: state(), cellGradient: state() }, 2);
    return slots.out.view;
  };
  const expected = forward(exact, far);
  forward(oracle, near).forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] as number)) < 1e-6);
  });
});
