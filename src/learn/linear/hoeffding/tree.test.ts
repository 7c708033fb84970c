import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng, hasCode } from '../../../base/index.ts';
import { HoeffdingLeaf } from './leaf.ts';
import { normalCdf } from './normal.ts';
import type { HoeffdingOptions } from './options.ts';
import { bestSplit, estimateBranches } from './split.ts';
import { HoeffdingTree } from './tree.ts';

const near = (actual: number, expected: number, within: number) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

test('the normal distribution function has its known values', () => {
  const known: [number, number][] = [
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1.96, 0.024997895148220435],
    [-8, 6.220960574271786e-16],
    [-20, 2.7536241186062337e-89],
  ];
  for (const [z, value] of known) {
    near(normalCdf(z), value, 1e-15);
    near(normalCdf(z) / value, 1, 1e-7);
  }
  assert.deepEqual([normalCdf(50), normalCdf(-50)], [1, 0]);
  for (let z = 0; z < 10; z += 0.37) near(normalCdf(z) + normalCdf(-z), 1, 1e-15);
});

/** Two features in [0, 1): the class is whether the first is above a half, right as often as `truth` says. */
function grow(options: Partial<HoeffdingOptions>, { count = 2000, truth = 1, seed = 1 } = {}): HoeffdingTree {
  const tree = new HoeffdingTree({ features: 2, classes: 2, ...options });
  const rng = new FastRng(seed);
  for (let i = 0; i < count; i += 1) {
    const x = [rng.next(), rng.next()];
    const above = (x[0] as number) > 0.5 ? 1 : 0;
    tree.learnOne({ x, y: rng.next() < truth ? above : 1 - above });
  }
  return tree;
}

test('a leaf waits for the grace period, then for the bound', () => {
  assert.equal(grow({}, { count: 199 }).leaves, 1);
  assert.equal(grow({}, { count: 200 }).leaves, 2);
  // A gain of 0.19 bits passes the bound sqrt(ln(1e7) / 2n) from n = 224 on.
  const noisy = { truth: 0.75 };
  assert.equal(grow({}, { ...noisy, count: 200 }).leaves, 1);
  assert.ok(grow({}, { ...noisy, count: 1000 }).leaves > 1);
});

test('the branches of a split wait for a grace period of their own', () => {
  const eager = { tieThreshold: 10 };
  assert.equal(grow(eager, { truth: 0.8, count: 200 }).leaves, 2);
  assert.equal(grow(eager, { truth: 0.8, count: 399 }).leaves, 2);
  assert.ok(grow(eager, { truth: 0.8, count: 700 }).leaves > 2);
});

test('a class the parent knew and the leaf has not seen is as likely as the parent said', () => {
  const leaf = new HoeffdingLeaf(Float64Array.of(0, 50), 1);
  for (let i = 0; i < 50; i += 1) leaf.learn([100 + (i % 5)], 0, 1);
  const answer = new Float64Array(2);
  leaf.answer([102], 'bayes', answer);
  near(answer[1] as number, 0.5, 0.01);
});

test('a snapshot whose nodes do not make a tree is refused', () => {
  const good = grow({ tieThreshold: 1, gracePeriod: 20, maxLeaves: 4 }, { truth: 0.8 }).snapshot();
  const feature = Array.from(good.tensors['feature']?.data ?? []);
  const next = Array.from(good.tensors['next']?.data ?? []);
  const branches = feature.flatMap((asked, node) => (asked >= 0 ? [node] : []));
  const leaves = feature.flatMap((asked, node) => (asked < 0 ? [node] : []));
  const [root, branch] = [branches[0] as number, branches[1] as number];
  const [leaf, other] = [leaves[0] as number, leaves[1] as number];
  const place = (node: number) => next[node] as number;
  const hurt: number[][] = [
    next.with(branch, place(root)),
    next.with(branch, place(root)).with(root, place(branch)),
    next.with(root, 2),
    next.with(root, 7),
    next.with(leaf, place(other)),
    next.with(leaf, 4),
    next.with(leaf, -1),
  ];
  for (const wrong of hurt) {
    const links = Int32Array.from(wrong);
    const tensors = { ...good.tensors, next: { shape: [links.length], data: links } };
    assert.throws(
      () => HoeffdingTree.restore({ ...good, tensors }),
      (error) => hasCode(error, 'DAMAGED'),
      `${wrong}`,
    );
  }
});

test('features that say nothing split nothing until they tie', () => {
  const noise = { truth: 0.5, count: 3000 };
  assert.equal(grow({}, noise).leaves, 1);
  assert.ok(grow({ tieThreshold: 0.1 }, noise).leaves > 1);
});

test('growth stops at the number of leaves allowed, learning does not', () => {
  const tree = grow({ tieThreshold: 1, gracePeriod: 20, maxLeaves: 5 }, { truth: 0.8 });
  assert.equal(tree.leaves, 5);
  const before = tree.predict([0.9, 0.5])[0] as number;
  for (let i = 0; i < 1000; i += 1) tree.learnOne({ x: [0.9, 0.5], y: 0 });
  assert.ok((tree.predict([0.9, 0.5])[0] as number) > before);
  assert.equal(tree.leaves, 5);
});

test('both criteria and all ways of answering find the rule', () => {
  for (const criterion of ['info-gain', 'gini'] as const) {
    for (const leafPrediction of ['majority', 'bayes', 'adaptive'] as const) {
      const tree = grow({ criterion, leafPrediction });
      for (let i = 0; i < 50; i += 1) {
        const [x, y] = [i / 50, i / 50 > 0.5 ? 1 : 0];
        if (Math.abs(x - 0.5) > 0.06) assert.ok((tree.predict([x, 0.3])[y] as number) > 0.5, `${x}`);
      }
    }
  }
});

test('adaptive leaves answer in the way that was more often right', () => {
  // Ten copies of a weak hint, which naive Bayes takes for ten hints; class 0 stays the better guess throughout.
  const copied = (rng: FastRng) => {
    const y = rng.next() < 0.4 ? 1 : 0;
    const hint = rng.next() < (y === 1 ? 0.6 : 0.5) ? 1 : 0;
    return { x: new Float64Array(10).fill(hint), y };
  };
  const apart = (rng: FastRng) => {
    const y = rng.next() < 0.4 ? 1 : 0;
    return { x: Float64Array.from({ length: 10 }, () => rng.normal() + y), y };
  };
  const answers = (draw: typeof copied) =>
    (['adaptive', 'majority', 'bayes'] as const).map((leafPrediction) => {
      const tree = new HoeffdingTree({ features: 10, classes: 2, leafPrediction, maxLeaves: 1 });
      const rng = new FastRng(3);
      for (let i = 0; i < 1000; i += 1) tree.learnOne(draw(rng));
      return Array.from(tree.predict(new Float64Array(10).fill(1)));
    });
  const [deceived, shares, hinted] = answers(copied);
  assert.deepEqual(deceived, shares);
  assert.notDeepEqual(deceived, hinted);
  const [informed, , bayes] = answers(apart);
  assert.deepEqual(informed, bayes);
});

test('branches hold the weight of the leaf, and the split found is the best tried', () => {
  const leaf = new HoeffdingLeaf(new Float64Array(3), 2);
  const rng = new FastRng(5);
  for (let i = 0; i < 300; i += 1) {
    const y = rng.below(3);
    leaf.learn([rng.normal(), rng.normal() + 3 * y], y, 1);
  }
  const { best, runnerUp } = bestSplit(leaf, 'info-gain');
  assert.ok(best !== undefined && best.feature === 1 && best.gain > 5 * runnerUp && runnerUp >= 0);
  const branches = { left: new Float64Array(3), right: new Float64Array(3) };
  estimateBranches(leaf, best, branches);
  for (let c = 0; c < 3; c += 1) {
    near((branches.left[c] as number) + (branches.right[c] as number), leaf.counts[c] as number, 1e-9);
  }
  // A class whose values all lie on one side goes there whole.
  estimateBranches(leaf, { feature: 1, threshold: 1e9 }, branches);
  assert.deepEqual(branches.left, leaf.counts);
});
