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
  readonly #records: JournalRecord[] = [];
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
    return completeTrials(this.#records);
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
    return this.#records.filter(({ type }) => type === 'tell').length;
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
    this.#records.length = 0;
    const path = this.#options.journal === undefined ? undefined : resolve(this.#options.journal);
    const known = path !== undefined && exists(this.#fs, path) ? readJournal(this.#fs, path) : undefined;
    if (known !== undefined && known.records.length > 0) {
      const [first] = known.records;
      if (first?.type !== 'study' || JSON.stringify(first.settings) !== JSON.stringify(settings)) {
        throw new PilotfishError('REFUSED', `${path} is the journal of another search: name another file`);
      }
    }
    this.#records.push(...(known?.records ?? []));
    const write = path === undefined ? undefined : new JournalFile(this.#fs, path, known?.bytes ?? 0);
    const journal = (record: JournalRecord): void => {
      write?.append(record);
      this.#records.push(record);
    };
    return this.#records.length > 0
      ? Study.resume([...this.#records], journal)
      : new Study(settings, journal);
  }
}

/** Lines of a journal up to the first that was cut off by a kill. */
function readJournal(
  fs: FileSystem,
  path: string,
): { readonly records: JournalRecord[]; readonly bytes: number } {
  const all = readSmallFile(fs, path, MAX_JOURNAL_BYTES);
  const whole = all.subarray(0, all.lastIndexOf(0x0a) + 1);
  try {
    const lines = whole.toString().split('\n').slice(0, -1);
    return { records: lines.map((line) => JSON.parse(line) as JournalRecord), bytes: whole.length };
  } catch (cause) {
    throw new PilotfishError('DAMAGED', `${path} is no journal of a search: name another file`, {
      cause,
      path,
    });
  }
}

/** A file of lines that only grows; each is on the disk before the search goes on. */
class JournalFile {
  readonly #fs: FileSystem;
  readonly #path: string;
  #bytes: number;

  constructor(fs: FileSystem, path: string, bytes: number) {
    this.#fs = fs;
    this.#path = path;
    this.#bytes = bytes;
    makeDirectories(fs, path.slice(0, path.lastIndexOf('/')));
  }

  append(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    const fd = this.#fs.open(this.#path, exists(this.#fs, this.#path) ? 'update' : 'create');
    try {
      this.#fs.truncate(fd, this.#bytes);
      writeAll(this.#fs, fd, line, this.#bytes);
      this.#fs.fsync(fd);
    } finally {
      this.#fs.close(fd);
    }
    this.#bytes += line.length;
  }
}
