import { resolve } from 'node:path';
import {
  type Clock,
  exists,
  type FileSystem,
  isoTime,
  NodeFileSystem,
  PilotfishError,
  systemClock,
} from '../../base/index.ts';
import type { TrainingRecord } from '../../learn/index.ts';
import {
  type Lineage,
  loadArtefact,
  type Manifest,
  type ModelArtefact,
  type ModelDraft,
  saveArtefact,
} from '../artefact/index.ts';
import type { EpochOptions, LabelledSamples, ModelTraining } from './samples.ts';

/** What a model is called and where it should be trained, in the words of document 001. */
export type ModelConfig = {
  /** Letters, digits and `._-`, at most 64. */
  readonly name: string;
  /** `classification`. */
  readonly modelType?: 'classification' | 'regression';
  /** `cpu`. There is no code for a GPU here: `cuda` and `auto` are answered by the CPU, and the result says so. */
  readonly device?: 'cpu' | 'cuda' | 'auto';
};

/** Where a trained model comes from and how well it did: its lineage and its figures. */
export type Provenance = Pick<
  Manifest['lineage'],
  'tableSha256' | 'seed' | 'synthetic' | 'testEvaluations' | 'sealedGroups'
> & {
  /** Held-out figures as plain fractions. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Differential-privacy budget that the training data had spent; null when no noise was needed. */
  readonly privacy: Manifest['privacy'];
};

/** The parts of the machine a model is saved with; those of this machine unless given. */
export type StoragePorts = { readonly fs?: FileSystem; readonly clock?: Clock };

/** How a model is written. */
export type SaveOptions = StoragePorts & {
  /** `1`. */
  readonly version?: string;
  /** The command that trains it again, for the lineage. */
  readonly command?: string;
};

/** The state of a model as files, and what its manifest says of it. */
export type ModelState = Pick<ModelDraft['manifest'], 'family' | 'topology' | 'featureSchema'> &
  Pick<ModelDraft, 'files'>;

/** What was paid for each sample, and what could have been. */
export type ChoiceCosts = {
  readonly candidate: Float64Array;
  readonly rule: Float64Array;
  readonly best: Float64Array;
};

const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DATE_DIGITS = 10;

/**
 * A model of the source documents: it learns, answers, and lies on disk as an artefact directory. A path may end in
 * `.pt` or `.pkl` as in document 001; what is written there is a directory of that name all the same.
 */
export abstract class PakitMLModel<Query = unknown, Answer = unknown, Data = LabelledSamples> {
  /** The decision room whose questions it answers. */
  abstract readonly room: string;
  readonly config: ModelConfig;
  /** Set by whoever trained it; undefined before. */
  provenance: Provenance | undefined;

  /** @throws PilotfishError `USAGE` for a name that cannot be one of a model, or an unknown device. */
  constructor(config: ModelConfig) {
    if (!MODEL_NAME.test(config.name)) {
      throw new PilotfishError('USAGE', 'a model is named by 1 to 64 letters, digits and . _ -');
    }
    if (!['cpu', 'cuda', 'auto'].includes(config.device ?? 'cpu')) {
      throw new PilotfishError('USAGE', `there is no device "${config.device}"; give cpu, cuda or auto`);
    }
    this.config = { ...config };
  }

  abstract get isTrained(): boolean;

  /** Learns from scratch. @throws PilotfishError for data that cannot be learnt from; the model is then what it was. */
  abstract train(data: Data, options?: EpochOptions): unknown;

  /** @throws PilotfishError `UNTRAINED`, `SHAPE`, `NOT_FINITE` or `USAGE`. */
  abstract predict(query: Query): Answer;

  /** The trained state. @throws PilotfishError `UNTRAINED`. */
  protected abstract state(): ModelState;

  /** Takes over the state in a verified artefact of this room. @throws PilotfishError `DAMAGED`. */
  protected abstract adopt(artefact: ModelArtefact): void;

  /** The artefact this model would be saved as. @throws PilotfishError `UNTRAINED` before a training. */
  draft({ version = '1', command = 'train', clock = systemClock }: SaveOptions = {}): ModelDraft {
    if (this.provenance === undefined) {
      throw new PilotfishError('UNTRAINED', `the model ${this.config.name} has learnt nothing yet; train it`);
    }
    const { files, ...described } = this.state();
    const { metrics, privacy, ...trained } = this.provenance;
    const lineage: Lineage = { sets: [], ...trained, command };
    const date = isoTime(clock.nowMs()).slice(0, DATE_DIGITS);
    const { room } = this;
    const named = { room, name: this.config.name, version, date, device: 'cpu' };
    return { manifest: { ...named, ...described, lineage, metrics, privacy }, files };
  }

  /**
   * Writes the model as an artefact directory at `path`, whatever its ending. @throws PilotfishError `UNTRAINED`;
   * `EXISTS` when a file that is no artefact lies there.
   */
  save(path: string, options: SaveOptions = {}): void {
    const { fs = new NodeFileSystem() } = options;
    const draft = this.draft(options);
    const directory = resolve(path);
    if (exists(fs, directory) && fs.lstat(directory).kind !== 'directory') {
      throw new PilotfishError('EXISTS', `${path} is a file; a model is a directory: choose another name`);
    }
    saveArtefact(fs, directory, draft);
  }

  /**
   * Reads what `save` wrote, every byte verified. @throws PilotfishError `REFUSED` for a foreign file, `MISSING`,
   * `DAMAGED`, or `SHAPE` for a model of another room; the model is then what it was.
   */
  load(path: string, { fs = new NodeFileSystem() }: StoragePorts = {}): void {
    const directory = resolve(path);
    if (exists(fs, directory) && fs.lstat(directory).kind !== 'directory') throw foreign(path);
    const artefact = loadArtefact(fs, directory);
    const { room, metrics, privacy, lineage } = artefact.manifest;
    if (room !== this.room) {
      throw new PilotfishError('SHAPE', `${path} is a model of the room ${room}, not of ${this.room}`);
    }
    this.adopt(artefact);
    const { tableSha256, seed, synthetic, testEvaluations, sealedGroups } = lineage;
    this.provenance = { tableSha256, seed, synthetic, testEvaluations, sealedGroups, metrics, privacy };
  }
}

/** A model that learns epoch by epoch and tells classes apart: what trainer, evaluator and tuner work on. */
export abstract class EpochModel<Query = unknown, Answer = unknown> extends PakitMLModel<Query, Answer> {
  /** The classes it tells apart, in the order of its scores. */
  abstract readonly classes: readonly string[];
  /** Whether scores are probabilities, the highest wins; otherwise relative costs, and the lowest wins. */
  abstract readonly scoresAre: 'probabilities' | 'costs';
  /** The options of the topology, as plain JSON: a worker makes the same model from them. */
  abstract readonly options: Readonly<Record<string, string | number | undefined>>;

  /** Whether the room can open its artefact and let it answer. */
  abstract get canServe(): boolean;

  /**
   * The figures by which the room decides where this model serves, from what its choices and those of the best rule cost
   * on held-out samples; added to the manifest.
   */
  abstract servingFigures(data: LabelledSamples, costs: ChoiceCosts): Readonly<Record<string, number>>;

  /** Begins a training. @throws PilotfishError for data or options that cannot be. */
  abstract begin(data: LabelledSamples, options?: EpochOptions): ModelTraining;

  /** Scores of every sample, [length][classes]. @throws PilotfishError as `predict`. */
  abstract scores(data: LabelledSamples): Float64Array;

  /** Number of each sample's label among `classes`. @throws PilotfishError `SHAPE` for labels it does not know. */
  abstract labels(data: LabelledSamples): Uint32Array;

  /** Takes the state of a model of the same class and options. */
  abstract become(files: ReadonlyMap<string, Uint8Array>): void;

  /** The trained state as files: what `become` takes. @throws PilotfishError `UNTRAINED`. */
  files(): ReadonlyMap<string, Uint8Array> {
    return this.state().files;
  }

  train(data: LabelledSamples, options: EpochOptions = {}): TrainingRecord {
    const training = this.begin(data, options);
    while (!training.isDone) training.epoch();
    return training.finish();
  }

  /** The class of each row of `scores`. */
  choices(scores: Float64Array): Uint32Array {
    const { length } = this.classes;
    const sign = this.scoresAre === 'costs' ? -1 : 1;
    return Uint32Array.from({ length: scores.length / length }, (_, row) => {
      let best = 0;
      for (let i = 1; i < length; i += 1) {
        const isBetter =
          sign * (scores[row * length + i] as number) > sign * (scores[row * length + best] as number);
        if (isBetter) best = i;
      }
      return best;
    });
  }
}

/** Why a foreign file is not opened, and what is. */
function foreign(path: string): PilotfishError {
  return new PilotfishError(
    'REFUSED',
    `${path} is no model of Pilotfish. Pickle and torch files run code when they are read and are never opened: ` +
      'export the model as ONNX, safetensors or XGBoost JSON where it was made, and import that',
    { path },
  );
}
