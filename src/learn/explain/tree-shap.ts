import { PilotfishError } from '../../base/index.ts';
import { ofLength } from '../contract/index.ts';
import { baseMargin, checkTreeModel, depthOf, isLeaf, type Tree, type TreeModel } from '../trees/index.ts';
import type { ShapValues } from './kernel-shap.ts';

/**
 * | symbol | meaning                                                                                      |
 * |--------|----------------------------------------------------------------------------------------------|
 * | e      | an edge, named by the node it leads to; it asks for the feature of the node above            |
 * | z      | share of the training samples that took the edge, times those of the edges of its feature above |
 * | o      | 1 if x takes the edge and those of its feature above, else 0                                 |
 * | t, w   | places and weights of the quadrature on [0, 1]                                               |
 * | f      | (1 - t) z + t o: what the feature lets through when known with probability t                 |
 *
 * A tree of which only the features S are known answers v(S): the mean of its leaves, where known features choose
 * the way and the others go both ways by the shares of the training samples (Lundberg, Erion, Lee 2018, algorithm 1,
 * "path-dependent"). The Shapley values of v are integrals over t of its multilinear extension (Owen 1972): a leaf
 * of value u adds u (o - z) ∫ Π f dt to each feature on its path, the product over the other features. That is a
 * polynomial of t, so Gauss-Legendre quadrature with half as many places as features on a path is exact. All leaves
 * below an edge share its factors, so a tree costs nodes × places, where the algorithm of the paper takes
 * leaves × depth².
 */

/** A tree made ready: for each edge the node above, the last edge of the same feature above (or -1), and z. */
type ShapTree = {
  readonly tree: Tree;
  readonly parent: Int32Array;
  readonly above: Int32Array;
  readonly z: Float64Array;
};

/**
 * Exact Shapley values of boosted trees, in the space of the margins (TreeSHAP: Lundberg, Erion, Lee 2018): those of
 * XGBoost's `pred_contribs`. Needs no background data, since the trees know their training samples.
 */
export class TreeShap {
  readonly #model: TreeModel;
  readonly #trees: readonly ShapTree[];
  readonly #base: Float64Array;
  readonly #rule: Quadrature;
  readonly #inverse: Float64Array;
  readonly #product: Float64Array;
  readonly #taken: Uint8Array;

  /** @throws PilotfishError as `checkTreeModel`; `LIMIT` for trees both deep and large; `DAMAGED` where covers are
   * not positive. */
  constructor(model: TreeModel) {
    this.#model = checkTreeModel(model);
    checkWork(model);
    this.#trees = model.trees.map(prepare);
    this.#base = new Float64Array(model.outputs).fill(baseMargin(model));
    this.#trees.forEach(({ tree }, index) => {
      const output = index % model.outputs;
      this.#base[output] = (this.#base[output] as number) + meanOf(tree);
    });
    this.#rule = gaussLegendre(Math.max(1, Math.ceil(most(this.#trees, widthOf) / 2)));
    const nodes = Math.max(1, most(model.trees, nodesOf));
    this.#inverse = new Float64Array(nodes * this.#rule.places.length);
    this.#product = new Float64Array(nodes * this.#rule.places.length);
    this.#taken = new Uint8Array(nodes);
  }

  /**
   * What each feature adds to each margin for one row of `features` values, NaN where missing. `base` is the mean
   * margin of the training samples; `base[o] +` sum of `values[o]` is the margin for x.
   * @throws PilotfishError `SHAPE`, `NOT_FINITE` for infinities.
   */
  explain(x: ArrayLike<number>): ShapValues {
    const { features, outputs } = this.#model;
    const row = Float32Array.from(ofLength('x', x, features));
    if (row.some((value) => Math.abs(value) === Infinity)) {
      throw new PilotfishError('NOT_FINITE', 'x is infinite in float32; NaN stands for missing');
    }
    const values = Array.from({ length: outputs }, () => new Float64Array(features));
    this.#trees.forEach((tree, index) => {
      this.#descend(tree, row);
      this.#ascend(tree, values[index % outputs] as Float64Array);
    });
    return { base: this.#base.slice(), values };
  }

  /** From the root down: for each edge o, f, and the product of the f of all features so far. */
  #descend({ tree, parent, above, z }: ShapTree, row: Float32Array): void {
    const { places } = this.#rule;
    const count = places.length;
    const inverse = this.#inverse;
    const product = this.#product.fill(1, 0, count);
    const taken = this.#taken;
    for (let node = 1; node < parent.length; node += 1) {
      const from = parent[node] as number;
      const before = above[node] as number;
      const isTaken = nextOf(tree, from, row) === node && (before < 0 || taken[before] === 1);
      taken[node] = isTaken ? 1 : 0;
      // f = (1 - t) z + t o
      const share = z[node] as number;
      const rise = (isTaken ? 1 : 0) - share;
      const at = node * count;
      for (let q = 0; q < count; q += 1) {
        const t = places[q] as number;
        const f = share + t * rise;
        inverse[at + q] = 1 / f;
        const others =
          (product[from * count + q] as number) * (before < 0 ? 1 : (inverse[before * count + q] as number));
        product[at + q] = others * f;
      }
    }
  }

  /** From the leaves up: sums over the leaves below an edge, and what these give to its feature. */
  #ascend({ tree, parent, above, z }: ShapTree, values: Float64Array): void {
    const { places, weights } = this.#rule;
    const count = places.length;
    const sum = this.#product;
    const inverse = this.#inverse;
    for (let node = 0; node < parent.length; node += 1) {
      // A leaf's product, once worth its value, is the first sum; inner nodes gather theirs.
      const times = isLeaf(tree, node) ? (tree.value[node] as number) : 0;
      for (let q = 0; q < count; q += 1) sum[node * count + q] = (sum[node * count + q] as number) * times;
    }
    for (let node = parent.length - 1; node > 0; node -= 1) {
      const from = parent[node] as number;
      const before = above[node] as number;
      const own = (this.#taken[node] as number) - (z[node] as number);
      const replaced = before < 0 ? 0 : (this.#taken[before] as number) - (z[before] as number);
      let given = 0;
      for (let q = 0; q < count; q += 1) {
        const below = sum[node * count + q] as number;
        let share = own * (inverse[node * count + q] as number);
        // These leaves answer to this edge, no longer to the one above that asks for the same feature.
        if (before >= 0) share -= replaced * (inverse[before * count + q] as number);
        given += (weights[q] as number) * below * share;
        sum[from * count + q] = (sum[from * count + q] as number) + below;
      }
      const feature = tree.feature[from] as number;
      values[feature] = (values[feature] as number) + given;
    }
  }
}

/** Most numbers in each of the two tables of edges × places: 128 MiB. */
const MAX_TABLE = 2 ** 24;

const nodesOf = ({ left }: Tree): number => left.length;

/** The largest of a list too long to be spread. */
function most<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((largest, item) => Math.max(largest, measure(item)), 0);
}

/** What is ever needed, told before it is: no path asks for more features than it has edges. */
function checkWork({ trees, features }: TreeModel): void {
  const [nodes, width] = [most(trees, nodesOf), Math.min(features, most(trees, depthOf))];
  if (nodes * Math.ceil(width / 2) <= MAX_TABLE) return;
  const message = `trees of up to ${nodes} nodes and ${width} features on a path; explain smaller trees`;
  throw new PilotfishError('LIMIT', message);
}

/** The child that the row goes to. */
function nextOf(tree: Tree, node: number, row: Float32Array): number {
  const value = row[tree.feature[node] as number] as number;
  const goesLeft = Number.isNaN(value)
    ? tree.defaultLeft[node] === 1
    : value < (tree.threshold[node] as number);
  return (goesLeft ? tree.left[node] : tree.right[node]) as number;
}

// Smaller shares come from no data and would divide zero by zero.
const LEAST_SHARE = 1e-200;

function prepare(tree: Tree, index: number): ShapTree {
  const nodes = tree.left.length;
  const parent = new Int32Array(nodes).fill(-1);
  const above = new Int32Array(nodes).fill(-1);
  const z = new Float64Array(nodes).fill(1);
  for (let node = 0; node < nodes; node += 1) {
    if (isLeaf(tree, node)) continue;
    const before = lastEdgeFor(tree, { parent, node });
    for (const child of [tree.left[node] as number, tree.right[node] as number]) {
      parent[child] = node;
      above[child] = before;
      const share = (tree.cover[child] as number) / (tree.cover[node] as number);
      z[child] = share * (before < 0 ? 1 : (z[before] as number));
      if (!((z[child] as number) >= LEAST_SHARE && Number.isFinite(z[child]))) {
        const message = `tree ${index}, node ${child}: shares need positive covers; read a model that has them`;
        throw new PilotfishError('DAMAGED', message);
      }
    }
  }
  return { tree, parent, above, z };
}

/** The deepest edge on the way to `node` that asks for the feature of `node`; -1 without one. */
function lastEdgeFor(tree: Tree, { parent, node }: { parent: Int32Array; node: number }): number {
  const feature = tree.feature[node];
  for (let edge = node; ; ) {
    const from = parent[edge] as number;
    if (from < 0) return -1;
    if (tree.feature[from] === feature) return edge;
    edge = from;
  }
}

/** Most different features on a path. */
function widthOf({ parent, above }: ShapTree): number {
  const width = new Int32Array(parent.length);
  let most = 0;
  for (let node = 1; node < parent.length; node += 1) {
    width[node] = (width[parent[node] as number] as number) + ((above[node] as number) < 0 ? 1 : 0);
    most = Math.max(most, width[node] as number);
  }
  return most;
}

/** The mean answer over the training samples, by the covers. */
function meanOf(tree: Tree): number {
  const mean = Float64Array.from(tree.value);
  for (let node = mean.length - 1; node >= 0; node -= 1) {
    if (isLeaf(tree, node)) continue;
    const part = (child: number) =>
      (mean[child] as number) * ((tree.cover[child] as number) / (tree.cover[node] as number));
    mean[node] = part(tree.left[node] as number) + part(tree.right[node] as number);
  }
  return mean[0] as number;
}

type Quadrature = { readonly places: Float64Array; readonly weights: Float64Array };

/** The rule on [0, 1] that integrates polynomials of degree 2 · count - 1 exactly: roots by Newton's method. */
function gaussLegendre(count: number): Quadrature {
  const places = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step += 1) {
      let [p, before] = [1, 0];
      for (let k = 1; k <= count; k += 1) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (count * (x * p - before)) / (x * x - 1);
      x -= p / slope;
    }
    places[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { places, weights };
}
