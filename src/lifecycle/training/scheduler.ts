import { resolve } from 'node:path';
import {
  type Clock,
  exists,
  type FileSystem,
  hasCode,
  makeDirectories,
  NodeFileSystem,
  PilotfishError,
  systemClock,
} from '../../base/index.ts';
import { type EpochModel, loadArtefact, modelClassOf, saveArtefact } from '../../decisions/index.ts';
import { numberWithin } from '../../learn/index.ts';
import { TrainingDataset } from '../dataset/index.ts';
import { TelemetryCollector } from '../telemetry/index.ts';
import { TrainingConfig, type TrainingOptions } from './config.ts';
import { evaluationGate, type GateVerdict } from './gate.ts';
import { checkSchedule, firstDueMs, type JobSchedule, JobStore, nextDueMs, type StoredJob } from './jobs.ts';
import { TELEMETRY_QUASI_IDENTIFIERS, telemetryDataset } from './telemetry-data.ts';
import { ModelTrainer, samplesOf, type TrainerPorts, type TrainingMetrics } from './trainer.ts';

/** A training that comes back. */
export type JobRequest = {
  /** The documents' name or the room's. */
  readonly modelName: string;
  /** A saved data set (`.json`, `.parquet`) or a telemetry database (`.db`). */
  readonly datasetPath: string;
  /** Where its checkpoint and its latest result lie. */
  readonly checkpointPath: string;
  readonly schedule: JobSchedule;
  /** The highest runs first. 1. */
  readonly priority?: number;
  /** Of the training; `checkpointDir` is the job's own. */
  readonly config?: Omit<TrainingOptions, 'checkpointDir'>;
  readonly modelOptions?: EpochModel['options'];
  /** Whether no sample of the data set is real; then `realPath` says on which real ones it is judged. */
  readonly synthetic?: boolean;
  readonly realPath?: string;
};

/** What became of a job. */
export type JobOutcome = {
  readonly modelName: string;
  readonly metrics: TrainingMetrics;
  /** Whether it is now the artefact in `models/ROOM`, and why. */
  readonly gate: GateVerdict;
};

export type SchedulerOptions = {
  /** Where jobs are kept. `./training.db`. */
  readonly dbPath?: string;
  /** The artefacts of the rooms. `./models`. */
  readonly modelsDir?: string;
  readonly ports?: TrainerPorts;
};

const DAY_MS = 86_400_000;
/** Where the latest result lies below the checkpoint path. */
const RESULT_DIRECTORY = 'model';

/**
 * Trains models when their time has come. Jobs are kept in SQLite; `runNextJob` trains the one that is due, puts the
 * result beside its checkpoint, and only what passes the evaluation gate in `models/ROOM`.
 *
 * @example
 * const scheduler = new TrainingScheduler();
 * scheduler.scheduleJob({ modelName: 'compression_predictor', datasetPath: './blocks.json', checkpointPath: './checkpoints/codec', schedule: 'daily' });
 * const job = await scheduler.runNextJob();
 */
export class TrainingScheduler {
  readonly #store: JobStore;
  readonly #modelsDir: string;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #ports: TrainerPorts;

  constructor({ dbPath = './training.db', modelsDir = './models', ports = {} }: SchedulerOptions = {}) {
    this.#fs = ports.fs ?? new NodeFileSystem();
    this.#clock = ports.clock ?? systemClock;
    this.#ports = ports;
    this.#modelsDir = resolve(modelsDir);
    this.#store = new JobStore(resolve(dbPath));
  }

  /**
   * Keeps a job; one for the same model and data set is replaced. It is due at once, but for `sunday-02:00`.
   * @returns its number @throws PilotfishError `USAGE` for a model, schedule, priority or option that is none.
   */
  scheduleJob(request: JobRequest): number {
    const { modelName, datasetPath, schedule, priority = 1, config = {} } = request;
    modelClassOf(modelName);
    checkSchedule(schedule);
    numberWithin('priority', priority, [-1e6, 1e6]);
    new TrainingConfig(config);
    if (!/\.(json|parquet|db)$/.test(datasetPath)) {
      throw new PilotfishError('USAGE', `${datasetPath} ends neither in .json, .parquet nor .db`);
    }
    const paths = {
      datasetPath: resolve(datasetPath),
      checkpointPath: resolve(request.checkpointPath),
      ...(request.realPath === undefined ? {} : { realPath: resolve(request.realPath) }),
    };
    const kept: JobRequest = { ...request, ...paths };
    return this.#store.put({
      ...{ modelName, datasetPath: paths.datasetPath, request: kept, schedule, priority },
      dueMs: firstDueMs(schedule, this.#clock.nowMs()),
    });
  }

  /**
   * Trains the job that is due: the highest priority first, then the one that waits longest. Null when none is. A job that
   * failed is due again at its next time.
   * @throws PilotfishError as the data set, the trainer and the file system.
   */
  async runNextJob({ signal }: { readonly signal?: AbortSignal } = {}): Promise<JobOutcome | null> {
    const nowMs = this.#clock.nowMs();
    for (const job of this.#store.due(nowMs)) {
      if (!this.#isWanted(job, nowMs)) {
        this.#store.setDue(job.id, nextDueMs(job.schedule, nowMs));
        continue;
      }
      try {
        return await this.#run(job.request as JobRequest, signal);
      } finally {
        // One that was stopped stays due: its checkpoint lets it go on.
        if (signal?.aborted !== true) this.#store.setDue(job.id, nextDueMs(job.schedule, nowMs));
      }
    }
    return null;
  }

  close(): void {
    this.#store.close();
  }

  /** A job by age waits until the serving model is old enough, or gone. */
  #isWanted({ schedule, modelName }: StoredJob, nowMs: number): boolean {
    if (typeof schedule !== 'object') return true;
    const { room } = new (modelClassOf(modelName))({ name: modelName });
    try {
      const { manifest } = loadArtefact(this.#fs, `${this.#modelsDir}/${room}`);
      return nowMs - Date.parse(manifest.date) > schedule.olderThanDays * DAY_MS;
    } catch (error) {
      if (hasCode(error)) return true;
      throw error;
    }
  }

  async #run(request: JobRequest, signal: AbortSignal | undefined): Promise<JobOutcome> {
    const { modelName, datasetPath, checkpointPath, synthetic = false } = request;
    const isTelemetry = datasetPath.endsWith('.db');
    const dataset = isTelemetry
      ? this.#telemetry(datasetPath)
      : await TrainingDataset.load(datasetPath, this.#fs);
    const [trainData, valData, testData] = dataset.split({ duplicates: 'drop' });
    const modelClass = modelClassOf(modelName);
    const model = new modelClass({ name: modelName }, (request.modelOptions ?? {}) as never);
    const config = new TrainingConfig({ ...request.config, checkpointDir: checkpointPath });
    const metrics = await new ModelTrainer(config, this.#ports).train({
      ...{ model, trainData, valData, synthetic },
      // What telemetry logged may well have been chosen by a rule of one number.
      quality: { siblings: [testData], ...(isTelemetry ? { singleFeatureSkillMax: 1 } : {}) },
      ...(signal === undefined ? {} : { signal }),
      // No ledger: nothing is charged where no noise is drawn, since no epsilon would be true of the result.
      ...(isTelemetry
        ? { telemetry: { quasiIdentifiers: TELEMETRY_QUASI_IDENTIFIERS, whole: dataset } }
        : {}),
    });
    const { realPath } = request;
    const real = realPath === undefined ? undefined : await TrainingDataset.load(realPath, this.#fs);
    const directory = `${this.#modelsDir}/${model.room}`;
    const judged = real ?? valData;
    const [learnt, heldOut, { groups }] = [samplesOf(trainData), samplesOf(judged), judged.table];
    const isReal = !synthetic || real !== undefined;
    const gate = evaluationGate({
      ...{
        candidate: model,
        modelClass,
        directory,
        fs: this.#fs,
        trainData: learnt,
        heldOut,
        groups,
        isReal,
      },
    });
    if (model.provenance !== undefined) {
      const figures = { ...model.provenance.metrics, ...gate.figures };
      model.provenance = { ...model.provenance, metrics: figures };
    }
    this.#keep(model, checkpointPath, gate.passed ? directory : undefined);
    return { modelName, metrics, gate };
  }

  #telemetry(dbPath: string): TrainingDataset {
    if (!exists(this.#fs, dbPath)) throw new PilotfishError('MISSING', `there is no telemetry in ${dbPath}`);
    const collector = new TelemetryCollector({ dbPath });
    try {
      return telemetryDataset(collector);
    } finally {
      collector.close();
    }
  }

  /** The result beside its checkpoint; in the room only when the gate let it through. */
  #keep(model: EpochModel, checkpointPath: string, room: string | undefined): void {
    const version = String(this.#clock.nowMs());
    const draft = model.draft({ version, clock: this.#clock, command: 'pilotfish schedule' });
    const result = `${checkpointPath}/${RESULT_DIRECTORY}`;
    for (const directory of room === undefined ? [result] : [result, room]) {
      makeDirectories(this.#fs, directory);
      saveArtefact(this.#fs, directory, draft);
    }
  }
}
