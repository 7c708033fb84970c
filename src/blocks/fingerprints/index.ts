export { FingerprintIndex, type FingerprintRefresh, type SimilarOptions } from './fingerprint-index.ts';
export type { SimilarBlock } from './fingerprint-table.ts';
export type { FingerprintOptions, FingerprintProgress } from './new-blocks.ts';
