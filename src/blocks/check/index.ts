export { type StatsResult, stats } from './stats.ts';
export { type VerifyOptions, type VerifyResult, verify } from './verify.ts';
