import { hasCode, type Log, PilotfishError } from '../../base/index.ts';
import { MANIFEST_NAME, parseManifest } from '../../decisions/index.ts';
import {
  lastEvent,
  type ModelServer,
  type ModelSource,
  type ModelVersion,
  type RegistryDirectory,
  type SourcedModel,
} from '../../lifecycle/index.ts';

/** Names that can be served; the registry allows more. */
const SERVED_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * The versions in production as a source of models: each by its number. A version whose artefact is damaged gives way to
 * the last good one before it.
 */
export class RegistrySource implements ModelSource {
  readonly #directory: RegistryDirectory;
  #current: ReadonlyMap<string, ModelVersion> = new Map();

  constructor(directory: RegistryDirectory) {
    this.#directory = directory;
  }

  names(): string[] {
    return [...this.#current.keys()];
  }

  versions(name: string): string[] {
    const version = this.#current.get(name);
    return version === undefined ? [] : [String(version.number)];
  }

  current(name: string): string | undefined {
    return this.versions(name)[0];
  }

  /** The version of a name that answers where none is named; undefined when none is in production. */
  find(name: string): ModelVersion | undefined {
    return this.#current.get(name);
  }

  async open(name: string, version: string): Promise<SourcedModel> {
    const { files, version: loaded } = await this.#directory.registry.loadModel({ name, version });
    const manifest = files.get(MANIFEST_NAME);
    const rest = [...files].filter(([file]) => file !== MANIFEST_NAME);
    const digest = loaded.fileHash ?? '';
    if (manifest !== undefined) return { files: new Map(rest), manifest: parseManifest(manifest), digest };
    return {
      files: new Map(rest.map(([file, content]) => [servedName(file), content])),
      manifest: null,
      digest,
    };
  }

  /** Reads anew what is in production. */
  async look(): Promise<void> {
    const { registry } = this.#directory;
    const current = new Map<string, ModelVersion>();
    for (const version of await registry.listModels({ status: 'production' })) {
      if (!SERVED_NAME.test(version.name) || version.files.length === 0) continue;
      const other = current.get(version.name);
      if (other === undefined || isLater(version, other)) current.set(version.name, version);
    }
    for (const [name, version] of current) {
      if (version.health !== 'damaged') continue;
      const good = await lastGood(this.#directory, name);
      if (good === undefined) current.delete(name);
      else current.set(name, good);
    }
    this.#current = current;
  }
}

/** Open names may have several in production: the one that came last answers. */
const isLater = (a: ModelVersion, b: ModelVersion): boolean =>
  a.updatedMs > b.updatedMs || (a.updatedMs === b.updatedMs && a.number > b.number);

async function lastGood({ registry }: RegistryDirectory, name: string): Promise<ModelVersion | undefined> {
  try {
    return (await registry.loadProduction(name)).version;
  } catch (error) {
    if (hasCode(error)) return undefined;
    throw error;
  }
}

/** Foreign models are told by their ending, whatever they are called. */
function servedName(file: string): string {
  if (file.endsWith('.onnx')) return 'model.onnx';
  return file.endsWith('.json') && !file.endsWith('golden.json') ? 'model.json' : file;
}

export type FollowerOptions = {
  readonly directory: RegistryDirectory;
  readonly source: RegistrySource;
  readonly server: ModelServer;
  readonly log: Log;
};

/** Makes the model server serve what is in production: after every change here, and of other processes within a second. */
export class Follower {
  readonly #options: FollowerOptions;
  #seen = -1;
  #running: Promise<void> | undefined;
  #isStale = true;
  /** By name, what was last tried: the same is not tried, nor complained of, again. */
  readonly #tried = new Map<string, string>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Resolves when what was in production at the call is served, or a problem with it was logged. */
  async follow(): Promise<void> {
    this.#isStale = true;
    // One look at a time; who comes while one runs waits for the next.
    while (this.#isStale) {
      this.#running ??= this.#once().finally(() => {
        this.#running = undefined;
      });
      await this.#running;
    }
  }

  /** The same, if anything happened since. */
  async glance(): Promise<void> {
    if ((await lastEvent(this.#options.directory.state)) !== this.#seen) await this.follow();
  }

  async #once(): Promise<void> {
    const { directory, source, server, log } = this.#options;
    this.#isStale = false;
    this.#seen = await lastEvent(directory.state);
    await source.look();
    for (const name of source.names()) {
      const wanted = source.find(name)?.modelId ?? '';
      if (this.#tried.get(name) === wanted) continue;
      this.#tried.set(name, wanted);
      try {
        await this.#serve(server, name);
      } catch (error) {
        if (!hasCode(error)) throw error;
        log.write('warn', error.message, { model: name, code: error.code });
      }
    }
  }

  async #serve(server: ModelServer, name: string): Promise<void> {
    const { source } = this.#options;
    try {
      const [failure] = await server.refresh(name);
      if (failure !== undefined) throw failure.error;
      await server.load(name);
    } catch (error) {
      // Found damaged just now: the registry knows the one before.
      if (hasCode(error, 'DAMAGED', 'TAMPERED', 'MISSING'))
        this.#isStale = source.find(name)?.health === 'verified';
      throw error;
    }
    const wanted = source.current(name);
    if (server.describe(name).current !== wanted) {
      throw new PilotfishError(
        'DAMAGED',
        `${name} ${wanted} cannot be served: what was served before still is`,
      );
    }
  }
}
