import { resolve } from 'node:path';
import { hasCode, PilotfishError } from '../../base/index.ts';
import { modelClassOf } from '../../decisions/index.ts';
import {
  type HotSwap,
  type ModelDescription,
  meaningOf,
  type Prediction,
  type RefreshFailure,
} from './answers.ts';
import { coalesced } from './coalesced.ts';
import { ModelHandle } from './handle.ts';
import { Loader } from './loader.ts';
import { Observer } from './observer.ts';
import { type ModelServerOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { asModelError, labelOf, rowFrom, type ServedFeatures } from './runners/runner.ts';
import { ServedModel, type SwapReport } from './served-model.ts';
import type { ServedVersion } from './served-version.ts';
import { DirectorySource } from './sources/directory-source.ts';
import { readModel } from './sources/read-model.ts';
import { MAX_MODELS, MODEL_NAME, type ModelSource, VERSION_NAME } from './sources/source.ts';
import { VersionManager } from './version-manager.ts';

/**
 * Serves models: loads them when they are first asked for, swaps and rolls back versions while questions are answered.
 * Every answer names its version, and no batch holds questions for two.
 *
 * @example
 * const server = new ModelServer({ modelDir: './models' });
 * server.start();
 * const { label, version } = await server.predict('compression_predictor', features);
 * await server.hotSwapModel('compression_predictor', { newModelPath: './models/compression_v2.pt', newVersion: '2.0.0' });
 * await server.rollbackModel('compression_predictor');
 */
export class ModelServer {
  readonly #options: ResolvedOptions;
  readonly #observer: Observer;
  readonly #refreshMs: number | undefined;
  readonly #source: ModelSource;
  readonly #loader: Loader;
  readonly #models = new Map<string, ServedModel>();
  /** The documents' names of models that are called otherwise. */
  readonly #aliases = new Map<string, string>();
  #isRunning = false;
  readonly #stopWatching: (() => void)[] = [];
  #asked = 0;

  /** @throws PilotfishError `USAGE` for an option that cannot be. */
  constructor(options: ModelServerOptions = {}) {
    this.#options = resolveOptions(options);
    this.#refreshMs = options.refreshMs;
    const { fs, clock, modelDir } = this.#options;
    this.#observer = new Observer(options.monitor, clock);
    this.#source = options.source ?? new DirectorySource(fs, resolve(modelDir));
    this.#loader = new Loader({
      ...this.#options,
      worth: (version) => this.#models.get(version.model)?.worth(version),
    });
  }

  /**
   * Lists the models; each is loaded when it is first asked for, or by `load`. One that cannot be listed is left out and
   * logged. @throws PilotfishError as the source, when it cannot even name its models.
   */
  start(): void {
    if (this.#isRunning) return;
    for (const name of this.#source.names()) {
      try {
        this.#list(name);
      } catch (error) {
        this.#fail(name, error);
      }
    }
    this.#isRunning = true;
    const refresh = (): void => void this.refresh().catch((error: unknown) => this.#fail('all', error));
    if (this.#refreshMs !== undefined) {
      this.#stopWatching.push(this.#options.clock.every(this.#refreshMs, refresh));
    }
    const stop = this.#source.watch?.(this.#follower());
    if (stop !== undefined) this.#stopWatching.push(stop);
  }

  /** Takes no more questions, answers those that wait, and lets go of every model. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const stop of this.#stopWatching.splice(0)) stop();
    const models = [...this.#models.values()];
    this.#models.clear();
    this.#aliases.clear();
    await Promise.all(models.map((model) => model.close()));
  }

  /** Names of all models. */
  get names(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** Bytes of the files of all that is loaded. */
  get memoryBytes(): number {
    return this.#loader.bytes;
  }

  /**
   * Answers features by the current version, or the one that is named, and loads it first if need be.
   * @throws PilotfishError `MISSING` for a model or version that is not served, `USAGE`, `SHAPE` or `NOT_FINITE` for
   * features, `LIMIT` when too many wait or a foreign model takes too long, `NOT_FINITE` or `INTERNAL` for a model that
   * answers NaN or throws, and as the load.
   */
  async predict(
    name: string,
    features: ServedFeatures,
    { version }: { readonly version?: string } = {},
  ): Promise<Prediction> {
    const model = this.#find(name);
    const sinceMs = this.#observer.nowMs();
    let found = model.find(version);
    // Once loaded it may be let go before its turn: then it is loaded again.
    while (found?.loaded === undefined) {
      found = await this.#observer.failure(model, sinceMs, this.#ready(model, version));
    }
    const { runner, batcher, signature } = found.loaded;
    const row = rowFrom(features, runner, signature);
    this.#asked += 1;
    found.lastAsked = this.#asked;
    const values = await this.#observer.answer(model, sinceMs, batcher.ask(row));
    return { model: model.name, version: found.version, values, label: labelOf(values, signature) };
  }

  /** A model to be asked within this process, loaded. @throws PilotfishError as `load`. */
  async open(name: string): Promise<ModelHandle> {
    const model = this.#find(name);
    const handle = new ModelHandle(model);
    try {
      await this.load(name);
      return handle;
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  /** Loads a version, the current one unless named. @throws PilotfishError for what cannot be served. */
  async load(name: string, version?: string): Promise<void> {
    await this.#ready(this.#find(name), version);
  }

  /**
   * Lets go of a model, when those who wait have their answers; the next question loads it again.
   * @throws PilotfishError `USAGE` while a handle is open.
   */
  async unload(name: string): Promise<void> {
    const model = this.#find(name);
    if (model.holds > 0) throw new PilotfishError('USAGE', `${name} is held by a handle; close that first`);
    await model.unload();
  }

  /**
   * Loads and warms up the model at a path, and only then makes it the current version; until then, and for questions
   * asked before, the old one answers.
   * @throws PilotfishError for what cannot be served, `EXISTS` for a version that is another model's, `REFUSED` where a
   * recorded answer differs or a policy fixes the version. The old version then keeps serving.
   */
  async hotSwapModel(name: string, { newModelPath, newVersion }: HotSwap): Promise<SwapReport> {
    this.#requireRunning();
    const path = resolve(newModelPath);
    const open = (): ReturnType<typeof readModel> => readModel(this.#options.fs, path);
    const version = newVersion ?? open().manifest?.version;
    if (version === undefined || !VERSION_NAME.test(version)) {
      throw new PilotfishError('USAGE', 'give newVersion: letters, digits and . _ + -');
    }
    const model = this.#lookUp(name) ?? this.#newModel(name);
    this.#add(model);
    try {
      const report = await model.swap(version, open);
      this.#observer.version(model);
      return report;
    } finally {
      // A model that has never had a version is none.
      if (model.current === undefined) this.#models.delete(model.name);
      else this.#add(model);
    }
  }

  /** Goes back to what was current before the last promotion. @throws PilotfishError `MISSING`, and as the load. */
  async rollbackModel(name: string): Promise<SwapReport> {
    const model = this.#find(name);
    const report = await model.rollback();
    this.#observer.version(model);
    return report;
  }

  /**
   * Looks for new models and versions, of one model or all, and makes the newest of those never seen before current.
   * @returns what went wrong. @throws PilotfishError as the source, when it cannot name its models.
   */
  async refresh(name?: string): Promise<readonly RefreshFailure[]> {
    this.#requireRunning();
    const names = name === undefined ? new Set([...this.#source.names(), ...this.#models.keys()]) : [name];
    const failures: RefreshFailure[] = [];
    for (const each of names) {
      try {
        const fresh = this.#list(each);
        const model = this.#models.get(each);
        if (fresh === undefined || model === undefined) continue;
        await model.promote(fresh);
        this.#observer.version(model);
      } catch (error) {
        failures.push({ model: each, error: this.#fail(each, error) });
      }
    }
    return failures;
  }

  /** @throws PilotfishError `MISSING`. */
  describe(name: string, version?: string): ModelDescription {
    const model = this.#find(name);
    const isReady = (each: string): boolean => model.find(each)?.loaded !== undefined;
    const loaded = model.find(version)?.loaded;
    return {
      name: model.name,
      current: model.current?.version ?? null,
      versions: model.versions.served.map((each) => ({ version: each, isReady: isReady(each) })),
      loaded: loaded === undefined ? null : meaningOf(loaded),
    };
  }

  async #ready(model: ServedModel, version: string | undefined): Promise<ServedVersion> {
    const ready = await model.ready(version);
    this.#observer.version(model);
    return ready;
  }

  #fail(name: string, error: unknown): PilotfishError {
    const known = asModelError(error, name);
    this.#options.log.write('warn', known.message, { model: name, code: known.code });
    return known;
  }

  /** Lists one model. @returns the version to promote, where a new one has come. */
  #list(name: string): string | undefined {
    const known = this.#models.get(name);
    const model = known ?? this.#newModel(name);
    const fresh = model.list(this.#source);
    if (known === undefined && model.current !== undefined) this.#add(model);
    // A handle keeps it, to answer again should it come back.
    if (model.isWithdrawn && model.holds === 0) this.#models.delete(name);
    return fresh;
  }

  /** Follows what a source tells: one refresh a name at a time, and one more after it for whatever came meanwhile. */
  #follower(): (name: string) => void {
    const byName = new Map<string, () => Promise<void>>();
    return (name) => {
      const refresh = byName.get(name) ?? coalesced(async () => void (await this.refresh(name)));
      byName.set(name, refresh);
      refresh().catch((error: unknown) => this.#fail(name, error));
    };
  }

  /** @throws PilotfishError `USAGE` for what cannot be a name, `LIMIT`. */
  #newModel(name: string): ServedModel {
    if (!MODEL_NAME.test(name)) {
      throw new PilotfishError('USAGE', 'a model is named by 1 to 64 letters, digits and . _ -');
    }
    if (this.#models.size >= MAX_MODELS) {
      throw new PilotfishError('LIMIT', `${MAX_MODELS} models are served already; serve fewer`);
    }
    const { policy, policies } = this.#options;
    const own = Object.hasOwn(policies, name) ? policies[name] : undefined;
    return new ServedModel(name, new VersionManager(own ?? policy), this.#loader);
  }

  #add(model: ServedModel): void {
    this.#models.set(model.name, model);
    try {
      this.#aliases.set(modelClassOf(model.name).modelName, model.name);
    } catch (error) {
      // Not one of the documents.
      if (!hasCode(error, 'USAGE')) throw error;
    }
  }

  #lookUp(name: string): ServedModel | undefined {
    return this.#models.get(name) ?? this.#models.get(this.#aliases.get(name) ?? '');
  }

  #find(name: string): ServedModel {
    const model = this.#lookUp(name);
    if (model !== undefined) return model;
    this.#requireRunning();
    throw new PilotfishError(
      'MISSING',
      `there is no model "${name}" here; register or train it, then refresh`,
    );
  }

  #requireRunning(): void {
    if (!this.#isRunning) throw new PilotfishError('USAGE', 'the model server does not run; start() it');
  }
}
