import { hasCode, PilotfishError } from '../../../base/index.ts';
import { CODEC_FEATURES, CODEC_SCHEMA, CompressionPredictor, NET_CLASSES } from '../../../decisions/index.ts';
import {
  BoostedTrees,
  decodeSnapshot,
  decodeXgboostJson,
  isStreamLearner,
  type Learner,
  type Matrix,
  Mlp,
  restoreLearner,
} from '../../../learn/index.ts';
import { type SourcedModel, XGBOOST_FILE } from '../sources/source.ts';
import type { ModelSignature, Runner } from './runner.ts';

/** A learner that answers a row of numbers with numbers. */
type RowLearner = {
  readonly inputs: number;
  readonly missing: Runner['missing'];
  readonly predict: (x: ArrayLike<number>) => Float64Array;
  /** Where many rows at once cost less than one by one. */
  readonly predictMany?: (x: Matrix) => Matrix;
};

const UNNAMED: ModelSignature = { features: null, classes: null, scoresAre: 'values' };
const FIRST_PART = 'model.safetensors';
const partName = (index: number): string => (index === 0 ? FIRST_PART : `model-${index + 1}.safetensors`);

/** Whether the files are of a model that `learn/` runs. */
export const isNative = ({ files }: SourcedModel): boolean =>
  files.has(FIRST_PART) || files.has(XGBOOST_FILE);

/**
 * A model of ours, of one part or of several whose mean it answers, or of XGBoost, ready to be asked.
 * @throws PilotfishError `DAMAGED` and others for what cannot be restored, `UNSUPPORTED` for a learner that answers
 * something else than rows.
 */
export function nativeRunner({ files }: SourcedModel): Runner {
  const xgboost = files.get(XGBOOST_FILE);
  if (xgboost !== undefined) {
    return runnerOf('xgboost', [treesLearner(BoostedTrees.fromModel(decodeXgboostJson(xgboost)))]);
  }
  const parts: RowLearner[] = [];
  for (let bytes = files.get(partName(0)); bytes !== undefined; bytes = files.get(partName(parts.length))) {
    parts.push(rowLearner(restoreLearner(decodeSnapshot(bytes))));
  }
  return runnerOf('pilotfish', parts);
}

/** What the numbers of an artefact mean. */
export function signatureOf({ manifest, files }: SourcedModel): ModelSignature {
  if (manifest?.room !== 'codec') return UNNAMED;
  try {
    const model = new CompressionPredictor({ name: manifest.name });
    model.become(files);
    const { features, classes, scoresAre } = model;
    return { features, classes, scoresAre };
  } catch (error) {
    // Trained by the room itself: then it has no head of its own.
    if (!hasCode(error, 'DAMAGED')) throw error;
  }
  if (manifest.featureSchema !== CODEC_SCHEMA || manifest.family !== 'mlp') return UNNAMED;
  return { features: CODEC_FEATURES, classes: NET_CLASSES, scoresAre: 'costs' };
}

function rowLearner(learner: Learner): RowLearner {
  if (learner instanceof Mlp) {
    return {
      inputs: learner.layers().sizes[0] as number,
      missing: 'refuse',
      predict: (x) => learner.predict(x),
      predictMany: (x) => learner.predictMany(x),
    };
  }
  if (learner instanceof BoostedTrees) return treesLearner(learner);
  if (isStreamLearner(learner))
    return { inputs: learner.features, missing: 'refuse', predict: (x) => learner.predict(x) };
  throw new PilotfishError(
    'UNSUPPORTED',
    `a ${learner.kind} does not answer rows of features; ask the room that it was made for`,
  );
}

const treesLearner = (trees: BoostedTrees): RowLearner => ({
  inputs: trees.model.features,
  missing: 'allow',
  predict: (x) => trees.predict(x),
});

function runnerOf(platform: Runner['platform'], parts: readonly RowLearner[]): Runner {
  const [first] = parts;
  if (first === undefined) throw new PilotfishError('DAMAGED', 'the model has no parts; train it again');
  const { inputs } = first;
  const missing = parts.every((part) => part.missing === 'allow') ? 'allow' : 'refuse';
  const outputs = first.predict(new Float64Array(inputs)).length;
  const isAlike = (part: RowLearner): boolean =>
    part.inputs === inputs && part.predict(new Float64Array(inputs)).length === outputs;
  if (!parts.every(isAlike)) {
    throw new PilotfishError('DAMAGED', 'the parts of the model do not fit each other; train it again');
  }
  const predict = parts.length === 1 ? first.predict : meanOf(parts, outputs);
  const many = parts.map(({ predictMany }) => predictMany).filter((each) => each !== undefined);
  const run = many.length === parts.length ? manyRows(many, inputs) : rowByRow(predict, inputs, outputs);
  return { platform, inputs, outputs, missing, predict, run, close: () => Promise.resolve() };
}

function meanOf(parts: readonly RowLearner[], outputs: number): RowLearner['predict'] {
  const mean = new Float64Array(outputs);
  return (x) => {
    mean.fill(0);
    for (let part = 0; part < parts.length; part += 1) {
      const values = (parts[part] as RowLearner).predict(x);
      for (let i = 0; i < outputs; i += 1) mean[i] = (mean[i] as number) + (values[i] as number);
    }
    for (let i = 0; i < outputs; i += 1) mean[i] = (mean[i] as number) / parts.length;
    return mean;
  };
}

/** The same sums in the same order as one by one, so the same bits. */
function manyRows(parts: readonly ((x: Matrix) => Matrix)[], inputs: number): Runner['run'] {
  return (x, rows) => {
    const matrix: Matrix = { rows, columns: inputs, data: x.subarray(0, rows * inputs) };
    const [first, ...others] = parts.map((predictMany) => predictMany(matrix).data);
    const sum = Float64Array.from(first as ArrayLike<number>);
    if (others.length === 0) return sum;
    for (const values of others)
      for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + (values[i] as number);
    return sum.map((value) => value / parts.length);
  };
}

function rowByRow(predict: RowLearner['predict'], inputs: number, outputs: number): Runner['run'] {
  return (x, rows) => {
    const answers = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row += 1) {
      answers.set(predict(x.subarray(row * inputs, (row + 1) * inputs)), row * outputs);
    }
    return answers;
  };
}
