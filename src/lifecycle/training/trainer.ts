import { resolve } from 'node:path';
import {
  asRepositoryError,
  type Clock,
  exists,
  type FileSystem,
  makeDirectories,
  NodeFileSystem,
  PilotfishError,
  readSmallFile,
  systemClock,
} from '../../base/index.ts';
import {
  type EpochModel,
  type LabelledSamples,
  type Provenance,
  replaceFile,
} from '../../decisions/index.ts';
import type { PrivacyCharge, PrivacyLedger } from '../../learn/index.ts';
import {
  checkTrainable,
  kAnonymityCheck,
  type QualityFinding,
  type QualityOptions,
  requireQuality,
  type TrainingDataset,
} from '../dataset/index.ts';
import { type Advice, adviceOn } from './advice.ts';
import { TrainingConfig, type TrainingOptions } from './config.ts';
import {
  type EpochMetrics,
  type EpochStep,
  identityOf,
  isCheckpointOf,
  type JobResult,
  type TrainingJob,
} from './run.ts';
import { SummaryWriter } from './summary-writer.ts';
import { runHere, runInWorker } from './thread.ts';

/** What protects the people telemetry is about; required when samples come from telemetry. */
export type TelemetryProtection = {
  /** Columns by which someone might be recognised. */
  readonly quasiIdentifiers: readonly string[];
  /** Samples that must agree in all of them. 5. */
  readonly k?: number;
  /** What the parts were split from: people hide among all of it. The training part unless given. */
  readonly whole?: TrainingDataset;
  /** Pays `charge`, the budget this training spends, before anything is learnt. */
  readonly ledger?: PrivacyLedger;
  readonly charge?: PrivacyCharge;
};

/** What is trained, on what. */
export type TrainRequest = {
  readonly model: EpochModel;
  readonly trainData: TrainingDataset;
  /** With it training stops early and the best weights are kept. */
  readonly valData?: TrainingDataset;
  /** Hears of every epoch. */
  readonly onEpoch?: (metrics: EpochMetrics) => void;
  /** Stops the training; the model is then what it was, and the checkpoint stays. */
  readonly signal?: AbortSignal;
  /** Rules of the quality gate beside the usual ones. */
  readonly quality?: QualityOptions;
  readonly telemetry?: TelemetryProtection;
  /** Whether no sample is real: the model is marked so. */
  readonly synthetic?: boolean;
};

/** How a training went. */
export type TrainingMetrics = {
  /** On the validation part, or on the training part without one; of the weights that were kept. */
  readonly accuracy: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  /** Epochs done, counting those before a resume. */
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly stopped: 'epochs' | 'patience' | 'caller' | 'diverged';
  /** Epochs a checkpoint brought; 0 for a fresh start. */
  readonly resumedFrom: number;
  readonly device: { readonly requested: 'cpu' | 'cuda' | 'auto'; readonly ran: 'cpu' };
  readonly precision: 'float32';
  readonly history: readonly EpochMetrics[];
  /** What the quality gate found worth a look. */
  readonly findings: readonly QualityFinding[];
  readonly advice: readonly Advice[];
};

/** The parts of the machine a trainer needs; this machine's unless given. */
export type TrainerPorts = {
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  /** `worker`: this thread stays free. `inline`: no thread is started. Same weights. `worker`. */
  readonly thread?: 'worker' | 'inline';
};

const CHECKPOINT_FILE = 'checkpoint.safetensors';
const MAX_CHECKPOINT_BYTES = 1024 * 1024 * 1024;

/**
 * Trains models by the book: a quality gate first, early stopping, a checkpoint after every epoch from which a killed
 * training goes on bit for bit, curves for TensorBoard, a thread of its own. Same data, model and configuration, same
 * weights.
 *
 * @example
 * const trainer = new ModelTrainer(new TrainingConfig({ numEpochs: 50, earlyStoppingPatience: 3 }));
 * const { accuracy } = await trainer.train({ model, trainData, valData });
 */
export class ModelTrainer {
  readonly config: TrainingConfig;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #thread: 'worker' | 'inline';

  /** @throws PilotfishError as `TrainingConfig`. */
  constructor(config: TrainingConfig | TrainingOptions = {}, ports: TrainerPorts = {}) {
    this.config = config instanceof TrainingConfig ? config : new TrainingConfig(config);
    this.#fs = ports.fs ?? new NodeFileSystem();
    this.#clock = ports.clock ?? systemClock;
    this.#thread = ports.thread ?? 'worker';
  }

  /**
   * Trains `model`, which changes only when all went well.
   * @throws PilotfishError `REFUSED` for a test part, data the quality gate does not let through, telemetry that is not
   * k-anonymous or whose budget is spent; `INTERRUPTED` by the signal; `NOT_FINITE` when it diverges; `DAMAGED` for a
   * checkpoint that is none.
   */
  async train(request: TrainRequest): Promise<TrainingMetrics> {
    const { model, trainData, valData } = request;
    const findings = checkData(request);
    const job = this.#job(request);
    // The budget is charged last: a training that is refused has looked at nothing.
    const privacy = chargePrivacy(request.telemetry);
    const startedMs = this.#clock.monotonicMs();
    const { logDir } = this.config;
    const ports = { fs: this.#fs, clock: this.#clock };
    const writer = logDir === null ? undefined : new SummaryWriter(`${logDir}/${model.config.name}`, ports);
    let result: JobResult;
    try {
      result = await (this.#thread === 'inline' ? runHere : runInWorker)(job, {
        onEpoch: (step) => this.#note(step, writer, request.onEpoch),
        signal: request.signal,
        turn: () => this.#clock.turn(),
      });
    } finally {
      writer?.close();
    }
    model.become(result.files);
    const seconds = (this.#clock.monotonicMs() - startedMs) / 1000;
    const metrics = this.#metrics(model, result, { findings, seconds });
    model.provenance = {
      ...{ tableSha256: trainData.digest(), seed: Number(model.options['seed'] ?? 0) },
      ...{
        synthetic: request.synthetic === true,
        testEvaluations: trainData.testEvaluations,
        sealedGroups: 0,
      },
      metrics: figuresOf(metrics, valData !== undefined),
      privacy,
    };
    return metrics;
  }

  #job({ model, trainData, valData }: TrainRequest): TrainingJob {
    const { config, options } = model;
    const className = (model.constructor as unknown as { readonly modelName: string }).modelName;
    const epochOptions = this.config.epochOptions();
    const identity = identityOf([
      ...[className, options, epochOptions],
      ...[trainData.digest(), valData?.digest() ?? null],
    ]);
    return {
      model: { className, config, options },
      options: epochOptions,
      trainData: samplesOf(trainData),
      valData: valData && samplesOf(valData),
      checkpoint: this.#checkpoint(identity),
      keepsCheckpoints: this.config.checkpointDir !== undefined,
      identity,
    };
  }

  /** The checkpoint of this very training, where there is one; one of another training will be replaced. */
  #checkpoint(identity: string): Uint8Array | undefined {
    const { checkpointDir } = this.config;
    if (checkpointDir === undefined) return undefined;
    const directory = resolve(checkpointDir);
    const path = `${directory}/${CHECKPOINT_FILE}`;
    try {
      makeDirectories(this.#fs, directory);
      // Through a link as well; a file would take no checkpoint.
      if (!exists(this.#fs, `${directory}/.`)) {
        throw new PilotfishError('USAGE', `${directory} is no folder: give one for checkpoints`);
      }
      if (!exists(this.#fs, path)) return undefined;
      const bytes = readSmallFile(this.#fs, path, MAX_CHECKPOINT_BYTES);
      return isCheckpointOf(bytes, identity) ? bytes : undefined;
    } catch (error) {
      throw asRepositoryError(error, path);
    }
  }

  #note(
    { metrics, checkpoint }: EpochStep,
    writer: SummaryWriter | undefined,
    onEpoch: TrainRequest['onEpoch'],
  ): void {
    const { checkpointDir } = this.config;
    if (checkpoint !== undefined && checkpointDir !== undefined) {
      const path = resolve(checkpointDir, CHECKPOINT_FILE);
      try {
        replaceFile(this.#fs, path, checkpoint);
      } catch (error) {
        throw asRepositoryError(error, path);
      }
    }
    const { epoch, trainLoss, valLoss, trainAccuracy, valAccuracy } = metrics;
    writer?.addScalar('Loss/train', trainLoss, epoch);
    writer?.addScalar('Accuracy/train', trainAccuracy, epoch);
    if (valLoss !== null) writer?.addScalar('Loss/val', valLoss, epoch);
    if (valAccuracy !== null) writer?.addScalar('Accuracy/val', valAccuracy, epoch);
    writer?.flush();
    onEpoch?.(metrics);
  }

  #metrics(
    model: EpochModel,
    { record, history, resumedFrom }: JobResult,
    { findings, seconds }: { readonly findings: readonly QualityFinding[]; readonly seconds: number },
  ): TrainingMetrics {
    const last = history.at(-1);
    const best = history[record.bestEpoch];
    if (last === undefined || best === undefined)
      throw new PilotfishError('INTERNAL', 'a training without epochs');
    const { stopped, bestEpoch } = record;
    const epochs = history.length;
    const { trainAccuracy, valAccuracy } = last;
    const secondsPerEpoch = seconds / Math.max(1, epochs - resumedFrom);
    const { dropout } = this.config;
    return {
      accuracy: valAccuracy ?? trainAccuracy,
      loss: best.valLoss ?? best.trainLoss,
      ...{ trainAccuracy, epochs, bestEpoch, stopped, resumedFrom, history, findings },
      device: { requested: this.config.device ?? model.config.device ?? 'cpu', ran: record.device },
      precision: record.precision,
      advice: adviceOn({ trainAccuracy, valAccuracy, stopped, epochs, bestEpoch, dropout, secondsPerEpoch }),
    };
  }
}

/** The gate: test parts, bad data and unprotected telemetry end here, before any work. */
function checkData({ trainData, valData, quality, telemetry }: TrainRequest): readonly QualityFinding[] {
  checkTrainable(trainData, 'the trainer');
  if (valData !== undefined) checkTrainable(valData, 'the trainer');
  const findings = requireQuality(trainData, {
    ...quality,
    siblings: [...(quality?.siblings ?? []), ...(valData === undefined ? [] : [valData])],
  });
  if (telemetry === undefined) return findings;
  const { quasiIdentifiers, k = 5, whole = trainData, ledger, charge } = telemetry;
  if (!kAnonymityCheck(whole, { quasiIdentifiers, k })) {
    throw new PilotfishError(
      'REFUSED',
      `the telemetry is not ${k}-anonymous in ${quasiIdentifiers.join(', ')}: generalize these columns, or gather more`,
    );
  }
  if (ledger !== undefined && charge !== undefined && !ledger.affords(charge)) ledger.spend(charge);
  return findings;
}

function chargePrivacy(telemetry: TelemetryProtection | undefined): Provenance['privacy'] {
  if (telemetry?.ledger === undefined) return null;
  if (telemetry.charge !== undefined) telemetry.ledger.spend(telemetry.charge);
  const { epsilon, delta } = telemetry.ledger.spent;
  return { epsilon, delta };
}

function figuresOf(metrics: TrainingMetrics, hasValidation: boolean): Record<string, number> {
  const { accuracy, loss, trainAccuracy, epochs } = metrics;
  return { trainAccuracy, epochs, ...(hasValidation ? { valAccuracy: accuracy, valLoss: loss } : { loss }) };
}

/** The samples as a model reads them, in arrays of their own: a view would take its whole buffer to the worker. */
export function samplesOf({ table }: TrainingDataset): LabelledSamples {
  const { features, classes, length, costs } = table;
  return {
    ...{ features, classes: classes === null ? null : [...classes], length },
    ...{ x: table.x.slice(), y: table.y.slice(), weights: table.weights.slice() },
    costs: costs === null ? null : { ...costs, data: costs.data.slice() },
  };
}
