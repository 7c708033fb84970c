// 600 trees of depth 8, complete and random: the worst case, since no tree is shallow and no path is likely.
import { FlatTrees } from '../../../src/learn/trees/flat.ts';
import type { Tree, TreeModel } from '../../../src/learn/trees/index.ts';
import type { Reference } from '../reference.ts';
import { Draws, type Side, sideOf, type Task } from './task.ts';

const outputs = 3;
const rounds = 200;
const depth = 8;
const features = 18;
const inner = 2 ** depth - 1;
const nodes = 2 * inner + 1;

function randomTree(draws: Draws): Tree {
  const isInner = (_: unknown, node: number): boolean => node < inner;
  const child = (side: number) =>
    Int32Array.from({ length: nodes }, (_, i) => (i < inner ? 2 * i + side : -1));
  const only = <Values extends Int32Array | Float32Array | Uint8Array>(
    values: Values,
    keep: typeof isInner,
  ): Values => values.map((value, node) => (keep(value, node) ? value : 0)) as Values;
  return {
    left: child(1),
    right: child(2),
    feature: only(draws.below(features, nodes), isInner),
    threshold: only(draws.normal(nodes), isInner),
    defaultLeft: only(Uint8Array.from(draws.below(2, nodes)), isInner),
    value: only(draws.normal(nodes, 0.02), (_, node) => node >= inner),
    gain: new Float32Array(nodes),
    cover: new Float32Array(nodes).fill(1),
  };
}

/** Trees of output 0, then of output 1, …, as the reference wants them. */
const byOutput = (trees: readonly Tree[]): Tree[] =>
  Array.from({ length: outputs }, (_, output) => trees.filter((_, i) => i % outputs === output)).flat();

function bindTrees(reference: Reference, model: TreeModel, x: Float32Array): Side {
  const trees = byOutput(model.trees);
  const nodesOf = (values: (tree: Tree) => ArrayLike<number>): number[] =>
    trees.flatMap((tree) => Array.from(values(tree)).slice(0, inner));
  const asked = nodesOf(({ feature, defaultLeft }) =>
    feature.map((one, i) => one + (defaultLeft[i] === 1 ? features : 0)),
  );
  const leaves = trees.flatMap(({ value }) => Array.from(value.subarray(inner)));
  const sums = reference.bytes(outputs * 8);
  const args = [
    ...[outputs, rounds, depth, features],
    reference.floats(x).offset,
    reference.floats(2 * features).offset,
    reference.bytes(asked).offset,
    reference.floats(nodesOf(({ threshold }) => threshold)).offset,
    reference.floats(leaves).offset,
    sums.offset,
  ];
  const bound = reference.bind('trees', args);
  const answer = (): Float64Array => {
    bound.call();
    return new Float64Array(sums.view.slice().buffer);
  };
  return { loop: (times) => bound.loop(times), answer };
}

/** The sums of 200 trees for each of three classes, for one row. */
export function treesTask(): Task {
  const draws = new Draws(14);
  const trees = Array.from({ length: rounds * outputs }, () => randomTree(draws));
  const model: TreeModel = { objective: 'multi:softprob', features, outputs, baseScore: 0, trees };
  const x = draws.normal(features);
  const flat = new FlatTrees(model);
  const run = (): Float64Array => flat.margins(x);
  return {
    name: 'trees-600x8',
    flop: null,
    product: sideOf(run, run),
    bind: (reference) => bindTrees(reference, model, x),
  };
}
