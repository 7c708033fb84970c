import { areTexts, isObject, need, PilotfishError } from '../../base/index.ts';
import { finite, numberWithin, type StreamLearner, wholeNumber } from '../../learn/index.ts';
import { classesOf } from './engine/learners.ts';
import { STRATEGIES, type Strategy } from './engine/settings.ts';
import type { LearningPipeline, PipelineSettings, TrainingSample } from './types.ts';

/** What holds for a pipeline that does not say. */
export type PipelineDefaults = {
  readonly strategy: Strategy;
  readonly batchSize: number;
  readonly maxBufferSize: number;
};

const HOUR_MS = 3_600_000;
const MAX_NAME = 256;
const MAX_FEATURES = 4096;
const MAX_BUFFER = 100_000;
/** Of a full buffer, which is held in memory and written as one text. */
const MAX_NUMBERS = 4_000_000;
const MAX_MAGNITUDE = 1e60;
const WEIGHTS = [1e-9, 1e9] as const;

/** @throws PilotfishError `USAGE`. */
export function checkPipelineId(id: string): string {
  if (typeof id === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(id)) return id;
  throw new PilotfishError(
    'USAGE',
    'a pipelineId has up to 40 letters, digits, ., _ and -, and begins with one of the first two',
  );
}

/** The settings of a pipeline with all defaults. @throws PilotfishError `USAGE`. */
export function settingsOf(
  pipeline: LearningPipeline,
  defaults: PipelineDefaults,
  base: {
    readonly modelId: string;
    readonly modelName: string;
    readonly features: readonly string[];
    readonly learner: StreamLearner;
  },
): PipelineSettings {
  const {
    strategy = defaults.strategy,
    updateFrequency = HOUR_MS,
    learningRate = 0.01,
    alpha = 0.05,
  } = pipeline;
  const {
    batchSize = defaults.batchSize,
    minSamples = 50,
    maxBufferSize = defaults.maxBufferSize,
  } = pipeline;
  if (!STRATEGIES.includes(strategy)) {
    throw new PilotfishError('USAGE', `strategy ${strategy} cannot be used: give ${STRATEGIES.join(', ')}`);
  }
  wholeNumber('maxBufferSize', maxBufferSize, [1, MAX_BUFFER]);
  checkFeatures(base.features, base.learner);
  if (maxBufferSize * base.features.length > MAX_NUMBERS) {
    throw new PilotfishError(
      'LIMIT',
      `a buffer of ${maxBufferSize} samples of ${base.features.length} features is too large: maxBufferSize times features may be ${MAX_NUMBERS}`,
    );
  }
  const { modelId, modelName, features, learner } = base;
  return {
    ...{ pipelineId: pipeline.pipelineId, name: checkName(pipeline.name), strategy, maxBufferSize },
    updateFrequency: wholeNumber('updateFrequency', updateFrequency, [1, 365 * 24 * HOUR_MS]),
    batchSize: wholeNumber('batchSize', batchSize, [1, maxBufferSize]),
    minSamples: wholeNumber('minSamples', minSamples, [1, maxBufferSize]),
    learningRate: numberWithin('learningRate', learningRate, [1e-9, 10]),
    alpha: numberWithin('alpha', alpha, [1e-9, 0.5]),
    ...{ modelId, modelName, features, algorithm: learner.kind, classes: classesOf(learner) },
  };
}

/** @throws PilotfishError `USAGE`. */
export function checkName(name: string): string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= MAX_NAME) return name;
  throw new PilotfishError('USAGE', `a pipeline has a name of 1 to ${MAX_NAME} characters`);
}

/** @throws PilotfishError `USAGE`, `SHAPE`. */
function checkFeatures(names: readonly string[], { features }: StreamLearner): void {
  const isNames = areTexts(names) && names.every((name) => /^[^,\s][^,]{0,99}$/.test(name));
  if (!isNames || new Set(names).size !== names.length || names.length > MAX_FEATURES) {
    throw new PilotfishError('USAGE', 'features are different names of up to 100 characters, without commas');
  }
  if (names.length !== features) {
    throw new PilotfishError('SHAPE', `the learner takes ${features} features, ${names.length} are named`);
  }
}

/** A sample as a row. */
export type Row = {
  readonly sampleId: string;
  readonly x: readonly number[];
  readonly y: number | undefined;
  readonly weight: number;
};

/** @throws PilotfishError `USAGE`, `SHAPE`, `NOT_FINITE`, `LIMIT`. */
export function rowOf(sample: TrainingSample, settings: PipelineSettings): Row {
  const { features: names, classes } = settings;
  need(
    isObject(sample),
    'a sample is an object: give { sampleId, features: { request_size: 1024 }, label: 1 }',
  );
  const sampleId = checkSampleId(sample.sampleId);
  const { features, label, weight = 1 } = sample;
  need(isObject(features), `sample ${sampleId} has no features; give { ${names[0]}: 1, … }`);
  const unknown = Object.keys(features).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new PilotfishError('SHAPE', `the pipeline knows no feature ${unknown}; it has ${names.join(', ')}`);
  }
  const x = names.map((name) => within(`feature ${name} of ${sampleId}`, features[name]));
  if (weight < WEIGHTS[0] || weight > WEIGHTS[1] || typeof weight !== 'number') {
    throw new PilotfishError(
      'USAGE',
      `the weight of ${sampleId} is ${weight}; give a number from ${WEIGHTS.join(' to ')}`,
    );
  }
  finite(`the weight of ${sampleId}`, weight);
  return { sampleId, x, y: label === undefined ? undefined : labelOf(label, sampleId, classes), weight };
}

/** @throws PilotfishError `USAGE`, `NOT_FINITE`, `LIMIT`. */
export function labelOf(label: number, sampleId: string, classes: number): number {
  within(`the label of ${sampleId}`, label);
  if (classes === 0 || (Number.isInteger(label) && label >= 0 && label < classes)) return label;
  throw new PilotfishError(
    'USAGE',
    `the label of ${sampleId} is ${label}; give a class from 0 to ${classes - 1}`,
  );
}

/** @throws PilotfishError `USAGE`. */
export function checkSampleId(id: string): string {
  if (typeof id === 'string' && id !== '' && id.length <= MAX_NAME && id.isWellFormed()) return id;
  throw new PilotfishError('USAGE', `a sampleId has 1 to ${MAX_NAME} characters`);
}

function within(what: string, value: number | undefined): number {
  if (typeof value !== 'number') throw new PilotfishError('SHAPE', `${what} is missing; give a number`);
  finite(what, value);
  if (Math.abs(value) <= MAX_MAGNITUDE) return value;
  throw new PilotfishError('LIMIT', `${what} is ${value}; rescale it to at most ${MAX_MAGNITUDE}`);
}

/** Whether a sample is the very one that was kept. */
export const isSame = (
  kept: { x: readonly number[]; y?: number | undefined; weight: number },
  sample: Row,
): boolean =>
  kept.y === sample.y && kept.weight === sample.weight && kept.x.every((value, at) => value === sample.x[at]);
