import { basename, resolve } from 'node:path';
import {
  type Clock,
  type FileSystem,
  isObject,
  NodeFileSystem,
  PilotfishError,
  type RandomSource,
  secureBytes,
  systemClock,
} from '../../../base/index.ts';
import { collectGarbage, type GarbageOptions, type GarbageReport } from '../artefacts/garbage.ts';
import { openSigner } from '../artefacts/signer.ts';
import { type ArtefactSource, ArtefactStore } from '../artefacts/store.ts';
import { AuditLog, type Change } from '../audit/log.ts';
import type { RegistryState, Sql } from '../state/port.ts';
import { checkMetadata } from './check.ts';
import type { Core } from './core.ts';
import { GUARDED, type LifeCycle, type ModelStatus, OPEN, type PolicyName } from './life-cycle.ts';
import { type LoadedModel, Loader, type ScrubReport } from './loading.ts';
import { type SignedManifest, signedManifest } from './manifest.ts';
import { hashOfFiles, insertVersion } from './new-version.ts';
import { findModel, findVersion, versionAt } from './records.ts';
import { insertModel, RegisteredModels } from './registered-models.ts';
import { type PromoteOptions, Transitions } from './transitions.ts';
import type { ModelMetadata, ModelVersion, VersionFile, VersionRef } from './types.ts';
import { ModelVersions } from './versions.ts';

export type RegistryOptions = {
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  /** 32 bytes: artefacts are sealed at rest with AES-256-GCM. */
  readonly encryptionKey?: Uint8Array | undefined;
  /** Largest file of an artefact. 4 GiB. */
  readonly maxFileBytes?: number;
  /** Id of the registry, by which others know that a folder of artefacts is not theirs alone. */
  readonly owner?: string | undefined;
  /** Life cycles in place of document 003's and MLflow's. */
  readonly lifeCycles?: Partial<Readonly<Record<PolicyName, LifeCycle>>>;
};

/** A call that takes time and changes something. */
export type ChangeOptions = Change & {
  readonly signal?: AbortSignal;
  /** Runs in the transaction of the change, last: what it throws undoes it. For what must be true at that moment. */
  readonly within?: (sql: Sql, modelId: string) => Promise<void>;
};

/** A file to be stored, by its name within the artefact. */
export type NamedSource = { readonly name: string; readonly content: ArtefactSource };

const MAX_FILE_BYTES = 4 * 1024 ** 3;
const MAX_FILES = 1000;
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._ -]{0,127}(\/[A-Za-z0-9_][A-Za-z0-9._ -]{0,127}){0,7}$/;

/**
 * Models with their versions, files and life. One instance a data directory and process; several processes may share one.
 *
 * @example
 * const registry = new ModelRegistry('/var/ml/models', new SqliteState({ path: '/var/ml/registry.db' }));
 * const modelId = await registry.registerModel(
 *   { name: 'threat-detector', version: 'v1.2.0', algorithm: 'RandomForest', framework: 'scikit-learn' },
 *   createReadStream('model.onnx'),
 * );
 * await registry.promoteModel(modelId, ModelStatus.Testing);
 */
export class ModelRegistry {
  /** Names with their tags and aliases. */
  readonly models: RegisteredModels;
  /** Versions with their tags. */
  readonly versions: ModelVersions;
  /** Statuses, stages, evidence, rollback. */
  readonly transitions: Transitions;
  readonly audit: AuditLog;
  /** Files by hash; also for the artefacts of runs. */
  readonly store: ArtefactStore;
  readonly #core: Core;
  readonly #loader: Loader;

  /** @throws PilotfishError `REFUSED` for a signing key that others may read, `DAMAGED`, `USAGE`, `IO`. */
  constructor(storageDir: string, state: RegistryState, options: RegistryOptions = {}) {
    const { fs = new NodeFileSystem(), clock = systemClock, random = secureBytes } = options;
    const { encryptionKey, maxFileBytes = MAX_FILE_BYTES, lifeCycles = {}, owner } = options;
    const directory = resolve(storageDir);
    this.store = new ArtefactStore({ directory, fs, clock, random, encryptionKey, maxFileBytes, owner });
    const signer = openSigner(fs, directory, random);
    this.audit = new AuditLog(state, signer, clock);
    this.#core = {
      ...{ state, store: this.store, signer, audit: this.audit, clock, random },
      lifeCycles: { guarded: GUARDED, open: OPEN, ...lifeCycles },
    };
    this.models = new RegisteredModels(this.#core);
    this.versions = new ModelVersions(this.#core);
    this.transitions = new Transitions(this.#core);
    this.#loader = new Loader(this.#core);
  }

  /**
   * Stores the file of a model and registers it as a draft; a name that is new gets the policy `guarded`.
   * @param source the file, or several by name
   * @returns the id of the version
   * @throws PilotfishError `EXISTS` for a version text that is taken, `USAGE`, `DAMAGED` for a file that has not the hash
   * the metadata say, `LIMIT`, `INTERRUPTED`, `NO_SPACE`, `IO`.
   */
  async registerModel(
    metadata: ModelMetadata,
    source: ArtefactSource | readonly NamedSource[],
    { signal, within, ...change }: ChangeOptions = {},
  ): Promise<string> {
    checkMetadata(metadata);
    await this.#refuseTaken(metadata);
    const sources = isNamed(source) ? source : [{ name: nameOf(metadata), content: source }];
    const files = await this.#storeAll(sources, signal);
    const hash = hashOfFiles(files);
    if (metadata.fileHash !== undefined && metadata.fileHash !== hash) {
      throw new PilotfishError(
        'DAMAGED',
        `the file has the hash ${hash}, not ${metadata.fileHash}: send it again`,
      );
    }
    return this.#core.state.write(async (sql) => {
      const { name, filePath, fileHash, ...rest } = metadata;
      const model = (await findModel(sql, name)) ?? (await insertModel(this.#core, sql, { name }, change));
      const draft = {
        ...rest,
        files,
        source: filePath ?? `sha256:${hash}`,
        runId: metadata.lineage?.runId ?? '',
      };
      const modelId = await insertVersion(this.#core, sql, [model, draft, change]);
      await within?.(sql, modelId);
      return modelId;
    });
  }

  /** @throws PilotfishError `MISSING`. */
  getModel(modelId: string): Promise<ModelVersion> {
    return this.versions.get({ modelId });
  }

  /** Versions of a name, in a status, or all. */
  listModels(
    filter: { readonly name?: string; readonly status?: ModelStatus } = {},
  ): Promise<ModelVersion[]> {
    return this.versions.list(filter);
  }

  /** @throws PilotfishError as `Transitions.promote`. */
  promoteModel(modelId: string, status: ModelStatus, options: PromoteOptions = {}): Promise<ModelVersion> {
    return this.transitions.promote({ modelId }, status, options);
  }

  /** @throws PilotfishError `MISSING`, `REFUSED`. */
  archiveModel(modelId: string, change: Change = {}): Promise<ModelVersion> {
    return this.transitions.promote({ modelId }, 'archived', change);
  }

  /** @throws PilotfishError as `ModelVersions.delete`. */
  deleteModel(modelId: string, change: Change = {}): Promise<'deleted' | 'archived'> {
    return this.versions.delete({ modelId }, change);
  }

  /** Back to the version in production before this one. @throws PilotfishError as `Transitions.rollback`. */
  rollbackModel(name: string, change: Change = {}): Promise<ModelVersion> {
    return this.transitions.rollback(name, change);
  }

  /** The files of a version, every byte verified now. @throws PilotfishError as `Loader.load`. */
  loadModel(modelId: string | VersionRef): Promise<LoadedModel> {
    return this.#loader.load(typeof modelId === 'string' ? { modelId } : modelId);
  }

  /** The signed manifest of a version. @throws PilotfishError `MISSING`; `REFUSED` for an artefact that lies elsewhere. */
  manifestOf(modelId: string): Promise<SignedManifest> {
    const { state, signer } = this.#core;
    return state.read(async (sql) => signedManifest(sql, signer, await versionAt(sql, { modelId })));
  }

  /** The version in production, or the last good one before it. @throws PilotfishError as `Loader.loadProduction`. */
  loadProduction(name: string): Promise<LoadedModel> {
    return this.#loader.loadProduction(name);
  }

  /** Verifies every artefact, of a name or of all. @throws PilotfishError `INTERRUPTED`, `IO`. */
  verify(options: { readonly name?: string; readonly signal?: AbortSignal } = {}): Promise<ScrubReport> {
    this.store.uploads.removeStale();
    return this.#loader.scrub(options);
  }

  /** Deletes files that nothing names any more. @throws PilotfishError as `collectGarbage`. */
  collectGarbage(options: GarbageOptions = {}): Promise<GarbageReport> {
    return collectGarbage(this.#core, options);
  }

  /** Before a long upload. */
  async #refuseTaken({ name, version }: ModelMetadata): Promise<void> {
    const isTaken = await this.#core.state.read(async (sql) => {
      if ((await findModel(sql, name)) === undefined) return false;
      return (await findVersion(sql, { name, version })) !== undefined;
    });
    if (isTaken)
      throw new PilotfishError('EXISTS', `${name} has a version ${version} already: give another one`);
  }

  async #storeAll(sources: readonly NamedSource[], signal: AbortSignal | undefined): Promise<VersionFile[]> {
    const names = new Set(sources.map(({ name }) => name));
    if (sources.length === 0 || sources.length > MAX_FILES || names.size !== sources.length) {
      throw new PilotfishError('USAGE', `a model has 1 to ${MAX_FILES} files, each with a name of its own`);
    }
    for (const name of names) {
      if (!FILE_NAME.test(name))
        throw new PilotfishError('USAGE', `a file cannot be called ${JSON.stringify(name)}`);
    }
    const files: VersionFile[] = [];
    for (const { name, content } of sources)
      files.push({ name, ...(await this.store.put(content, { signal })) });
    return files;
  }
}

const isNamed = (source: ArtefactSource | readonly NamedSource[]): source is readonly NamedSource[] =>
  Array.isArray(source) && source.every((item) => isObject(item) && 'content' in item);

/** The last part of the path, or `model`. */
function nameOf({ filePath }: ModelMetadata): string {
  const name = basename(filePath ?? '');
  return FILE_NAME.test(name) ? name : 'model';
}
