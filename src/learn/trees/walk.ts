import type { Matrix } from '../contract/index.ts';
import type { Tree } from './model.ts';

/** The leaf that the row at `data[from …]` falls into: the plain definition of how a tree is asked. */
export function leafOf(tree: Tree, data: ArrayLike<number>, from = 0): number {
  let node = 0;
  while ((tree.left[node] as number) >= 0) {
    const value = data[from + (tree.feature[node] as number)] as number;
    const goesLeft = Number.isNaN(value)
      ? tree.defaultLeft[node] === 1
      : Math.fround(value) < (tree.threshold[node] as number);
    node = (goesLeft ? tree.left[node] : tree.right[node]) as number;
  }
  return node;
}

/** Adds what one tree says of each row to its margin; of all rows, if none are named. */
export function addTree(
  tree: Tree,
  { rows: count, columns, data }: Matrix,
  margins: Float64Array,
  rows?: Uint32Array,
): void {
  const asked = rows?.length ?? count;
  for (let i = 0; i < asked; i += 1) {
    const row = rows === undefined ? i : (rows[i] as number);
    const leaf = leafOf(tree, data, row * columns);
    margins[row] = (margins[row] as number) + (tree.value[leaf] as number);
  }
}
