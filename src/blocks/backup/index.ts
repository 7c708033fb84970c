export { type CountOptions, countSource, type SourceCount } from './count.ts';
export { type PackOptions, type PackResult, pack } from './pack.ts';
