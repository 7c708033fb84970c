import type { FastRng } from '../../../base/index.ts';
import type { Tree } from '../model.ts';

type Wanted = {
  readonly splits: number;
  readonly features: number;
  /** Every split is that of the newest leaf, so that the tree is as deep as it has splits. */
  readonly chain?: boolean;
};

/** A tree of random shape, thresholds in [-1, 1) in steps of 1/8, leaves in [-1, 1), covers that add up. */
export function randomTree(rng: FastRng, { splits, features, chain = false }: Wanted): Tree {
  const nodes = 2 * splits + 1;
  const tree = {
    left: new Int32Array(nodes).fill(-1),
    right: new Int32Array(nodes).fill(-1),
    feature: new Int32Array(nodes),
    threshold: new Float32Array(nodes),
    defaultLeft: new Uint8Array(nodes),
    value: new Float32Array(nodes),
    gain: new Float32Array(nodes),
    cover: new Float32Array(nodes).fill(1),
  };
  const leaves = [0];
  for (let split = 0; split < splits; split += 1) {
    const chosen = chain ? leaves.length - 1 : rng.below(leaves.length);
    const node = leaves.splice(chosen, 1)[0] as number;
    const [left, right] = [2 * split + 1, 2 * split + 2];
    tree.left[node] = left;
    tree.right[node] = right;
    tree.feature[node] = rng.below(features);
    tree.threshold[node] = rng.below(16) / 8 - 1;
    tree.defaultLeft[node] = rng.below(2);
    const share = (1 + rng.below(15)) / 16;
    tree.cover[left] = (tree.cover[node] as number) * share;
    tree.cover[right] = (tree.cover[node] as number) * (1 - share);
    leaves.push(left, right);
  }
  for (const leaf of leaves) tree.value[leaf] = 2 * rng.next() - 1;
  return tree;
}
