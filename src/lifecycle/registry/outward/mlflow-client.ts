import {
  type Clock,
  type FileSystem,
  hasCode,
  NodeFileSystem,
  PilotfishError,
  systemClock,
} from '../../../base/index.ts';
import { type ModelFile, modelFilesAt } from './files.ts';
import { type MlflowCredentials, MlflowServer } from './mlflow-server.ts';

export type MlflowClientOptions = MlflowCredentials & {
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
};

type Values = Readonly<Record<string, string | number | boolean>>;

/** A run as it is to be logged. */
export type RunLog = {
  /** Made if need be. */
  readonly experimentName: string;
  readonly runName: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly parameters?: Values;
  readonly tags?: Readonly<Record<string, string>>;
};

/** A run with the file of a model, or a folder of files. */
export type ModelLog = RunLog & { readonly modelPath: string };

export type ExportedRun = {
  readonly experimentId: string;
  readonly runId: string;
  /** The folder of the model among the artifacts of the run. */
  readonly modelUri: string;
};

/** A version as it is to be registered. */
export type ExportedDraft = {
  readonly name: string;
  readonly source: string;
  readonly runId: string;
  readonly description?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
};

type Named = { readonly key: string; readonly value: string };
const TWICE = { isRepeatable: true };
const ONCE = { isRepeatable: false };
/** What one log-batch takes. */
const MAX_METRICS = 1000;
const MAX_PARAMS = 100;
const FOLDER = 'model';

/**
 * A client of a real MLflow server, for what leaves the house: runs with models, and versions of registered models.
 *
 * @example
 * const client = new MlflowClient('https://mlflow.example.org', { token });
 * await client.logModel({
 *   experimentName: 'threat-detection', runName: 'v1.2.0', modelPath: 'model.onnx',
 *   metrics: { accuracy: 0.95 }, parameters: { depth: 6 },
 * });
 */
export class MlflowClient {
  readonly #server: MlflowServer;
  readonly #fs: FileSystem;
  readonly #clock: Clock;

  /** @throws PilotfishError `USAGE` for what is no address of a server. */
  constructor(url: string, options: MlflowClientOptions = {}) {
    const { fs = new NodeFileSystem(), clock = systemClock, signal, ...credentials } = options;
    this.#server = new MlflowServer(url, { credentials, clock, signal });
    this.#fs = fs;
    this.#clock = clock;
  }

  /**
   * Logs a run with its model. One that does not come to its end is marked as failed.
   * @throws PilotfishError as `modelFilesAt` before anything is sent; as `MlflowServer`.
   */
  async logModel({ modelPath, ...run }: ModelLog): Promise<ExportedRun> {
    return this.logFiles(run, modelFilesAt(this.#fs, modelPath));
  }

  /** The same with files that are at hand. @throws PilotfishError as `MlflowServer`, and what the files throw. */
  async logFiles(run: RunLog, files: readonly ModelFile[]): Promise<ExportedRun> {
    const experimentId = await this.#experimentId(run.experimentName);
    const draft = {
      ...{ experiment_id: experimentId, run_name: run.runName, start_time: this.#clock.nowMs() },
      tags: pairsOf(run.tags),
    };
    const { info } = (await this.#server.post('runs/create', draft, ONCE))['run'] as {
      info: { run_id: string; artifact_uri: string };
    };
    try {
      await this.#logValues(info.run_id, run);
      for (const file of files) await this.#server.put(info.artifact_uri, `${FOLDER}/${file.name}`, file);
      await this.#end(info.run_id, 'FINISHED');
    } catch (error) {
      // The first error is the one to be told.
      await this.#end(info.run_id, 'FAILED').catch(() => undefined);
      throw error;
    }
    return { experimentId, runId: info.run_id, modelUri: `${info.artifact_uri}/${FOLDER}` };
  }

  /** Registers a version, and its name if that is new. @returns its number @throws PilotfishError as `MlflowServer`. */
  async registerVersion({ name, source, runId, description, tags }: ExportedDraft): Promise<string> {
    await this.#made(this.#server.post('registered-models/create', { name }, TWICE));
    const draft = { name, source, run_id: runId, description, tags: pairsOf(tags) };
    const made = await this.#server.post('model-versions/create', draft, ONCE);
    return String((made['model_version'] as { version: unknown }).version);
  }

  /** The number of a version of that name with a tag, if there is one. @throws PilotfishError as `MlflowServer`. */
  async findVersion(name: string, { key, value }: Named): Promise<string | undefined> {
    const filter = `tags.\`${key}\` = '${value}'`;
    const found = await this.#server.get('model-versions/search', { filter, max_results: '100' });
    const versions = (found['model_versions'] ?? []) as readonly { name: string; version: unknown }[];
    const version = versions.find((each) => each.name === name)?.version;
    return version === undefined ? undefined : String(version);
  }

  async #experimentId(name: string): Promise<string> {
    return (await this.#findExperiment(name)) ?? (await this.#createExperiment(name));
  }

  async #createExperiment(name: string): Promise<string> {
    await this.#made(this.#server.post('experiments/create', { name }, TWICE));
    const made = await this.#findExperiment(name);
    if (made !== undefined) return made;
    throw new PilotfishError(
      'MISSING',
      `the experiment ${name} was deleted meanwhile: run the command again`,
    );
  }

  async #findExperiment(name: string): Promise<string | undefined> {
    try {
      const { experiment } = await this.#server.get('experiments/get-by-name', { experiment_name: name });
      const { experiment_id: id, lifecycle_stage: stage } = experiment as Readonly<Record<string, unknown>>;
      if (stage !== 'deleted') return String(id);
    } catch (error) {
      if (hasCode(error, 'MISSING')) return undefined;
      throw error;
    }
    throw new PilotfishError(
      'REFUSED',
      `the experiment ${name} is deleted there: restore it, or name another`,
    );
  }

  /** As good when it was there already. */
  async #made(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      if (!hasCode(error, 'EXISTS')) throw error;
    }
  }

  async #logValues(runId: string, { metrics = {}, parameters = {} }: RunLog): Promise<void> {
    const timestamp = this.#clock.nowMs();
    const measured = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp, step: 0 }));
    for (const part of parts(measured, MAX_METRICS))
      await this.#server.post('runs/log-batch', { run_id: runId, metrics: part }, TWICE);
    for (const part of parts(pairsOf(parameters), MAX_PARAMS))
      await this.#server.post('runs/log-batch', { run_id: runId, params: part }, TWICE);
  }

  #end(runId: string, status: 'FINISHED' | 'FAILED'): Promise<unknown> {
    return this.#server.post('runs/update', { run_id: runId, status, end_time: this.#clock.nowMs() }, TWICE);
  }
}

const pairsOf = (record: Values = {}): Named[] =>
  Object.entries(record).map(([key, value]) => ({ key, value: String(value) }));

function* parts<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}
