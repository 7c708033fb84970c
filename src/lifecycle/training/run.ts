import { isObject, PilotfishError, sha256Hex } from '../../base/index.ts';
import {
  type EpochModel,
  type EpochOptions,
  type LabelledSamples,
  type ModelConfig,
  modelClassOf,
} from '../../decisions/index.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot, type TrainingRecord } from '../../learn/index.ts';

/** A training as plain data: the same in this thread and in a worker. */
export type TrainingJob = {
  readonly model: {
    readonly className: string;
    readonly config: ModelConfig;
    readonly options: EpochModel['options'];
  };
  readonly options: EpochOptions;
  readonly trainData: LabelledSamples;
  readonly valData: LabelledSamples | undefined;
  /** What it was when it was killed. */
  readonly checkpoint: Uint8Array | undefined;
  /** Whether each epoch ends with a checkpoint. */
  readonly keepsCheckpoints: boolean;
  /** Names data, model and configuration: a checkpoint of another training is not gone on with. */
  readonly identity: string;
};

/** One epoch, from 0. Accuracies are those of the weights kept so far: the best on the validation part. */
export type EpochMetrics = {
  readonly epoch: number;
  readonly trainLoss: number;
  /** Null without a validation part. */
  readonly valLoss: number | null;
  readonly rate: number;
  readonly trainAccuracy: number;
  readonly valAccuracy: number | null;
};

/** What an epoch leaves: its figures, and the state to go on from. */
export type EpochStep = { readonly metrics: EpochMetrics; readonly checkpoint: Uint8Array | undefined };

/** What a training leaves. */
export type JobResult = {
  readonly record: TrainingRecord;
  readonly history: readonly EpochMetrics[];
  /** Epochs that were done before this run. */
  readonly resumedFrom: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
};

const CHECKPOINT_KIND = 'model-training';

/** Trains an epoch at a time; the model in it is its own. @throws PilotfishError as the model. */
export function* runJob(job: TrainingJob): Generator<EpochStep, JobResult, void> {
  const { className, config, options } = job.model;
  const model = new (modelClassOf(className))(config, options as never);
  const earlier = job.checkpoint === undefined ? undefined : readCheckpoint(job.checkpoint, job.identity);
  const training = model.begin(job.trainData, {
    ...job.options,
    valData: job.valData,
    ...(earlier === undefined ? {} : { resume: earlier.snapshot }),
  });
  const history = [...(earlier?.history ?? [])];
  const resumedFrom = history.length;
  let record = history.length > 0 ? training.finish() : undefined;
  while (!training.isDone) {
    const { epoch, trainingLoss, validationLoss, rate } = training.epoch();
    record = training.finish();
    const metrics = {
      ...{ epoch, trainLoss: trainingLoss, valLoss: validationLoss, rate },
      trainAccuracy: accuracyOn(model, job.trainData),
      valAccuracy: job.valData === undefined ? null : accuracyOn(model, job.valData),
    };
    history.push(metrics);
    const checkpoint = job.keepsCheckpoints
      ? writeCheckpoint({ identity: job.identity, history, snapshot: training.snapshot() })
      : undefined;
    yield { metrics, checkpoint };
  }
  if (record === undefined) throw new PilotfishError('UNTRAINED', 'the training had no epoch; give it one');
  return { record, history, resumedFrom, files: model.files() };
}

/** Share of samples for which the model chooses the label. */
export function accuracyOn(model: EpochModel, data: LabelledSamples): number {
  const labels = model.labels(data);
  const chosen = model.choices(model.scores(data));
  return chosen.reduce((sum, choice, row) => sum + (choice === labels[row] ? 1 : 0), 0) / labels.length;
}

type Checkpoint = {
  readonly identity: string;
  readonly history: readonly EpochMetrics[];
  readonly snapshot: Snapshot;
};

/** Whether the bytes are the checkpoint of this training. @throws PilotfishError `DAMAGED` when they are none at all. */
export function isCheckpointOf(bytes: Uint8Array, identity: string): boolean {
  return openCheckpoint(bytes).config['identity'] === identity;
}

/** Names what decides the weights of a training. */
export function identityOf(parts: readonly unknown[]): string {
  return sha256Hex(Buffer.from(JSON.stringify(parts)));
}

function writeCheckpoint({ identity, history, snapshot }: Checkpoint): Uint8Array {
  const { kind, version, config, tensors } = snapshot;
  const wrapped = { identity, history: history.map((epoch) => ({ ...epoch })), kind, version, config };
  return encodeSnapshot({ kind: CHECKPOINT_KIND, version: 1, config: wrapped, tensors });
}

function readCheckpoint(bytes: Uint8Array, identity: string): Checkpoint {
  const { config, tensors } = openCheckpoint(bytes);
  const { history, kind, version, config: inner } = config;
  const isSound = typeof kind === 'string' && typeof version === 'number' && isObject(inner);
  if (config['identity'] !== identity || !Array.isArray(history) || !isSound) throw damagedCheckpoint();
  const snapshot = { kind, version, config: inner, tensors };
  return { identity, history: history as unknown as readonly EpochMetrics[], snapshot };
}

function openCheckpoint(bytes: Uint8Array): Snapshot {
  const snapshot = decodeSnapshot(bytes);
  if (snapshot.kind !== CHECKPOINT_KIND) throw damagedCheckpoint();
  return snapshot;
}

const damagedCheckpoint = (): PilotfishError =>
  new PilotfishError('DAMAGED', 'the checkpoint is none of a training; delete it and train from the start');
