import { MIB, PilotfishError } from '../../base/index.ts';
import { checkTreeModel, type Tree, type TreeModel, type TreeObjective } from '../trees/index.ts';
import { decodeText, parseJson } from './strict-json.ts';
import {
  asObject,
  countAt,
  damaged,
  type Fields,
  fieldAt,
  listAt,
  numbersAt,
  objectAt,
  unsupported,
} from './xgboost-fields.ts';
import { readTree } from './xgboost-tree.ts';

/** Longest file read: about 3000 trees of depth 8. */
export const MAX_XGBOOST_JSON_BYTES = 128 * MIB;
/** Most lists, objects and fields: each takes two bytes in the file and a hundred in memory. A tree has about 40. */
const MAX_PARTS = 2 ** 21;

/**
 * Reads a model that XGBoost saved as JSON: booster `gbtree`, numeric splits, one of the objectives of `TreeModel`.
 * Keys that are not needed are passed over, so that newer files are read as well. Nodes that pruning left behind
 * are dropped and the others numbered anew, parents before children; a base score for each class becomes a round
 * of single leaves.
 * @throws PilotfishError `LIMIT` for files too large and models beyond the limits of `TreeModel`; `DAMAGED` for a
 * text that is no such model (cycles, children out of range, counts that are not true, …); `NOT_FINITE`;
 * `UNSUPPORTED` for what a `TreeModel` cannot hold: other boosters and objectives, categories, several targets.
 */
export function decodeXgboostJson(bytes: Uint8Array): TreeModel {
  checkSize(bytes);
  const learner = objectAt(asObject(parseJson(decodeText(bytes)), 'the file'), 'learner');
  const parameters = objectAt(learner, 'learner_model_param');
  const booster = objectAt(learner, 'gradient_booster');
  if (fieldAt(booster, 'name') !== 'gbtree') throw unsupported('another booster than gbtree');
  if (countAt(parameters, 'num_target', 1) > 1) throw unsupported('a model of several targets');
  const model = objectAt(booster, 'model');
  const trees = listAt(model, 'trees').map((tree, index) =>
    readTree(asObject(tree, `tree ${index}`), `tree ${index}`),
  );
  const declared = countAt(objectAt(model, 'gbtree_model_param'), 'num_trees');
  if (declared !== trees.length) throw damaged(`${trees.length} trees where ${declared} are declared`);
  const objective = fieldAt(objectAt(learner, 'objective'), 'name');
  if (typeof objective !== 'string') throw damaged('the objective has no name');
  const outputs = Math.max(1, countAt(parameters, 'num_class'));
  const scores = baseScores(parameters);
  const rounds = inRounds(trees, numbersAt(model, 'tree_info', trees.length), outputs);
  return checkTreeModel({
    objective: objective as TreeObjective,
    features: countAt(parameters, 'num_feature'),
    outputs,
    baseScore: scores[0] as number,
    trees: [...rounds, ...offsets(scores, outputs)],
  });
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length > MAX_XGBOOST_JSON_BYTES) {
    const message = `a model of ${bytes.length} bytes, ${MAX_XGBOOST_JSON_BYTES} allowed; use fewer trees`;
    throw new PilotfishError('LIMIT', message);
  }
  let parts = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === 0x5b || byte === 0x7b || byte === 0x3a) parts += 1;
  }
  if (parts > MAX_PARTS) {
    throw new PilotfishError('LIMIT', `${parts} lists and fields, ${MAX_PARTS} allowed; use fewer trees`);
  }
}

/** A float32 as text, or since XGBoost 3.1 a list of them in brackets, one an output. */
function baseScores(parameters: Fields): number[] {
  const value = fieldAt(parameters, 'base_score');
  const text = typeof value === 'string' ? value.replace(/^\[(.*)\]$/, '$1') : '';
  const scores = text.split(',').map((item) => (item.trim() === '' ? Number.NaN : Math.fround(Number(item))));
  if (!scores.every(Number.isFinite)) throw damaged('base_score is no number');
  return scores;
}

/** What the scores of the outputs differ from the first by, as one more round of trees that are single leaves. */
function offsets(scores: readonly number[], outputs: number): Tree[] {
  if (scores.every((score) => score === scores[0])) return [];
  if (scores.length !== outputs) throw damaged(`${scores.length} base scores for ${outputs} outputs`);
  const none = Int32Array.of(-1);
  const [zero, flag] = [new Float32Array(1), new Uint8Array(1)];
  return scores.map((score) => ({
    left: none,
    right: none,
    feature: new Int32Array(1),
    threshold: zero,
    defaultLeft: flag,
    value: Float32Array.of(score - (scores[0] as number)),
    gain: zero,
    cover: Float32Array.of(1),
  }));
}

/** Trees in the order in which tree t adds to output t % outputs; files may keep the trees of an output together. */
function inRounds(trees: readonly Tree[], outputOf: readonly number[], outputs: number): Tree[] {
  const seen = new Map<number, number>();
  const sorted = [...trees];
  trees.forEach((tree, index) => {
    const output = outputOf[index] as number;
    const round = seen.get(output) ?? 0;
    const place = round * outputs + output;
    if (!(Number.isInteger(output) && output >= 0 && output < outputs && place < trees.length)) {
      throw damaged(`tree_info does not share ${trees.length} trees out to ${outputs} outputs`);
    }
    seen.set(output, round + 1);
    sorted[place] = tree;
  });
  return sorted;
}
