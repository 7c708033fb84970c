import { checkTreeModel, isLeaf, type Tree, type TreeModel } from '../trees/index.ts';

/** The root's parent, as XGBoost writes it. */
const NO_PARENT = 2 ** 31 - 1;

/**
 * The model as XGBoost 1.7 saves it (`save_model('model.json')`; schema: doc/model.schema of dmlc/xgboost); later
 * versions read it as well. All numbers read back as the same float32, which all but the base score are already.
 * @throws PilotfishError as `checkTreeModel`.
 */
export function encodeXgboostJson(model: TreeModel): Uint8Array {
  const baseScore = Math.fround(model.baseScore);
  const { features, outputs, trees } = checkTreeModel({ ...model, baseScore });
  const classes = model.objective === 'multi:softprob' ? outputs : 0;
  const boosted = object({
    gbtree_model_param: JSON.stringify({
      num_parallel_tree: '1',
      num_trees: String(trees.length),
      size_leaf_vector: '0',
    }),
    // Where each round begins: versions from 2 on ask for it, earlier ones pass over it.
    iteration_indptr: list(Array.from({ length: trees.length / outputs + 1 }, (_, round) => round * outputs)),
    tree_info: JSON.stringify(trees.map((_, index) => index % outputs)),
    trees: list(trees.map((tree, index) => treeText(tree, { index, features }))),
  });
  const learner = object({
    attributes: '{}',
    feature_names: '[]',
    feature_types: '[]',
    gradient_booster: object({ model: boosted, name: '"gbtree"' }),
    learner_model_param: JSON.stringify({
      base_score: floatText(baseScore),
      boost_from_average: '1',
      num_class: String(classes),
      num_feature: String(features),
      num_target: '1',
    }),
    objective: JSON.stringify({ name: model.objective, ...objectiveParameters(classes) }),
  });
  return new TextEncoder().encode(object({ learner, version: '[1,7,4]' }));
}

const objectiveParameters = (classes: number) =>
  classes > 0
    ? { softmax_multiclass_param: { num_class: String(classes) } }
    : { reg_loss_param: { scale_pos_weight: '1' } };

function treeText(tree: Tree, { index, features }: { index: number; features: number }): string {
  const nodes = tree.left.length;
  const parents = new Int32Array(nodes).fill(NO_PARENT);
  for (let node = 0; node < nodes; node += 1) {
    if (isLeaf(tree, node)) continue;
    parents[tree.left[node] as number] = node;
    parents[tree.right[node] as number] = node;
  }
  // A leaf keeps its value where an inner node keeps its threshold.
  const conditions = tree.threshold.map((threshold, node) =>
    isLeaf(tree, node) ? (tree.value[node] as number) : threshold,
  );
  const parameters = { num_deleted: '0', num_feature: String(features), num_nodes: String(nodes) };
  return object({
    base_weights: floats(tree.value),
    categories: '[]',
    categories_nodes: '[]',
    categories_segments: '[]',
    categories_sizes: '[]',
    default_left: list(tree.defaultLeft),
    id: String(index),
    left_children: list(tree.left),
    loss_changes: floats(tree.gain),
    parents: list(parents),
    right_children: list(tree.right),
    split_conditions: floats(conditions),
    split_indices: list(tree.feature),
    split_type: list(new Uint8Array(nodes)),
    sum_hessian: floats(tree.cover),
    tree_param: JSON.stringify({ ...parameters, size_leaf_vector: '0' }),
  });
}

/** An object whose values are JSON already. */
const object = (fields: { readonly [key: string]: string }): string =>
  `{${Object.entries(fields)
    .map(([key, text]) => `"${key}":${text}`)
    .join(',')}}`;

const list = (items: { join(separator: string): string }): string => `[${items.join(',')}]`;

const floats = (values: Float32Array): string => list(Array.from(values, floatText));

/**
 * Nine digits tell all float32 apart. XGBoost 1.7 passes over a base score with more of them without a word, and
 * takes a number without point or exponent for an integer, which it refuses here.
 */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0E0';
  const text = String(Number(value.toPrecision(9)));
  return /^-?\d+$/.test(text) ? `${text}E0` : text;
}
