import { type Clock, PilotfishError, sha256Hex } from '../../base/index.ts';
import type { AskAhead } from '../../blocks/index.ts';
import { encodeSnapshot, quantile } from '../../learn/index.ts';
import type { LineageSet, ModelArtefact, ModelDraft } from '../artefact/index.ts';
import { type DataSet, discover, discoverTraces, type TraceSet } from '../data/index.ts';
import type { Scoreboard, ScoreSet } from '../scoreboard/index.ts';
import {
  type Bench,
  splitTable,
  type TrainOptions,
  type Work,
  type Workshop,
  withSets,
} from '../workshop/index.ts';
import { PREFETCH_SCHEMA } from './features.ts';
import { policy } from './judging/contenders.ts';
import { cutVersions, restoreTrace, type Versions } from './judging/restore.ts';
import { scoreTrace } from './judging/score.ts';
import { type Trace, traceOf } from './judging/trace.ts';
import { advantages, lstmTrainer, regretOf, ruleScorer } from './judging/train.ts';
import { readWindows, type Window, windowsOf, writeWindows } from './judging/windows.ts';
import { LSTM_FILE, LSTM_TOPOLOGY, openPrefetchModel, type PrefetchModel, prefetchModelOf } from './model.ts';

/** Moments of one trace that go into the table, in all its settings together. */
const MEASURED_WINDOWS = 6000;
/** By how much smaller caches each trace is measured with besides: who reads ahead meets caches of all sizes. */
const SMALLER_CACHES = [1, 10, 100];
const SHUFFLE_SEED = 1;
/** The net guesses at every so many accesses: enough for three digits, and a set takes seconds. */
const GUESS_EVERY = 16;
const TIMED_DECISIONS = 4000;

type Sources = { readonly traces: readonly TraceSet[]; readonly versions: readonly DataSet[] };

/** Everything in a data folder. @throws PilotfishError `MISSING`, `EMPTY`, `DAMAGED`. */
function sourcesOf(bench: Bench, data: string): Sources {
  const traces = discoverTraces(bench.fs, data, bench.warn);
  const versions = discover(bench.fs, data, 'versions', bench.warn);
  if (traces.length + versions.length > 0) return { traces, versions };
  throw new PilotfishError(
    'EMPTY',
    `${data} has no runs: put recorded ones into traces/ or .tar.br archives of versions into versions/`,
  );
}

function* cut(versions: readonly DataSet[]): Work<Versions> {
  const cutting = cutVersions(versions);
  for (let done = 0; ; done += 1) {
    const { done: isDone, value } = cutting.next();
    if (isDone) return value;
    yield { what: `versions of ${value}`, done, of: versions.length };
  }
}

/** What a restore of all versions asks for, in path order and with files shuffled. */
function* restores(versions: readonly DataSet[], sealed: boolean): Work<[string, Trace][]> {
  if (versions.length === 0) return [];
  const blocks = yield* cut(versions);
  return [
    ['restore', restoreTrace(blocks, sealed)],
    ['restore-shuffled', restoreTrace(blocks, sealed, SHUFFLE_SEED)],
  ];
}

/** A trace with caches of all sizes; where there is a tree, also without it. */
function settingsOf(trace: Trace): Trace[] {
  const { knownUpTo: _, ...treeless } = trace;
  const kinds: Trace[] = trace.knownUpTo === undefined ? [trace] : [trace, treeless];
  return kinds.flatMap((kind) =>
    SMALLER_CACHES.map((by) => ({ ...kind, cacheBlocks: Math.max(1, Math.floor(kind.cacheBlocks / by)) })),
  );
}

function* measure(
  bench: Bench,
  data: string,
  { shippable }: { shippable: boolean },
): Work<{ table: string; rows: number }> {
  const all = sourcesOf(bench, data);
  const mayUse = ({ use }: { use: string }): boolean => !shippable || use === 'train+ship';
  const [traces, versions] = [all.traces.filter(mayUse), all.versions.filter(mayUse)];
  if (traces.length + versions.length === 0) {
    throw new PilotfishError(
      'EMPTY',
      `no data set in ${data} is marked train+ship in a MANIFEST.tsv; with --all every set is measured`,
    );
  }
  const windows: Window[] = [];
  const note = function* (set: string, trace: Trace): Work<void> {
    const settings = settingsOf(trace);
    for (const setting of settings) {
      for (const window of windowsOf(setting, { set, windows: MEASURED_WINDOWS / settings.length })) {
        windows.push(window);
        yield { what: set, done: windows.length % MEASURED_WINDOWS, of: MEASURED_WINDOWS };
      }
    }
  };
  for (const set of traces) yield* note(set.name, traceOf(set.keys(), 'all'));
  for (const [name, trace] of yield* restores(versions, false)) yield* note(name, trace);
  return { table: withSets([...traces, ...versions], writeWindows(windows)), rows: windows.length };
}

type Table = { readonly sets: readonly LineageSet[]; readonly windows: readonly Window[] };

function readTable(text: string): Table {
  const { sets, rows } = splitTable(text);
  return { sets, windows: readWindows(rows) };
}

function* train(_bench: Bench, options: TrainOptions): Work<ModelDraft> {
  const { sets, windows } = readTable(options.table);
  const { net, trainer, epochs } = lstmTrainer(windows, { seed: options.seed });
  for (let done = 0; !trainer.isDone; done += 1) {
    yield { what: 'epochs', done, of: epochs };
    trainer.epoch();
  }
  trainer.finish();
  const { chances } = prefetchModelOf(net);
  return {
    manifest: {
      ...{ room: 'prefetch', name: 'prefetch', version: options.version, date: options.date, device: 'cpu' },
      ...{ family: 'lstm', topology: LSTM_TOPOLOGY, featureSchema: PREFETCH_SCHEMA, privacy: null },
      lineage: {
        ...{ sets, tableSha256: sha256Hex(Buffer.from(options.table)), seed: options.seed },
        ...{ command: options.command, synthetic: false, testEvaluations: 0, sealedGroups: sets.length },
      },
      metrics: {
        valRegret: regretOf(windows, chances),
        ruleRegret: regretOf(windows, ruleScorer),
        ...advantages(windows, chances),
      },
    },
    files: new Map([[LSTM_FILE, encodeSnapshot(net.snapshot())]]),
  };
}

const valRegret = (table: string, artefact: ModelArtefact): number =>
  regretOf(readTable(table).windows, openPrefetchModel(artefact).chances);

/** A model that answers, and how long it takes. */
function timedAsk(model: PrefetchModel, clock: Clock): { ask: AskAhead; times: number[] } {
  const times: number[] = [];
  const ask: AskAhead = (question) => {
    if (times.length === TIMED_DECISIONS) return model.choose(question);
    const startedMs = clock.monotonicMs();
    const answer = model.choose(question);
    times.push(1000 * (clock.monotonicMs() - startedMs));
    return answer;
  };
  return { ask, times };
}

function* score(bench: Bench, data: string, artefact: ModelArtefact | undefined): Work<Scoreboard> {
  const { traces, versions } = sourcesOf(bench, data);
  const model = artefact && openPrefetchModel(artefact);
  const learnt = new Set(artefact?.manifest.lineage.sets.map(({ sha256 }) => sha256));
  const isLearnt = ({ sha256 }: { sha256: string }): boolean => learnt.has(sha256);
  const sets: ScoreSet[] = [];
  const judgeTrace = function* (name: string, trace: Trace): Work<void> {
    if (trace.keys.length === 0) {
      bench.warn(`${name} is skipped: nothing is accessed in it`);
      return;
    }
    const timed = model && timedAsk(model, bench.clock);
    const scoring = scoreTrace(name, trace, {
      heuristic: policy(),
      ...(model && timed
        ? { model: policy(timed.ask, { every: GUESS_EVERY, guesses: (steps) => model.guesses(steps) }) }
        : {}),
      modelServes: model?.serves() ?? false,
      decisionUs: () => timesOf(timed?.times ?? []),
    });
    for (;;) {
      const { done, value } = scoring.next();
      if (done) {
        sets.push(value);
        return;
      }
      yield { what: value, done: sets.length, of: traces.length + 2 };
    }
  };
  for (const set of traces)
    yield* judgeTrace(set.name, traceOf(set.keys(), isLearnt(set) ? 'sealed' : 'first'));
  for (const [name, trace] of yield* restores(versions, versions.some(isLearnt)))
    yield* judgeTrace(name, trace);
  return { room: 'prefetch', sets };
}

function timesOf(times: readonly number[]): { p50: number; p99: number } | undefined {
  return times.length === 0 ? undefined : { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** Replays of recorded runs, an LSTM trained on what became of candidates, a scoreboard in hits and waste. */
export const prefetchWorkshop: Workshop = {
  room: 'prefetch',
  alias: 'prefetch_engine',
  measure,
  train,
  valRegret,
  score,
};
