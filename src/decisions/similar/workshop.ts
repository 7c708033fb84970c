import { PilotfishError } from '../../base/index.ts';
import type { BaseQuestion } from '../../blocks/index.ts';
import { encodeSnapshot } from '../../learn/index.ts';
import type { ModelArtefact, ModelDraft } from '../artefact/index.ts';
import type { RoomModel } from '../contract/index.ts';
import type { Scoreboard, ScoreSet } from '../scoreboard/index.ts';
import {
  type Bench,
  lineageOf,
  measurableSets,
  setsIn,
  splitTable,
  type TrainOptions,
  type Work,
  type Workshop,
  withSets,
} from '../workshop/index.ts';
import { SIMILAR_FEATURES, SIMILAR_SCHEMA } from './features.ts';
import { similarHeuristic } from './heuristic.ts';
import type { Rule } from './judging/baselines.ts';
import { blocksOf } from './judging/blocks.ts';
import { judge, regretOf } from './judging/evaluate.ts';
import { measureSet } from './judging/measure.ts';
import { scoreSimilarSet } from './judging/score.ts';
import { type BaseRow, readRows, writeRows } from './judging/table.ts';
import { trainTrees } from './judging/train.ts';
import { leaveOneOut } from './judging/validate.ts';
import { BasePredictor, openSimilarModel, TREES_FILE } from './model.ts';

function* measure(
  bench: Bench,
  data: string,
  options: { shippable: boolean },
): Work<{ table: string; rows: number }> {
  const sets = measurableSets(bench, data, options);
  const rows: BaseRow[] = [];
  for (const [index, set] of sets.entries()) {
    for (const row of measureSet(set, bench.clock)) {
      rows.push(row);
      yield { what: set.name, done: index, of: sets.length };
    }
  }
  return { table: withSets(sets, writeRows(rows)), rows: rows.length };
}

function* train(_bench: Bench, options: TrainOptions): Work<ModelDraft> {
  const { sets, rows: text } = splitTable(options.table);
  const rows = readRows(text);
  const advantages = yield* leaveOneOut(rows, options.seed);
  const trees = yield* trainTrees(rows, options.seed);
  const predictor = new BasePredictor(trees);
  const choose = (question: Readonly<BaseQuestion>): number => predictor.choose(question);
  const trainRegret = regretOf(judge(partOf(rows, 'train'), choose));
  const metrics = { ...valMetrics(partOf(rows, 'val'), choose), ...advantages, trainRegret };
  return {
    manifest: {
      ...{ room: 'similar', name: 'similar', version: options.version, date: options.date, device: 'cpu' },
      family: 'boosted-trees',
      topology: [SIMILAR_FEATURES.length, trees.model.trees.length],
      featureSchema: SIMILAR_SCHEMA,
      lineage: lineageOf(sets, rows, options),
      metrics,
      privacy: null,
    },
    files: new Map([[TREES_FILE, encodeSnapshot(trees.snapshot())]]),
  };
}

const partOf = (rows: readonly BaseRow[], part: BaseRow['part']): BaseRow[] =>
  rows.filter((row) => row.part === part);

/** Regret on the validation part beside the rule's, and how many deltas were not kept. */
function valMetrics(
  val: readonly BaseRow[],
  choose: (question: Readonly<BaseQuestion>) => number,
): Record<string, number> {
  const model = judge(val, choose);
  return {
    valRegret: regretOf(model),
    ruleRegret: regretOf(judge(val, similarHeuristic)),
    notKept: model.tried === 0 ? 0 : model.notKept / model.tried,
  };
}

function valRegret(table: string, artefact: ModelArtefact): number {
  const model = openSimilarModel(artefact);
  const val = partOf(readRows(splitTable(table).rows), 'val');
  if (val.length === 0) {
    throw new PilotfishError('EMPTY', 'the table has no validation rows; measure more sets');
  }
  return regretOf(judge(val, (question) => model.choose(question)));
}

/** What the room answers with this model: the rule where it does not serve. */
function asServed(model: RoomModel<BaseQuestion, number>): Rule {
  return {
    who: 'model',
    choose: (question) =>
      model.serves?.(question) === false ? similarHeuristic(question) : model.choose(question),
  };
}

function* score(bench: Bench, data: string, artefact: ModelArtefact | undefined): Work<Scoreboard> {
  const model = artefact && asServed(openSimilarModel(artefact));
  const learnt = new Set(artefact?.manifest.lineage.sets.map(({ sha256 }) => sha256));
  const sets: ScoreSet[] = [];
  for (const set of setsIn(bench, data)) {
    const isLearnt = learnt.has(set.sha256);
    const counts = ({ part }: { readonly part: string }): boolean => !isLearnt || part === 'test';
    const blocks = blocksOf(set);
    if (!blocks.some(counts)) continue;
    const kind = set.path.slice(0, set.path.indexOf('/'));
    sets.push({
      kind,
      ...(yield* scoreSimilarSet({ name: set.name, blocks, counts, model, clock: bench.clock })),
    });
  }
  return { room: 'similar', sets };
}

/** Labels from encoding every delta, trees trained on their sizes, a scoreboard of replayed stores. */
export const similarWorkshop: Workshop = {
  room: 'similar',
  alias: 'dedup_optimizer',
  measure,
  train,
  valRegret,
  score,
};
