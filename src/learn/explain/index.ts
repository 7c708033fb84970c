/** Why a model answered as it did: any model that can be asked, and boosted trees exactly. */
export { type KernelShapQuery, kernelShap, type ShapValues } from './kernel-shap.ts';
export { type LimeQuery, type LocalModel, lime } from './lime.ts';
export {
  type PermutationImportance,
  type PermutationQuery,
  permutationImportance,
} from './permutation-importance.ts';
export type { ExplanationQuery, PredictFunction } from './predictor.ts';
export { TreeShap } from './tree-shap.ts';
