/**
 * The library's door: a content-addressed store for directories.
 *
 * @example
 * import { createRepository, nodePorts, pack, Repository, restore } from 'pilotfish';
 *
 * const ports = nodePorts();
 * createRepository({ path: '/backup/repo' }, ports);
 * const repository = new Repository({ path: '/backup/repo' }, ports, 'write');
 * try {
 *   const { snapshot, bytesStored } = await pack(repository, { paths: [Buffer.from('/data/photos')] });
 *   console.log(snapshot, bytesStored);
 *   await restore(repository, { snapshot: 'latest', target: '/tmp/back' });
 * } finally {
 *   repository.close();
 * }
 */
import { availableParallelism } from 'node:os';
import { NodeFileSystem, secureBytes, silentLog, systemClock, systemHost } from './base/index.ts';
import { MAX_DEFAULT_THREADS, type RepositoryPorts } from './blocks/index.ts';

export {
  type ByteRange,
  type Clock,
  ERROR_CODES,
  type ErrorCode,
  type FileKind,
  type FileStat,
  type FileSystem,
  type FsPath,
  GIB,
  type Host,
  hasCode,
  KIB,
  type Log,
  type LogLevel,
  MemoryMetrics,
  type Metrics,
  MIB,
  NodeFileSystem,
  type OpenMode,
  PilotfishError,
  type RandomSource,
  secureBytes,
  silentLog,
  systemClock,
  systemHost,
  type Xattr,
} from './base/index.ts';
export * from './blocks/index.ts';
export {
  CompressionPredictor,
  type CompressionPredictorOptions,
  DeduplicationOptimizer,
  EpochModel,
  type HistoricalBlock,
  type LabelledSamples,
  type ModelClass,
  PakitMLModel,
  PrefetchEngine,
  type Provenance,
} from './decisions/index.ts';
export * from './facades/index.ts';
export * from './lifecycle/index.ts';

/**
 * The parts a repository runs on, as this machine offers them: its files, clock and chance, SQLite for the index, no
 * log. Give parts of your own to replace them; `cacheDirectory` makes a second `pack` skip files that did not change.
 */
export function nodePorts(own: Partial<RepositoryPorts> = {}): RepositoryPorts {
  return {
    fs: new NodeFileSystem(),
    clock: systemClock,
    host: systemHost,
    random: secureBytes,
    log: silentLog,
    index: 'sqlite',
    threads: Math.min(availableParallelism(), MAX_DEFAULT_THREADS),
    ...own,
  };
}
