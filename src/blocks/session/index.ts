export { BlockOutput, MAX_DEFAULT_THREADS } from './block-output.ts';
export { type Problem, Problems } from './problems.ts';
export {
  type CreateOptions,
  createRepository,
  type OpenOptions,
  Repository,
  type RepositoryPorts,
  repositoryExists,
} from './repository.ts';
export { directoryBytes, repositoryBytes } from './sizes.ts';
