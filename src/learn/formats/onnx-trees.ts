import { PilotfishError } from '../../base/index.ts';
import { baseMargin, checkTreeModel, isLeaf, type TreeModel } from '../trees/index.ts';
import { OnnxGraph } from './onnx-graph.ts';

/**
 * A boosted ensemble as an ONNX file: input `x` float32 [batch, features], NaN where a value is missing. Regression
 * gives output `y` float32 [batch, 1]; classifiers give `probabilities` float32 [batch, classes] and `label` int64
 * [batch].
 *
 * The operator TreeEnsembleRegressor gives margins, plain operators turn them into probabilities: with
 * TreeEnsembleClassifier it depends on the signs of the leaves how runtimes read a model of two classes.
 * @throws PilotfishError `EMPTY` for a model without trees, and as `checkTreeModel`.
 */
export function encodeOnnxTrees(model: TreeModel): Uint8Array {
  checkTreeModel(model);
  if (model.trees.length === 0) throw new PilotfishError('EMPTY', 'the model has no trees; train it first');
  const graph = new OnnxGraph();
  const regression = model.objective === 'reg:squarederror';
  const margins = regression ? 'y' : 'margins';
  graph.input('x', ['batch', model.features]);
  const attributes = { ...treeAttributes(model), ...leafAttributes(model) };
  graph.node({ op: 'TreeEnsembleRegressor', inputs: ['x'], outputs: [margins], attributes });
  if (regression) graph.output('y', ['batch', 1]);
  else addClasses(graph, model);
  return graph.finish('trees');
}

function addClasses(graph: OnnxGraph, { objective, outputs }: TreeModel): void {
  const binary = objective === 'binary:logistic';
  if (binary) {
    graph.floats('one', [1], [1]);
    graph.node({ op: 'Sigmoid', inputs: ['margins'], outputs: ['positive'] });
    graph.node({ op: 'Sub', inputs: ['one', 'positive'], outputs: ['negative'] });
    const both = { inputs: ['negative', 'positive'], outputs: ['probabilities'] };
    graph.node({ op: 'Concat', ...both, attributes: { axis: { int: 1 } } });
  } else {
    graph.node({ op: 'Softmax', inputs: ['margins'], outputs: ['probabilities'] });
  }
  const label = { inputs: ['probabilities'], outputs: ['label'] };
  graph.node({ op: 'ArgMax', ...label, attributes: { axis: { int: 1 }, keepdims: { int: 0 } } });
  graph.output('probabilities', ['batch', binary ? 2 : outputs]);
  graph.output('label', ['batch'], 'int64');
}

/** One value a node, all trees one after the other. */
function treeAttributes({ trees }: TreeModel) {
  const numbers = (pick: (tree: TreeModel['trees'][number], index: number) => ArrayLike<number>) =>
    trees.flatMap((tree, index) => Array.from(pick(tree, index)));
  // Leaves name node 0 as their children.
  const child = (nodes: Int32Array) => nodes.map((node) => Math.max(0, node));
  const modes = trees.flatMap((tree) =>
    Array.from(tree.left, (_, node) => (isLeaf(tree, node) ? 'LEAF' : 'BRANCH_LT')),
  );
  return {
    nodes_treeids: { ints: numbers(({ left }, index) => left.map(() => index)) },
    nodes_nodeids: { ints: numbers(({ left }) => left.map((_, node) => node)) },
    nodes_featureids: { ints: numbers(({ feature }) => feature) },
    nodes_values: { floats: numbers(({ threshold }) => threshold) },
    nodes_modes: { texts: modes },
    nodes_truenodeids: { ints: numbers(({ left }) => child(left)) },
    nodes_falsenodeids: { ints: numbers(({ right }) => child(right)) },
    nodes_missing_value_tracks_true: { ints: numbers(({ defaultLeft }) => defaultLeft) },
  };
}

/** One value a leaf, and what the sums begin with. */
function leafAttributes(model: TreeModel) {
  const { outputs, trees } = model;
  const leaves = trees.flatMap((tree, index) =>
    Array.from(tree.left.keys())
      .filter((node) => isLeaf(tree, node))
      .map((node) => ({ index, node, value: tree.value[node] as number })),
  );
  return {
    n_targets: { int: outputs },
    base_values: { floats: new Array<number>(outputs).fill(baseMargin(model)) },
    target_treeids: { ints: leaves.map(({ index }) => index) },
    target_nodeids: { ints: leaves.map(({ node }) => node) },
    target_ids: { ints: leaves.map(({ index }) => index % outputs) },
    target_weights: { floats: leaves.map(({ value }) => value) },
  };
}
