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

/** Margins `rows x outputs`, which of the outputs the tree adds to, and which rows (all, if not said). */
export type TreeTarget = {
  readonly margins: Float64Array;
  readonly outputs: number;
  readonly output: number;
  readonly rows?: Uint32Array;
};

/** Adds what one tree says of each row to its margin. */
export function addTree(tree: Tree, { rows, columns, data }: Matrix, target: TreeTarget): void {
  const { margins, outputs, output } = target;
  const count = target.rows?.length ?? rows;
  for (let i = 0; i < count; i += 1) {
    const row = target.rows === undefined ? i : (target.rows[i] as number);
    const at = row * outputs + output;
    margins[at] = (margins[at] as number) + (tree.value[leafOf(tree, data, row * columns)] as number);
  }
}
