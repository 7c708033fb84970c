import { resolve } from 'node:path';
import {
  exists,
  type FileSystem,
  hasCode,
  makeDirectories,
  NodeFileSystem,
  PilotfishError,
  readSmallFile,
  writeAll,
} from '../../base/index.ts';
import type { EpochModel, ModelClass, ModelConfig } from '../../decisions/index.ts';
import {
  type CompleteTrial,
  completeTrials,
  type JournalRecord,
  type ParameterValues,
  type SearchSpace,
  Study,
  type StudySettings,
  type Trial,
  wholeNumber,
} from '../../learn/index.ts';
import { checkTrainable, type QualityOptions, type TrainingDataset } from '../dataset/index.ts';
import { TrainingConfig, type TrainingOptions } from './config.ts';
import { type EvaluationMetrics, evaluationOf } from './evaluator.ts';
import { ModelTrainer, samplesOf, type TrainerPorts } from './trainer.ts';

/** What a search makes good: figures on the validation part. */
export type TuningMetric = 'accuracy' | 'loss' | 'f1' | 'precision' | 'recall' | 'regret';

/** What is searched on, and how long. */
export type TunerOptions = {
  readonly modelClass: ModelClass;
  readonly trainData: TrainingDataset;
  readonly valData: TrainingDataset;
  /** Trainings, counting those in the journal. 50. */
  readonly nTrials?: number;
  readonly modelConfig?: ModelConfig;
  /** Options of model and training that are not searched. */
  readonly modelOptions?: EpochModel['options'];
  readonly config?: TrainingOptions;
  readonly quality?: QualityOptions;
  /** 42. */
  readonly seed?: number;
  /** `tpe`. */
  readonly sampler?: StudySettings['sampler'];
  /** A file that keeps what was tried: a search that was stopped goes on from it. None. */
  readonly journal?: string;
};

/** What a search is for. */
export type TuneOptions = {
  /** `accuracy`. */
  readonly metric?: TuningMetric;
  /** `maximize`, but `minimize` for loss and regret. */
  readonly direction?: 'maximize' | 'minimize';
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: Trial & { readonly value: number | 'pruned' | 'failed' }) => void;
};

/** Options that make the model; all others are those of its training. */
const MODEL_OPTIONS = ['hiddenDim', 'seed', 'target'];
const MAX_JOURNAL_BYTES = 256 * 1024 * 1024;

/**
 * Searches good parameters of a model and its training by trial: a tree-structured Parzen estimator proposes, the median
 * rule stops what falls behind, a journal keeps all. It is given training and validation parts only; a test part is
 * refused.
 *
 * @example
 * const tuner = new HyperparameterTuner({ modelClass: CompressionPredictor, trainData, valData, nTrials: 50 });
 * const best = await tuner.tune({ learningRate: ['float', 1e-4, 1e-2, true], hiddenDim: ['categorical', [64, 128]] });
 */
export class HyperparameterTuner {
  readonly #options: TunerOptions;
  readonly #fs: FileSystem;
  readonly #ports: TrainerPorts;
  #journal = new StudyJournal();
  #bestValue: number | undefined;

  /** @throws PilotfishError `REFUSED` for a test part, `USAGE` for a number of trials that is none. */
  constructor(options: TunerOptions, ports: TrainerPorts = {}) {
    checkTrainable(options.trainData, 'the tuner');
    checkTrainable(options.valData, 'the tuner');
    wholeNumber('nTrials', options.nTrials ?? 50, [1, 100_000]);
    this.#options = options;
    this.#fs = ports.fs ?? new NodeFileSystem();
    this.#ports = ports;
  }

  /** The best value so far; undefined before the first trial is complete. */
  get bestValue(): number | undefined {
    return this.#bestValue;
  }

  /** Trials that were trained to their end: what `parameterImportance` reads. */
  get trials(): readonly CompleteTrial[] {
    return completeTrials(this.#journal.records);
  }

  /**
   * Runs what is left of the trials. @returns the best parameters; those of the topology, such as `hiddenDim`, are for
   * the model, the others for its `TrainingConfig`.
   * @throws PilotfishError `USAGE` for a space or a name that cannot be; `REFUSED` for a journal of another search;
   * `INTERRUPTED` by the signal, and `EMPTY` when no trial was complete.
   */
  async tune(searchSpace: SearchSpace, options: TuneOptions = {}): Promise<ParameterValues> {
    const { metric = 'accuracy', signal, onTrial } = options;
    const isCost = metric === 'loss' || metric === 'regret';
    const { nTrials = 50, seed = 42, sampler = 'tpe' } = this.#options;
    const settings: StudySettings = {
      ...{ space: searchSpace, direction: options.direction ?? (isCost ? 'minimize' : 'maximize') },
      ...{ sampler, seed, pruner: { type: 'median' } as const },
    };
    const study = this.#open(settings);
    this.#bestValue = study.best?.value;
    for (const { number } of study.running) study.requeue(number);
    while (this.#told() < nTrials) {
      const trial = study.ask();
      const value = await this.#try(study, trial, metric, signal);
      study.tell(trial.number, value);
      this.#bestValue = study.best?.value;
      onTrial?.({ ...trial, value });
    }
    if (study.best !== undefined) return study.best.parameters;
    throw new PilotfishError('EMPTY', 'no trial was trained to its end; search a gentler space');
  }

  #told(): number {
    return this.#journal.records.filter(({ type }) => type === 'tell').length;
  }

  async #try(
    study: Study,
    { number, parameters }: Trial,
    metric: TuningMetric,
    signal: AbortSignal | undefined,
  ): Promise<number | 'pruned' | 'failed'> {
    const { trainData, valData, modelClass, quality } = this.#options;
    const { model, config } = this.#make(parameters);
    const prune = new AbortController();
    const stop = signal === undefined ? prune.signal : AbortSignal.any([signal, prune.signal]);
    try {
      const trained = await new ModelTrainer(config, this.#ports).train({
        ...{ model, trainData, valData, signal: stop, ...(quality === undefined ? {} : { quality }) },
        onEpoch: ({ epoch, valAccuracy, valLoss }) => {
          const value = metric === 'accuracy' ? valAccuracy : metric === 'loss' ? valLoss : null;
          if (value !== null && !prune.signal.aborted && study.report(number, epoch, value)) prune.abort();
        },
      });
      if (metric === 'loss') return trained.loss;
      const value = evaluationOf(model, samplesOf(valData))[metric satisfies keyof EvaluationMetrics];
      if (value !== null) return value;
      throw new PilotfishError(
        'USAGE',
        `${modelClass.modelName} has no ${metric} here: the samples have no costs`,
      );
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (prune.signal.aborted && hasCode(error, 'INTERRUPTED')) return 'pruned';
      if (hasCode(error, 'NOT_FINITE')) return 'failed';
      throw error;
    }
  }

  #make(parameters: ParameterValues): { readonly model: EpochModel; readonly config: TrainingConfig } {
    const { modelClass, modelConfig = { name: modelClass.modelName } } = this.#options;
    const entries = Object.entries(parameters);
    const isModelOption = ([name]: readonly [string, unknown]): boolean => MODEL_OPTIONS.includes(name);
    const topology = Object.fromEntries(entries.filter(isModelOption));
    const training = Object.fromEntries(entries.filter((entry) => !isModelOption(entry))) as TrainingOptions;
    return {
      model: new modelClass(modelConfig, { ...this.#options.modelOptions, ...topology } as never),
      config: new TrainingConfig({ ...this.#options.config, ...training, logDir: null }),
    };
  }

  /** The study of the journal, or a new one. */
  #open(settings: StudySettings): Study {
    const { journal } = this.#options;
    this.#journal = openJournal(this.#fs, journal);
    const { records } = this.#journal;
    const append = (record: JournalRecord): void => this.#journal.append(record);
    const [first] = records;
    if (first === undefined) return new Study(settings, append);
    if (first.type === 'study' && JSON.stringify(first.settings) === JSON.stringify(settings)) {
      return Study.resume([...records], append);
    }
    throw new PilotfishError('REFUSED', `${journal} is the journal of another search: name another file`);
  }
}

/** What happened in a search, in order; in memory, or in a file of lines of which each is on the disk before it counts. */
class StudyJournal {
  readonly records: JournalRecord[] = [];
  readonly #file: { readonly fs: FileSystem; readonly path: string } | undefined;
  #bytes: number;

  constructor(file?: { readonly fs: FileSystem; readonly path: string }, bytes = 0) {
    this.#file = file;
    this.#bytes = bytes;
  }

  append(record: JournalRecord): void {
    if (this.#file !== undefined) this.#write(this.#file, Buffer.from(`${JSON.stringify(record)}\n`));
    this.records.push(record);
  }

  #write({ fs, path }: { readonly fs: FileSystem; readonly path: string }, line: Buffer): void {
    const fd = fs.open(path, exists(fs, path) ? 'update' : 'create');
    try {
      // A line that a kill cut off is overwritten.
      fs.truncate(fd, this.#bytes);
      writeAll(fs, fd, line, this.#bytes);
      fs.fsync(fd);
    } finally {
      fs.close(fd);
    }
    this.#bytes += line.length;
  }
}

/** How every journal begins: a file that begins otherwise is somebody else's, and is never written to. */
const JOURNAL_START = '{"type":"study"';

/**
 * The journal of a search in a file, up to the first line that a kill cut off; in memory without a name.
 * @throws PilotfishError `DAMAGED` for a file that is no journal, `LIMIT` for one too long; errors of the file system.
 */
export function openJournal(fs: FileSystem, name?: string): StudyJournal {
  if (name === undefined) return new StudyJournal();
  const path = resolve(name);
  makeDirectories(fs, path.slice(0, path.lastIndexOf('/')));
  if (!exists(fs, path)) return new StudyJournal({ fs, path });
  const all = readSmallFile(fs, path, MAX_JOURNAL_BYTES);
  if (all.length > MAX_JOURNAL_BYTES) throw new PilotfishError('LIMIT', `${path} is longer than any journal`);
  const whole = all.subarray(0, all.lastIndexOf(0x0a) + 1);
  const journal = new StudyJournal({ fs, path }, whole.length);
  const records = recordsOf(all, whole);
  if (records === undefined) {
    throw new PilotfishError('DAMAGED', `${path} is no journal of a search: name another file`, { path });
  }
  for (const record of records) journal.records.push(record);
  return journal;
}

/** Undefined for what is no journal; `whole` is all lines of it that a kill did not cut off. */
function recordsOf(all: Buffer, whole: Buffer): JournalRecord[] | undefined {
  const start = all.toString('latin1', 0, JOURNAL_START.length);
  if (!JOURNAL_START.startsWith(start)) return undefined;
  try {
    const lines = whole.toString().split('\n').slice(0, -1);
    const records = lines.map((line) => JSON.parse(line) as JournalRecord | null);
    return records.every((record) => typeof record?.type === 'string')
      ? (records as JournalRecord[])
      : undefined;
  } catch {
    return undefined;
  }
}
