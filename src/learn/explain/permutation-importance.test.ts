import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { type PermutationQuery, permutationImportance } from './permutation-importance.ts';

const ROWS = 400;
const rng = new FastRng(3);
const data = Float64Array.from({ length: 4 * ROWS }, (_, i) => (i % 4 === 3 ? 1 : rng.normal()));
const query: PermutationQuery = {
  predict: (x) => 3 * (x[0] as number) + (x[1] as number) * (x[3] as number),
  batch: {
    x: { rows: ROWS, columns: 4, data },
    y: Float64Array.from({ length: ROWS }, (_, row) => {
      return 3 * (data[4 * row] as number) + (data[4 * row + 1] as number) + 0.1 * rng.normal();
    }),
  },
  loss: (answer, target) => ((answer[0] as number) - target) ** 2,
};

test('the rise of the squared loss is twice the variance of a feature’s part', () => {
  const { loss, rise, deviation } = permutationImportance({ ...query, repeats: 20 });
  assert.ok(Math.abs(loss - 0.01) < 0.003, `${loss}`);
  assert.ok(Math.abs((rise[0] as number) / 18 - 1) < 0.15, `${rise}`);
  assert.ok(Math.abs((rise[1] as number) / 2 - 1) < 0.15, `${rise}`);
  assert.ok((deviation[0] as number) > 0 && (deviation[0] as number) < 2);
});

test('features that are not used or never change have no importance at all', () => {
  const { rise, deviation } = permutationImportance(query);
  assert.deepEqual([rise[2], rise[3], deviation[2], deviation[3]], [0, 0, 0, 0]);
});

test('samples of no weight do not count', () => {
  const weights = Float64Array.from({ length: ROWS }, (_, row) => (row < 10 ? 1 : 0));
  const { loss } = permutationImportance({ ...query, batch: { ...query.batch, weights } });
  const first = {
    x: { rows: 10, columns: 4, data: data.slice(0, 40) },
    y: Array.from(query.batch.y).slice(0, 10),
  };
  assert.ok(Math.abs(loss - permutationImportance({ ...query, batch: first }).loss) < 1e-12);
});

test('same seed, same answer; nothing that is given is written', () => {
  const before = data.slice();
  assert.deepEqual(
    permutationImportance({ ...query, seed: 1 }),
    permutationImportance({ ...query, seed: 1 }),
  );
  assert.notDeepEqual(
    permutationImportance({ ...query, seed: 1 }),
    permutationImportance({ ...query, seed: 2 }),
  );
  assert.deepEqual(data, before);
});

test('what makes no sense is refused', () => {
  const refused = (change: Partial<PermutationQuery>, code: string) =>
    assert.throws(() => permutationImportance({ ...query, ...change }), { code });
  refused({ batch: { ...query.batch, y: [1] } }, 'SHAPE');
  refused({ batch: { x: { rows: 0, columns: 4, data: new Float64Array(0) }, y: [] } }, 'EMPTY');
  refused({ repeats: 0 }, 'USAGE');
  refused({ seed: 1.5 }, 'USAGE');
  refused({ predict: () => Number.NaN }, 'NOT_FINITE');
  refused({ loss: () => Number.NaN }, 'NOT_FINITE');
});
