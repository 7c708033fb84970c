/** Ring 0: what every other room may lean on. */
export { areObjects, areTexts, assert, isObject, must, need } from './assert.ts';
export { type Clock, isoTime, ManualClock, systemClock } from './clock.ts';
export {
  asRepositoryError,
  ERROR_CODES,
  type ErrorCode,
  errnoOf,
  hasCode,
  PilotfishError,
  quieten,
} from './errors.ts';
export { FastRng, type FastRngState } from './fast-rng.ts';
export {
  type ByteRange,
  closeReader,
  exists,
  type FileKind,
  type FileStat,
  type FileSystem,
  type FsPath,
  makeDirectories,
  type OpenMode,
  readAt,
  readSmallFile,
  writeAll,
  type Xattr,
} from './file-system.ts';
export { freeBytes } from './free-bytes.ts';
export { sha256, sha256Hex } from './hash.ts';
export { type Host, systemHost } from './host.ts';
export * from './limits.ts';
export { type Log, type LogLevel, silentLog } from './log.ts';
export { MemoryMetrics, type Metrics } from './metrics.ts';
export { NodeFileSystem } from './node-file-system.ts';
export { type RandomSource, Rng, secureBytes, seededBytes } from './rng.ts';
