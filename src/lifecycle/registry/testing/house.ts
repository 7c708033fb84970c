import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { type FileSystem, ManualClock, Rng, seededBytes } from '../../../base/index.ts';
import { ModelRegistry, type RegistryOptions } from '../models/registry.ts';
import type { Evidence, ModelMetadata } from '../models/types.ts';
import { SqliteState } from '../state/sqlite-state.ts';
import { TrackingStore } from '../tracking/tracking.ts';
import { Webhooks } from '../webhooks/webhooks.ts';

/** Where the artefacts of a house in memory lie. */
export const STORAGE = '/models';

/** A registry in memory with a clock that stands still. */
export function house(options: RegistryOptions = {}, fs: FileSystem = new SimFileSystem()) {
  const clock = new ManualClock();
  const random = seededBytes(7);
  const state = new SqliteState({ path: ':memory:', clock });
  const registry = new ModelRegistry(STORAGE, state, { fs, clock, random, ...options });
  const tracking = new TrackingStore(state, registry, { clock, random });
  const { encryptionKey } = options;
  const webhooks = new Webhooks({ state, audit: registry.audit, clock, random, encryptionKey });
  return { clock, fs, state, registry, tracking, webhooks, rng: new Rng(1) };
}

export const metadataOf = (version: string, name = 'threat-detector'): ModelMetadata => ({
  ...{ name, version, algorithm: 'RandomForest', framework: 'scikit-learn' },
});

export const passed = (kind: string): Evidence => ({ kind, passed: true, summary: 'as good as it must be' });

/** Registers a version and takes it to production. @returns its id */
export async function inProduction(
  registry: ModelRegistry,
  version: string,
  content: string,
): Promise<string> {
  const modelId = await registry.registerModel(metadataOf(version), Buffer.from(content));
  await registry.promoteModel(modelId, 'testing');
  await registry.promoteModel(modelId, 'staging', { evidence: [passed('evaluation')] });
  await registry.promoteModel(modelId, 'production', { evidence: [passed('experiment')] });
  return modelId;
}
