export { type CopyOptions, type CopyResult, copySnapshots } from './copy.ts';
export { type ForgetOptions, type ForgetResult, forget } from './forget.ts';
export { addKey, changePassword, type KeyOptions, removeKey } from './keys.ts';
export { type OptimizeOptions, type OptimizeResult, optimize } from './optimize.ts';
export { type PruneOptions, type PruneResult, prune } from './prune.ts';
export { type RepairOptions, type RepairResult, repair } from './repair.ts';
export type { RetentionRules } from './retention.ts';
