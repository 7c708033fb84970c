export { fileContent, listSnapshot } from './browse.ts';
export { type CountOptions, countSource, type SourceCount } from './count.ts';
export { type PackOptions, type PackResult, pack } from './pack.ts';
export type { Problem } from './problems.ts';
export {
  type CreateOptions,
  createRepository,
  type OpenOptions,
  Repository,
  type RepositoryPorts,
  repositoryExists,
} from './repository.ts';
export { type RestoreOptions, type RestoreResult, restore } from './restore.ts';
export { treeBytes as directoryBytes } from './sizes.ts';
export { type StatsResult, stats } from './stats.ts';
export { type TarOptions, tarStream } from './tar.ts';
export type { Visited } from './tree-walk.ts';
export { type VerifyOptions, type VerifyResult, verify } from './verify.ts';
