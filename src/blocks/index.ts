/**
 * The content-addressed store: cut, deduplicate, delta, group, compress, pack; snapshots of directories that restore
 * bit for bit. Ring 2: it knows nothing of models; advisers answer its `questions`.
 *
 * @example
 * const repository = new Repository({ path: '/srv/repo' }, ports, 'write');
 * const { snapshot } = await pack(repository, { paths: [Buffer.from('/srv/work')] });
 */

export {
  AccessHistory,
  AHEAD_SHARE,
  AheadEngine,
  type AskAhead,
  aheadRule,
  bestSlots,
  HistoryAhead,
  type HistoryAheadOptions,
  horizonOf,
  isAheadAnswer,
  type ReadAhead,
  SLOTS as AheadSlots,
  WasteBudget,
} from './ahead/index.ts';
export {
  type CountOptions,
  countSource,
  type PackOptions,
  type PackResult,
  pack,
  type SourceCount,
} from './backup/index.ts';
export {
  BaseAdvice,
  deltaOf,
  hasFeatures,
  paysAtOnce,
  paysBesideAlone,
  paysBesideGroup,
  type Resemblance,
  ResemblanceIndex,
  RunningRatios,
  SMALL_DELTA_SHARE,
  usualDeltaLevel,
} from './bases/index.ts';
export {
  blocksOfFile,
  type Change,
  type Comparison,
  comparePaths,
  type Difference,
  diffSnapshots,
  type Found,
  fileContent,
  findPaths,
  listSnapshot,
  type Visited,
} from './browse/index.ts';
export { type StatsResult, stats, type VerifyOptions, type VerifyResult, verify } from './check/index.ts';
export { cutIntoBlocks, cutWithFeatures } from './chunk/index.ts';
export {
  type CompressedBlock,
  compressBlock,
  probeRatio,
  RATIO_GATE,
  sampleEntropyBits,
} from './codec/index.ts';
export {
  FingerprintIndex,
  type FingerprintOptions,
  type FingerprintProgress,
  type FingerprintRefresh,
  type SimilarBlock,
  type SimilarOptions,
} from './fingerprints/index.ts';
export type {
  AheadQuestion,
  BaseCandidate,
  BaseQuestion,
  BaseReceipt,
  CodecQuestion,
  CodecReceipt,
  CodecSteps,
  GroupQuestion,
  LinkReceipt,
  StoreAdviser,
  StoredReceipt,
} from './questions.ts';
export {
  AHEAD_SLOTS,
  AHEAD_STEP_WIDTH,
  AHEAD_STEPS,
  GROUP_COUNT,
  MAX_AHEAD,
  NEUTRAL_CODEC_QUESTION,
  NEUTRAL_RATIO,
  OPEN_CODEC_QUESTIONS,
  siblingRatioAfter,
} from './questions.ts';
export {
  type AheadCounts,
  type CachedCounts,
  CachedReader,
  type CachedReaderOptions,
  type ReadAheadOptions,
} from './reading/index.ts';
export type { StoredSnapshot } from './repo/index.ts';
export {
  type RestoreOptions,
  type RestoreResult,
  restore,
  type TarOptions,
  tarStream,
} from './restore/index.ts';
export {
  type CreateOptions,
  createRepository,
  directoryBytes,
  MAX_DEFAULT_THREADS,
  type OpenOptions,
  type Problem,
  Repository,
  type RepositoryPorts,
  repositoryExists,
} from './session/index.ts';
export { nameClass, type PathTest, parsePatternFile, pathTest } from './source/index.ts';
export type { TreeEntry } from './tree/index.ts';
export {
  addKey,
  type CopyOptions,
  type CopyResult,
  changePassword,
  copySnapshots,
  type ForgetOptions,
  type ForgetResult,
  forget,
  type KeyOptions,
  type OptimizeOptions,
  type OptimizeResult,
  optimize,
  type PruneOptions,
  type PruneResult,
  prune,
  type RepairOptions,
  type RepairResult,
  type RetentionRules,
  removeKey,
  repair,
} from './upkeep/index.ts';
