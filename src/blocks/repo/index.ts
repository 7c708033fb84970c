export { initRepository, isRepository, openSealer, type RepositoryConfig, readConfig } from './config.ts';
export { Layout, packNameOf } from './layout.ts';
export { type Lock, type LockDependencies, type LockMode, livingWriters, takeLock } from './lock.ts';
export { publish } from './publish.ts';
export { type Snapshot, SnapshotStore, type StoredSnapshot } from './snapshot.ts';
