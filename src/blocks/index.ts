/**
 * The content-addressed store: cut, deduplicate, delta, group, compress, pack; snapshots of directories that restore
 * bit for bit. Ring 2: it knows nothing of models; advisers answer its `questions`.
 *
 * @example
 * const repository = new Repository({ path: '/srv/repo' }, ports, 'write');
 * const { snapshot } = await pack(repository, { paths: [Buffer.from('/srv/work')] });
 */
export { type CompressedBlock, compressBlock } from './codec/index.ts';
export {
  type CountOptions,
  type CreateOptions,
  countSource,
  createRepository,
  directoryBytes,
  fileContent,
  listSnapshot,
  type OpenOptions,
  type PackOptions,
  type PackResult,
  type Problem,
  pack,
  Repository,
  type RepositoryPorts,
  type RestoreOptions,
  type RestoreResult,
  repositoryExists,
  restore,
  type SourceCount,
  type StatsResult,
  stats,
  type TarOptions,
  tarStream,
  type VerifyOptions,
  type VerifyResult,
  type Visited,
  verify,
} from './ops/index.ts';
export type { BaseCandidate, BaseQuestion, CodecQuestion, GroupQuestion, StoreAdviser } from './questions.ts';
export { GROUP_COUNT } from './questions.ts';
export type { StoredSnapshot } from './repo/index.ts';
export { type PathTest, parsePatternFile, pathTest } from './source/index.ts';
export type { TreeEntry } from './tree/index.ts';
