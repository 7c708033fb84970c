import type { Tree, TreeModel } from './model.ts';

/**
 * How much a feature matters to the trees, as XGBoost counts it: `weight`: splits that ask for it; `gain`: how
 * much each of these lowered the loss, on average; `cover`: how many samples (sum of hessians) each parted, on
 * average.
 */
export type ImportanceType = 'weight' | 'gain' | 'cover';

/** Importance of every feature; 0 for those never asked for. */
export function featureImportance({ features, trees }: TreeModel, type: ImportanceType): Float64Array {
  const splits = new Float64Array(features);
  const sums = new Float64Array(features);
  for (const tree of trees) {
    for (let node = 0; node < tree.left.length; node += 1) {
      if ((tree.left[node] as number) < 0) continue;
      const feature = tree.feature[node] as number;
      splits[feature] = (splits[feature] as number) + 1;
      sums[feature] = (sums[feature] as number) + measure(tree, node, type);
    }
  }
  if (type === 'weight') return splits;
  return sums.map((sum, feature) => (sum === 0 ? 0 : sum / (splits[feature] as number)));
}

function measure(tree: Tree, node: number, type: ImportanceType): number {
  if (type === 'weight') return 1;
  return (type === 'gain' ? tree.gain[node] : tree.cover[node]) as number;
}
