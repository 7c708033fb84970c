import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import type { BaseCandidate, BaseQuestion } from '../../blocks/index.ts';
import { BoostedTrees, encodeSnapshot } from '../../learn/index.ts';
import type { Manifest, ModelArtefact } from '../artefact/index.ts';
import { SIMILAR_FEATURES, SIMILAR_SCHEMA, similarFeatures } from './features.ts';
import { similarHeuristic } from './heuristic.ts';
import { openSimilarModel, TREES_FILE, WARM_UP } from './model.ts';
import { bytesOf, costOf, isKept, oracleOf, worthBytes } from './teacher.ts';
import { isBase } from './validator.ts';

const candidate = (own: Partial<BaseCandidate>): BaseCandidate => ({
  ...{ rawBytes: 60_000, sharedFeatures: 6, chainDepth: 0, ageBlocks: 5 },
  ...{ storedRatio: 0.5, stepsFromLast: 3 },
  ...own,
});

function asking(candidates: readonly BaseCandidate[], rawBytes = 60_000): BaseQuestion {
  return { ...WARM_UP, rawBytes, candidates };
}

/** Trees that learnt one thing: a delta is worth `expected` of what counts by the features a candidate shares. */
function treesOf(expected: (shared: number) => number): BoostedTrees {
  const rng = new FastRng(1);
  const columns = SIMILAR_FEATURES.length;
  const rows = 600;
  const data = Float32Array.from({ length: rows * columns }, () => rng.next());
  const y = new Float64Array(rows);
  const x = new Float64Array(columns);
  for (let row = 0; row < rows; row += 1) {
    const shared = 2 + (row % 11);
    const of = { rawBytes: 1 + rng.below(1 << 20), chainDepth: rng.below(4), ageBlocks: 1 + rng.below(1000) };
    // Beside another, so that what the first shares tells nothing.
    const both = [
      candidate({ sharedFeatures: 2 + rng.below(11) }),
      candidate({ sharedFeatures: shared, ...of }),
    ];
    similarFeatures(asking(both, 1 + rng.below(1 << 20)), 1, x);
    data.set(x, row * columns);
    y[row] = expected(shared);
  }
  const trees = new BoostedTrees({
    ...{ rounds: 40, maxDepth: 4, learningRate: 0.5 },
    ...{ objective: 'reg:squarederror', constantFeatures: 'allow' },
  });
  trees.fit({ x: { rows, columns, data }, y });
  return trees;
}

function artefactOf(trees: BoostedTrees, own: Partial<Manifest> = {}): ModelArtefact {
  const manifest = {
    ...{ room: 'similar', name: 'similar', version: '7', family: 'boosted-trees' },
    featureSchema: SIMILAR_SCHEMA,
    metrics: { 'advantage-small': 0.1, 'advantage-large': 0.1 },
    ...own,
  } as Manifest;
  return { manifest, files: new Map([[TREES_FILE, encodeSnapshot(trees.snapshot())]]) };
}

const FEW_IS_BAD = treesOf((shared) => 2 - shared / 2);

test('the candidate of the smallest delta is chosen, and the first where others promise no more', () => {
  const model = openSimilarModel(artefactOf(FEW_IS_BAD));
  assert.equal(model.version, 'similar@7');
  const shared = (...counts: number[]) =>
    asking(counts.map((sharedFeatures) => candidate({ sharedFeatures })));
  assert.equal(model.choose(shared(6, 10, 8)), 1);
  assert.equal(model.choose(shared(10, 6)), 0);
  assert.equal(model.choose(shared(9, 9, 9)), 0);
  assert.equal(model.choose(shared(6, 10, 8)), 1, 'asked again, the same');
});

test('a step of the chain counts', () => {
  const model = openSimilarModel(artefactOf(FEW_IS_BAD));
  assert.equal(model.choose(asking([candidate({ chainDepth: 3 }), candidate({ chainDepth: 0 })])), 1);
});

test('nothing is chosen where no delta would be kept, sooner for a small block', () => {
  const model = openSimilarModel(artefactOf(treesOf(() => 1)));
  assert.equal(model.choose(asking([candidate({})])), -1);
  const hardly = openSimilarModel(artefactOf(treesOf(() => 0)));
  assert.equal(hardly.choose(asking([candidate({})])), 0);
  assert.equal(hardly.choose(asking([candidate({})], 5000)), -1, 'they would share a group');
  assert.equal(hardly.choose(asking([candidate({ storedRatio: 0.3 })], 5000)), 0, 'its group is written');
  assert.equal(model.choose(asking([])), -1);
});

test('it serves the sizes for which it was better than the rule', () => {
  const metrics = { 'advantage-small': -0.01, 'advantage-large': 0.01 };
  const model = openSimilarModel(artefactOf(FEW_IS_BAD, { metrics }));
  assert.equal(model.serves?.(asking([candidate({})], 16_384)), false);
  assert.equal(model.serves?.(asking([candidate({})], 16_385)), true);
});

test('what is no model of this room, of these features or whole, is refused', () => {
  const open = (artefact: ModelArtefact) => () => openSimilarModel(artefact);
  assert.throws(open(artefactOf(FEW_IS_BAD, { room: 'codec' })), { code: 'DAMAGED' });
  assert.throws(open(artefactOf(FEW_IS_BAD, { featureSchema: 'x' })), { code: 'SHAPE' });
  assert.throws(open({ ...artefactOf(FEW_IS_BAD), files: new Map() }), { code: 'DAMAGED' });
});

test('an answer is the number of a candidate or -1', () => {
  const question = asking([candidate({}), candidate({})]);
  const legal = [-1, 0, 1];
  const illegal = [-2, 2, 0.5, Number.NaN, '0', null, undefined, true, [0]];
  for (const value of legal) assert.ok(isBase(value, question));
  for (const value of illegal) assert.ok(!isBase(value, question), String(value));
  assert.equal(similarHeuristic(question), 0);
  assert.equal(similarHeuristic({ candidates: [] }), -1);
});

test('the teacher keeps what the store keeps', () => {
  const large = { rawBytes: 100_000, isSmall: false, aloneBytes: 40_000 };
  const small = { rawBytes: 10_000, isSmall: true, aloneBytes: 4000 };
  const tooMuch = [0, 19_999, 35_999, 36_000].map((bytes) => isKept(large, bytes));
  assert.deepEqual(tooMuch, [false, true, true, false]);
  assert.deepEqual(
    [isKept({ ...large, aloneBytes: 5000 }, 19_999), isKept(small, 999), isKept(small, 1000)],
    [...[true, true, false]],
  );
  assert.deepEqual([worthBytes(large), worthBytes(small)], [36_000, 1000]);
});

test('the oracle takes the least of what is kept, a step of the chain weighing a little', () => {
  const block = { rawBytes: 100_000, isSmall: false, aloneBytes: 40_000, elseBytes: 40_000 };
  const of = (deltaBytes: number[], chainDepths: number[]) => ({ ...block, deltaBytes, chainDepths });
  assert.equal(oracleOf(of([9000, 5000, 7000], [0, 0, 0])), 1);
  assert.equal(oracleOf(of([5100, 5000], [0, 3])), 0, 'three steps are worth more than 100 bytes');
  assert.equal(oracleOf(of([0, 39_000], [0, 0])), -1);
  assert.equal(costOf(of([5000], [0]), 0), 5000);
  assert.ok(costOf(of([5000], [1]), 0) > 5000);
  assert.deepEqual([bytesOf(of([5000], [3]), 0), bytesOf(of([39_000], [3]), 0)], [5000, 40_000]);
  assert.equal(bytesOf(of([5000], [0]), -1), 40_000);
});
