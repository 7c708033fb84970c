import { PilotfishError } from '../../base/index.ts';
import { MAX_TREE_DEPTH, type Tree } from '../trees/index.ts';
import {
  countAt,
  damaged,
  type Fields,
  fieldAt,
  flagsAt,
  listAt,
  numbersAt,
  objectAt,
  unsupported,
} from './xgboost-fields.ts';

/** One tree of a file. @throws PilotfishError `DAMAGED`, `LIMIT` or `UNSUPPORTED`. */
export function readTree(fields: Fields, name: string): Tree {
  const nodes = listAt(fields, 'left_children').length;
  const parameters = objectAt(fields, 'tree_param');
  const declared = countAt(parameters, 'num_nodes');
  if (declared !== nodes) throw damaged(`${name} has ${nodes} nodes where ${declared} are declared`);
  if (countAt(parameters, 'size_leaf_vector', 0) > 1) throw unsupported('a vector in each leaf');
  const categories = fieldAt(fields, 'categories_nodes');
  if (Array.isArray(categories) && categories.length > 0) throw unsupported('a split by category');

  const column = (key: string) => numbersAt(fields, key, nodes);
  const [left, right] = [column('left_children'), column('right_children')];
  const order = reachable(left, right, name);
  const place = new Map(order.map((node, at) => [node, at]));
  const isLeaf = (node: number) => left[node] === -1;
  const child = (children: readonly number[]) =>
    order.map((node) => place.get(children[node] as number) ?? -1);
  const inner = (values: readonly number[]) =>
    order.map((node) => (isLeaf(node) ? 0 : (values[node] as number)));
  // A leaf keeps its value where an inner node keeps its threshold.
  const conditions = column('split_conditions');
  const hessians = column('sum_hessian');
  return {
    left: Int32Array.from(child(left)),
    right: Int32Array.from(child(right)),
    feature: Int32Array.from(inner(column('split_indices')), featureNumber),
    threshold: Float32Array.from(inner(conditions)),
    defaultLeft: Uint8Array.from(inner(flagsAt(fields, 'default_left', nodes))),
    value: Float32Array.from(order, (node) => (isLeaf(node) ? (conditions[node] as number) : 0)),
    gain: Float32Array.from(inner(column('loss_changes'))),
    cover: Float32Array.from(order, (node) => hessians[node] as number),
  };
}

/**
 * The nodes that the root leads to, each once and after its parent: by number where numbers allow it, else level by
 * level. What pruning left behind is not among them.
 */
function reachable(left: readonly number[], right: readonly number[], name: string): number[] {
  const depth = new Uint16Array(left.length);
  const order = left.length > 0 ? [0] : [];
  let byNumber = true;
  for (let at = 0; at < order.length; at += 1) {
    const node = order[at] as number;
    if (left[node] === -1 && right[node] === -1) continue;
    const below = (depth[node] as number) + 1;
    if (below > MAX_TREE_DEPTH) {
      throw new PilotfishError('LIMIT', `${name} is deeper than ${MAX_TREE_DEPTH}; train it with max_depth`);
    }
    for (const child of [left[node] as number, right[node] as number]) {
      // Node 0 is the root, and nobody's child; a node with a parent has a depth, and no node has none at all.
      if (child === 0 || depth[child] !== 0) {
        throw damaged(`${name}: node ${node} cannot have child ${child}`);
      }
      depth[child] = below;
      byNumber &&= child > node;
      order.push(child);
    }
  }
  return byNumber ? order.sort((a, b) => a - b) : order;
}

/** A number that an Int32Array does not wrap around; whether the model has the feature is checked with the rest. */
function featureNumber(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw damaged(`no feature has number ${value}`);
}
