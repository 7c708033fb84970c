import { PilotfishError } from '../../base/index.ts';
import { NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import { encodeSnapshot } from '../../learn/index.ts';
import type { LineageSet, ModelArtefact, ModelDraft } from '../artefact/index.ts';
import type { Scoreboard } from '../scoreboard/index.ts';
import {
  type Bench,
  lineageOf,
  measurableSets,
  setsIn,
  splitTable,
  type TrainOptions,
  type TuneReport,
  type TuneSettings,
  type Work,
  type Workshop,
  withSets,
} from '../workshop/index.ts';
import { CODEC_FEATURES, CODEC_SCHEMA } from './features.ts';
import { heuristicChooser, tableChooser } from './judging/baselines.ts';
import { type CostRow, readCosts, steady, writeCosts } from './judging/costs.ts';
import { type Chooser, evaluate, regretOf } from './judging/evaluate.ts';
import { DECIDING_LINKS, isOfSize, judgeOnNewSets, modelChooser } from './judging/gate.ts';
import { measureSet } from './judging/measure.ts';
import { scoreCodecSet } from './judging/score.ts';
import { timeDecisions } from './judging/timing.ts';
import { referenceOf, trainNets, trainTrees } from './judging/train.ts';
import { tuneCodec } from './judging/tune.ts';
import { LINKS, type LinkName } from './links.ts';
import {
  advantageOf,
  type CodecPredictor,
  NET_TOPOLOGY,
  netFile,
  netPredictor,
  openCodecModel,
  REFERENCE_METRIC,
  treeFile,
  treesPredictor,
} from './model.ts';
import { CODECS } from './validator.ts';

/** Blocks of one set that are measured: enough for a narrow interval, few enough for a minute a set. */
const MEASURED_BLOCKS = 1500;
const SCORED_BLOCKS = 1000;

function* measure(
  bench: Bench,
  data: string,
  options: { readonly shippable: boolean },
): Work<{ table: string; rows: number }> {
  const sets = measurableSets(bench, data, options);
  const rows: CostRow[] = [];
  for (const set of sets) {
    let done = 0;
    for (const row of measureSet(set, { clock: bench.clock, maxBlocks: MEASURED_BLOCKS })) {
      rows.push(row);
      done += 1;
      yield { what: set.name, done, of: MEASURED_BLOCKS };
    }
  }
  return { table: withSets(sets, writeCosts(rows)), rows: rows.length };
}

function readTable(text: string): {
  readonly sets: readonly LineageSet[];
  readonly rows: readonly CostRow[];
} {
  const { sets, rows } = splitTable(text);
  return { sets, rows: steady(readCosts(rows)) };
}

function* train(_bench: Bench, options: TrainOptions): Work<ModelDraft> {
  const { sets, rows } = readTable(options.table);
  const { seed } = options;
  const trees = yield* trainTrees(rows, { seed });
  const nets = yield* trainNets(rows, { seed });
  const val = rows.filter(({ part }) => part === 'val');
  const reference = referenceOf(rows);
  yield { what: 'judging', done: 0, of: 2 };
  const byTrees = judge(val, treesPredictor(trees), reference);
  yield { what: 'judging', done: 1, of: 2 };
  const byNet = judge(val, netPredictor(nets), reference);
  const newTrees = yield* judgeOnNewSets(rows, { family: 'boosted-trees', seed });
  const newNet = yield* judgeOnNewSets(rows, { family: 'mlp', seed });
  const useNet = (newNet ?? byNet).meanRegret <= (newTrees ?? byTrees).meanRegret;
  const [chosen, onNewSets] = useNet ? [byNet, newNet] : [byTrees, newTrees];
  const training = rows.filter(({ part }) => part === 'train');
  const learnt = judge(training, useNet ? netPredictor(nets) : treesPredictor(trees), reference);
  const files = useNet
    ? new Map(nets.map((net, i) => [netFile(i), encodeSnapshot(net.snapshot())]))
    : new Map(
        CODECS.slice(1).flatMap((codec, i) => {
          const [size, time] = [trees.sizes[i], trees.times[i]];
          if (size === undefined || time === undefined) return [];
          return [
            [treeFile(codec, 'size'), encodeSnapshot(size.snapshot())] as const,
            [treeFile(codec, 'time'), encodeSnapshot(time.snapshot())] as const,
          ];
        }),
      );
  return {
    manifest: {
      ...{ room: 'codec', name: 'codec', version: options.version, date: options.date, device: 'cpu' },
      family: useNet ? 'mlp' : 'boosted-trees',
      topology: useNet ? NET_TOPOLOGY : [CODEC_FEATURES.length, 2 * (CODECS.length - 1)],
      featureSchema: CODEC_SCHEMA,
      lineage: lineageOf(sets, rows, options),
      metrics: {
        ...{ ...chosen.metrics, ...onNewSets?.advantages },
        ...{ trainRegret: learnt.meanRegret, valRegret: chosen.meanRegret },
        ...(onNewSets === undefined ? {} : { newSetRegret: onNewSets.meanRegret }),
      },
      privacy: null,
    },
    files,
  };
}

/** 0 where there are no such blocks. */
const regretOn = (rows: readonly CostRow[], link: LinkName, who: Chooser): number =>
  rows.length === 0 ? 0 : regretOf(evaluate(rows, LINKS[link], who));

/** Regret on each link, and by how much less than the rules'; the sealed part has no say here. */
function judge(
  rows: readonly CostRow[],
  predictor: CodecPredictor,
  referenceSeconds: number,
): { readonly meanRegret: number; readonly metrics: Readonly<Record<string, number>> } {
  const metrics: Record<string, number> = { [REFERENCE_METRIC]: referenceSeconds };
  const chooser = modelChooser(predictor, referenceSeconds);
  const names = Object.keys(LINKS) as LinkName[];
  for (const name of names) {
    metrics[`regret${name}`] = regretOn(rows, name, chooser);
    for (const isSmall of [true, false]) {
      const blocks = rows.filter(isOfSize(isSmall));
      const rules = [heuristicChooser, tableChooser].map((rule) => regretOn(blocks, name, rule));
      metrics[advantageOf(name, isSmall)] = Math.min(...rules) - regretOn(blocks, name, chooser);
    }
  }
  const judged = DECIDING_LINKS.map((name) => metrics[`regret${name}`] ?? 0);
  return { meanRegret: judged.reduce((sum, regret) => sum + regret, 0) / judged.length, metrics };
}

function valRegret(table: string, artefact: ModelArtefact): number {
  const model = openCodecModel(artefact);
  const val = readTable(table).rows.filter(({ part }) => part === 'val');
  if (val.length === 0)
    throw new PilotfishError('EMPTY', 'the cost table has no validation rows; measure more sets');
  return judge(val, model, artefact.manifest.metrics[REFERENCE_METRIC] ?? 0).meanRegret;
}

function* tune(bench: Bench, settings: TuneSettings): Work<TuneReport> {
  return yield* tuneCodec(bench, settings, readTable(settings.table).rows);
}

function* score(bench: Bench, data: string, artefact: ModelArtefact | undefined): Work<Scoreboard> {
  const model = artefact === undefined ? undefined : openCodecModel(artefact);
  const learnt = new Set(artefact?.manifest.lineage.sets.map(({ sha256 }) => sha256));
  const contender = model && modelChooser(model, artefact?.manifest.metrics[REFERENCE_METRIC]);
  const timed = new Map<string, { p50: number; p99: number }>();
  const sets = [];
  for (const set of setsIn(bench, data)) {
    const rows: CostRow[] = [];
    for (const row of measureSet(set, {
      clock: bench.clock,
      maxBlocks: SCORED_BLOCKS,
      sealed: learnt.has(set.sha256),
    })) {
      rows.push(row);
      yield { what: set.name, done: rows.length, of: SCORED_BLOCKS };
    }
    if (rows.length === 0) continue;
    sets.push(
      ...scoreCodecSet(set.name, steady(rows), {
        model: contender,
        serves: (rawBytes, linkBitsPerSecond) =>
          model?.serves?.({ ...NEUTRAL_CODEC_QUESTION, rawBytes, linkBitsPerSecond }) ?? false,
        decisionUs: (who, link) => {
          const key = `${who} ${link}`;
          const known =
            timed.get(key) ??
            timeDecisions(who === 'model' && contender ? contender : heuristicChooser, link, bench.clock);
          timed.set(key, known);
          return known;
        },
      }),
    );
  }
  return { room: 'codec', sets };
}

/** Labels from running every codec, a net and trees trained on cost, a scoreboard in regret. */
export const codecWorkshop: Workshop = {
  room: 'codec',
  alias: 'compression_predictor',
  measure,
  train,
  valRegret,
  tune,
  score,
};
