import { PilotfishError } from '../../base/index.ts';
import type { EpochModel, LabelledSamples, ModelClass, ModelConfig } from '../../decisions/index.ts';
import {
  type ClassScores,
  classificationReport,
  confidenceReliability,
  confusionMatrix,
  type Reliability,
  summarize,
} from '../../learn/index.ts';
import {
  checkTrainable,
  type QualityOptions,
  type SealedDataset,
  TrainingDataset,
} from '../dataset/index.ts';
import { TrainingConfig, type TrainingOptions } from './config.ts';
import { stratifiedFolds } from './folds.ts';
import { ModelTrainer, samplesOf, type TrainerPorts } from './trainer.ts';

/** How good a model is on samples it did not learn from; everything a fraction. */
export type EvaluationMetrics = {
  readonly samples: number;
  readonly accuracy: number;
  /** Means over the classes that occur, each counting the same. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Names of its rows (truth) and columns (choice). */
  readonly classes: readonly string[];
  readonly confusionMatrix: readonly (readonly number[])[];
  readonly perClass: { readonly [name: string]: ClassScores };
  /** How far its probabilities can be taken at their word; null for a model that scores costs. */
  readonly calibration: Reliability | null;
  /** Cost of its choices over the cost of the best ones, less one; null where no costs were measured. */
  readonly regret: number | null;
};

/** What `crossValidate` works on. */
export type CrossValidation = {
  readonly modelClass: ModelClass;
  readonly dataset: TrainingDataset;
  /** 5. */
  readonly kFolds?: number;
  readonly modelConfig?: ModelConfig;
  /** Of the model's topology. */
  readonly modelOptions?: EpochModel['options'];
  readonly config?: TrainingOptions;
  readonly quality?: QualityOptions;
  /** Of the lots by which groups are dealt. 42. */
  readonly seed?: number;
};

/** What `crossValidate` found. */
export type CrossValidationMetrics = {
  readonly meanAccuracy: number;
  /** Sample standard deviation over the folds. */
  readonly stdAccuracy: number;
  readonly folds: readonly EvaluationMetrics[];
};

/**
 * Judges models on samples they did not learn from.
 *
 * @example
 * const { accuracy, f1, perClass } = new ModelEvaluator().evaluate(model, testData);
 */
export class ModelEvaluator {
  readonly #ports: TrainerPorts;

  constructor(ports: TrainerPorts = {}) {
    this.#ports = ports;
  }

  /**
   * Asks the model for every sample. A sealed test part is opened for it, which counts: the number of looks stands in
   * the lineage of the model.
   * @throws PilotfishError `REFUSED` for a test part that is open already, since looks at it are not counted;
   * `UNTRAINED`, `SHAPE`, `EMPTY`.
   */
  evaluate(model: EpochModel, testData: TrainingDataset | SealedDataset): EvaluationMetrics {
    if (testData instanceof TrainingDataset) {
      if (testData.part !== 'test') return evaluationOf(model, samplesOf(testData));
      throw new PilotfishError('REFUSED', 'give the sealed test part itself, so that this look at it counts');
    }
    // Asked first: a look that cannot be taken must not count.
    if (!model.isTrained || model.provenance === undefined) {
      throw new PilotfishError(
        'UNTRAINED',
        `the model ${model.config.name} has learnt nothing yet; train it`,
      );
    }
    const metrics = evaluationOf(model, samplesOf(testData.open()));
    const { accuracy, f1, regret } = metrics;
    const tested = { testAccuracy: accuracy, testF1: f1, ...(regret === null ? {} : { testRegret: regret }) };
    model.provenance = {
      ...model.provenance,
      testEvaluations: testData.evaluations,
      sealedGroups: testData.groups.length,
      metrics: { ...model.provenance.metrics, ...tested },
    };
    return metrics;
  }

  /**
   * Trains and judges `kFolds` models, each on all folds but one and judged on that one. Folds keep groups whole and
   * classes in proportion; with three folds or more, the next fold says when each training stops, and is not learnt from.
   * @throws PilotfishError `REFUSED` for a test part, and as `stratifiedFolds` and `ModelTrainer.train`.
   */
  async crossValidate(request: CrossValidation): Promise<CrossValidationMetrics> {
    const { modelClass, kFolds = 5, seed = 42 } = request;
    const dataset = checkTrainable(request.dataset, 'the evaluator');
    const parts = stratifiedFolds(dataset, kFolds, seed).map((rows) => dataset.take(rows));
    const config = new TrainingConfig({ ...request.config, logDir: null });
    const trainer = new ModelTrainer(config, this.#ports);
    const folds: EvaluationMetrics[] = [];
    for (const [at, judged] of parts.entries()) {
      const stopper = kFolds > 2 ? parts[(at + 1) % kFolds] : undefined;
      const rest = parts.filter((part) => part !== judged && part !== stopper);
      const model = new modelClass(
        request.modelConfig ?? { name: modelClass.modelName },
        request.modelOptions as never,
      );
      await trainer.train({
        model,
        trainData: joined(dataset, rest),
        ...(stopper === undefined ? {} : { valData: stopper }),
        quality: { ...request.quality, siblings: [judged] },
      });
      folds.push(evaluationOf(model, samplesOf(judged)));
    }
    const { mean, variance } = summarize(folds.map(({ accuracy }) => accuracy));
    return { meanAccuracy: mean, stdAccuracy: Math.sqrt(variance), folds };
  }
}

/** The figures of a model on samples. @throws PilotfishError `EMPTY`, `SHAPE`, `UNTRAINED`. */
export function evaluationOf(model: EpochModel, data: LabelledSamples): EvaluationMetrics {
  if (data.length === 0) throw new PilotfishError('EMPTY', 'there is no sample to evaluate on');
  const scores = model.scores(data);
  const [labels, chosen] = [model.labels(data), model.choices(scores)];
  const { classes } = model;
  const matrix = confusionMatrix(labels, chosen, classes.length);
  const { accuracy, macro, perClass } = classificationReport(matrix);
  const probabilities = { rows: data.length, columns: classes.length, data: scores };
  return {
    ...{ samples: data.length, accuracy, ...macro, classes: [...classes] },
    confusionMatrix: classes.map((_, row) => [
      ...matrix.counts.slice(row * classes.length, (row + 1) * classes.length),
    ]),
    perClass: Object.fromEntries(classes.map((name, label) => [name, perClass[label] as ClassScores])),
    calibration: model.scoresAre === 'probabilities' ? confidenceReliability(labels, probabilities) : null,
    regret: regretOf(data, (row) => classes[chosen[row] as number] as string),
  };
}

/** Cost of what `choose` answers over the best cost, less one; null without costs of all classes. */
export function regretOf(data: LabelledSamples, choose: (row: number) => string): number | null {
  const { costs, classes, length } = data;
  if (costs === null || classes === null || costs.columns !== classes.length) return null;
  let [spent, best] = [0, 0];
  for (let row = 0; row < length; row += 1) {
    const given = costs.data.subarray(row * costs.columns, (row + 1) * costs.columns);
    spent += given[classes.indexOf(choose(row))] ?? Math.max(...given);
    best += Math.min(...given);
  }
  return best > 0 ? spent / best - 1 : null;
}

/** Parts of one data set together, in its order of rows within each. */
function joined({ features, classes }: TrainingDataset, parts: readonly TrainingDataset[]): TrainingDataset {
  const whole = new TrainingDataset(classes === null ? { features } : { features, classes });
  for (const part of parts) {
    for (let row = 0; row < part.length; row += 1) {
      const { features: values, label, group, time, weight, cost } = part.sampleAt(row);
      whole.addSample(values, label, {
        ...{ weight, cost: cost ?? [] },
        ...(group === null ? {} : { group }),
        ...(Number.isNaN(time) ? {} : { time }),
      });
    }
  }
  return whole;
}
