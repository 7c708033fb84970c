export { accessError } from './access.ts';
export {
  completeDirectories,
  initRepository,
  isRepository,
  MAX_KEY_SLOTS,
  openSealer,
  type RepositoryConfig,
  readConfig,
  rewriteConfig,
  unlock,
} from './config.ts';
export { doomedNames, readDoomed, writeDoomed } from './doomed.ts';
export { Layout, packNameOf, temporaryWriter } from './layout.ts';
export { type Lock, type LockMode, leftovers, takeLock } from './lock.ts';
export { publish, removeQuietly } from './publish.ts';
export { type Snapshot, SnapshotStore, type StoredSnapshot } from './snapshot.ts';
