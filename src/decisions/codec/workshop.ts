import { PilotfishError, sha256Hex } from '../../base/index.ts';
import { NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import { encodeSnapshot } from '../../learn/index.ts';
import type { Lineage, LineageSet, ModelArtefact, ModelDraft } from '../artefact/index.ts';
import { type DataSet, discover } from '../data/index.ts';
import type { Scoreboard } from '../scoreboard/index.ts';
import type { Bench, TrainOptions, TuneReport, TuneSettings, Work, Workshop } from '../workshop/index.ts';
import { CODEC_FEATURES, CODEC_SCHEMA } from './features.ts';
import { heuristicChooser, tableChooser } from './judging/baselines.ts';
import { type CostRow, readCosts, writeCosts } from './judging/costs.ts';
import { type Chooser, evaluate, metricsOf } from './judging/evaluate.ts';
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
import { stepsFor } from './steps.ts';
import { CODECS } from './validator.ts';

/** Blocks of one set that are measured: enough for a narrow interval, few enough for a minute a set. */
const MEASURED_BLOCKS = 1500;
const SCORED_BLOCKS = 1000;
/** Lines before the rows of a table: one per data set, so that the lineage needs no second file. */
const SET_LINE = '#set';

/** Everything in a data folder. @throws PilotfishError `MISSING`, `EMPTY`, `DAMAGED`. */
function setsOf(bench: Bench, data: string): DataSet[] {
  const kinds = ['compression', 'versions'] as const;
  const sets = kinds.flatMap((kind) => discover(bench.fs, data, kind, bench.warn));
  if (sets.length > 0) return sets;
  throw new PilotfishError(
    'EMPTY',
    `${data} has no data sets: put .br or .tar.br files into its folders compression/ and versions/`,
  );
}

function* measure(
  bench: Bench,
  data: string,
  { shippable }: { shippable: boolean },
): Work<{ table: string; rows: number }> {
  const sets = setsOf(bench, data).filter(({ use }) => !shippable || use === 'train+ship');
  if (sets.length === 0) {
    throw new PilotfishError(
      'EMPTY',
      `no data set in ${data} is marked train+ship in a MANIFEST.tsv; with --all every set is measured`,
    );
  }
  const rows: CostRow[] = [];
  for (const set of sets) {
    let done = 0;
    for (const row of measureSet(set, { clock: bench.clock, maxBlocks: MEASURED_BLOCKS })) {
      rows.push(row);
      done += 1;
      yield { what: set.name, done, of: MEASURED_BLOCKS };
    }
  }
  const lines = sets.map(({ name, path, sha256, use }) => [SET_LINE, name, path, sha256, use].join('\t'));
  return { table: `${lines.join('\n')}\n${writeCosts(rows)}`, rows: rows.length };
}

type Table = { readonly sets: readonly LineageSet[]; readonly rows: readonly CostRow[] };

function readTable(text: string): Table {
  const sets: LineageSet[] = [];
  let at = 0;
  while (text.startsWith(SET_LINE, at)) {
    const end = text.indexOf('\n', at);
    const [, , path = '', sha256 = '', use] = text.slice(at, end).split('\t');
    if (end < 0 || (use !== 'train+ship' && use !== 'evaluate')) {
      throw new PilotfishError('DAMAGED', 'the cost table names its data sets wrongly; measure again');
    }
    sets.push({ path, sha256, use });
    at = end + 1;
  }
  return { sets, rows: readCosts(text.slice(at)) };
}

function* train(_bench: Bench, options: TrainOptions): Work<ModelDraft> {
  const { sets, rows } = readTable(options.table);
  const { seed } = options;
  yield { what: 'trees', done: 0, of: 2 };
  const trees = trainTrees(rows, { seed });
  yield { what: 'nets', done: 1, of: 2 };
  const nets = trainNets(rows, { seed });
  const val = rows.filter(({ part }) => part === 'val');
  const reference = referenceOf(rows);
  const byTrees = judge(val, treesPredictor(trees), reference);
  const byNet = judge(val, netPredictor(nets), reference);
  const useNet = byNet.meanRegret <= byTrees.meanRegret;
  const chosen = useNet ? byNet : byTrees;
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
  yield { what: 'done', done: 2, of: 2 };
  return {
    manifest: {
      ...{ room: 'codec', name: 'codec', version: options.version, date: options.date, device: 'cpu' },
      family: useNet ? 'mlp' : 'boosted-trees',
      topology: useNet ? NET_TOPOLOGY : [CODEC_FEATURES.length, 2 * (CODECS.length - 1)],
      featureSchema: CODEC_SCHEMA,
      lineage: lineageOf(sets, rows, options),
      metrics: { ...chosen.metrics, trainRegret: learnt.meanRegret, valRegret: chosen.meanRegret },
      privacy: null,
    },
    files,
  };
}

function lineageOf(sets: readonly LineageSet[], rows: readonly CostRow[], options: TrainOptions): Lineage {
  const sealed = new Set(
    rows.filter(({ part }) => part === 'test').map(({ set, group }) => `${set}:${group}`),
  );
  return {
    sets,
    tableSha256: sha256Hex(Buffer.from(options.table)),
    seed: options.seed,
    command: options.command,
    synthetic: false,
    testEvaluations: 0,
    sealedGroups: sealed.size,
  };
}

/** Regret on each link, and by how much less than the rules'; the sealed part has no say here. */
function judge(
  rows: readonly CostRow[],
  predictor: CodecPredictor,
  referenceSeconds: number,
): { readonly meanRegret: number; readonly metrics: Readonly<Record<string, number>> } {
  const metrics: Record<string, number> = { [REFERENCE_METRIC]: referenceSeconds };
  const chooser: Chooser = {
    who: 'model',
    referenceSeconds,
    steps: stepsFor,
    choose: (question) => predictor.choose(question),
  };
  const names = Object.keys(LINKS) as LinkName[];
  for (const name of names) {
    const { regret } = metricsOf(evaluate(rows, LINKS[name], chooser));
    const rules = [heuristicChooser, tableChooser].map(
      (rule) => metricsOf(evaluate(rows, LINKS[name], rule)).regret,
    );
    metrics[`regret${name}`] = regret;
    metrics[advantageOf(name)] = Math.min(...rules) - regret;
  }
  // At 10 Gbit/s nothing is measured and next to nothing can be won: it does not decide between families.
  const judged = names.filter((name) => name !== '10G').map((name) => metrics[`regret${name}`] ?? 0);
  return { meanRegret: judged.reduce((sum, regret) => sum + regret, 0) / judged.length, metrics };
}

function valRegret(table: string, artefact: ModelArtefact): number {
  const model = openCodecModel(artefact);
  const val = readTable(table).rows.filter(({ part }) => part === 'val');
  if (val.length === 0)
    throw new PilotfishError('EMPTY', 'the cost table has no validation rows; measure more sets');
  const { family, metrics } = artefact.manifest;
  const predictor: CodecPredictor = { family, choose: (question) => model.choose(question) };
  return judge(val, predictor, metrics[REFERENCE_METRIC] ?? 0).meanRegret;
}

function* tune(bench: Bench, settings: TuneSettings): Work<TuneReport> {
  return yield* tuneCodec(bench, settings, readTable(settings.table).rows);
}

function* score(bench: Bench, data: string, artefact: ModelArtefact | undefined): Work<Scoreboard> {
  const model = artefact === undefined ? undefined : openCodecModel(artefact);
  const learnt = new Set(artefact?.manifest.lineage.sets.map(({ sha256 }) => sha256));
  const contender: Chooser | undefined = model && {
    who: 'model',
    referenceSeconds: artefact?.manifest.metrics[REFERENCE_METRIC],
    steps: stepsFor,
    choose: (q) => model.choose(q),
  };
  const timed = new Map<string, { p50: number; p99: number }>();
  const sets = [];
  for (const set of setsOf(bench, data)) {
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
      ...scoreCodecSet(set.name, rows, {
        model: contender,
        serves: (link) => model?.serves?.({ ...NEUTRAL_CODEC_QUESTION, linkBitsPerSecond: link }) ?? false,
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
