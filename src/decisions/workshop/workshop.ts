import type { Clock, FileSystem } from '../../base/index.ts';
import type { JournalRecord } from '../../learn/index.ts';
import type { ModelArtefact, ModelDraft } from '../artefact/index.ts';
import type { Scoreboard } from '../scoreboard/index.ts';

/** What the work on models may use. */
export type Bench = {
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Hears about data that is left out. */
  readonly warn: (message: string) => void;
};

/** How far a long piece of work is. */
export type Step = { readonly what: string; readonly done: number; readonly of: number };

/**
 * Long work, a step at a time: whoever runs it shows the steps, serves signals between them, and stops by not asking
 * for the next one. What it returns is the result.
 */
export type Work<Result> = Generator<Step, Result, void>;

/** Does work, or anything else a step at a time, to its end. */
export function finish<Result>(work: Generator<unknown, Result, void>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Work whose steps are those of the work around it. */
export function* shownAs<Result>(step: Step, work: Work<Result>): Work<Result> {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    yield step;
  }
}

export type TrainOptions = {
  /** The table `measure` wrote. */
  readonly table: string;
  readonly seed: number;
  /** Names the new version. */
  readonly version: string;
  /** ISO date for the manifest. */
  readonly date: string;
  /** The command that trains it, for the manifest. */
  readonly command: string;
};

/** What a search may try, and what its result may cost. */
export type TuneSettings = {
  /** The table `measure` wrote. */
  readonly table: string;
  readonly seed: number;
  /** Trainings, counting those in the journal. */
  readonly trials: number;
  /** Budget of one decision, steps included, microseconds at the median. */
  readonly maxDecisionUs: number;
  /** Budget of the artefact. */
  readonly maxBytes: number;
  /** What an earlier run of the same search wrote, and where this one writes: `records` grows by what is appended. */
  readonly journal: { readonly records: readonly JournalRecord[]; append(record: JournalRecord): void };
};

/** The best that one family reached. */
export type TunedFamily = {
  /** `mlp`, `boosted-trees`, or the name of a rule. */
  readonly family: string;
  /** Mean regret on the validation part, a fraction. */
  readonly regret: number;
  readonly bytes: number;
  readonly decisionP50Us: number;
  readonly withinBudget: boolean;
  readonly parameters: { readonly [name: string]: unknown };
};

/** What a search found: the best of each family, and which of those within budget regrets least. */
export type TuneReport = {
  readonly room: string;
  readonly trials: number;
  readonly families: readonly TunedFamily[];
  readonly best: string;
};

/**
 * How the model of one room is made and judged: the labels from real data, the training, the comparison with every
 * baseline. `pilotfish measure`, `train` and `score` work on any room that has one.
 */
export interface Workshop {
  readonly room: string;
  /** The documents' name of the model, accepted wherever the room's is. */
  readonly alias: string;
  /**
   * Runs the alternatives on the data sets of a folder and writes what they cost as a table: the only input of `train`.
   * @param shippable only sets whose results may be shipped
   * @returns the table, and how many of its lines are measurements
   * @throws PilotfishError `MISSING`, `EMPTY` without a set that may be used, `DAMAGED`.
   */
  measure(
    bench: Bench,
    data: string,
    options: { readonly shippable: boolean },
  ): Work<{ readonly table: string; readonly rows: number }>;
  /** Trains and picks a model; the same table and seed give the same bytes. @throws PilotfishError `DAMAGED`, `EMPTY`. */
  train(bench: Bench, options: TrainOptions): Work<ModelDraft>;
  /**
   * What a model regrets on the validation part of a table, a fraction: the metric `valRegret` of a model trained on it.
   * @throws PilotfishError `DAMAGED`, `EMPTY`, `SHAPE` for a model of other features.
   */
  valRegret(table: string, model: ModelArtefact): number;
  /**
   * Searches families (net, trees, rule) and their settings on the validation part of the table, within a budget of time
   * and size; the sealed part has no say. @throws PilotfishError `DAMAGED`, `EMPTY`, `REFUSED` for another's journal.
   */
  tune?(bench: Bench, settings: TuneSettings): Work<TuneReport>;
  /**
   * Everybody on every set of a data folder. A set the model learnt from is scored on its sealed part alone.
   * @throws PilotfishError `MISSING`, `EMPTY` without data; `DAMAGED`, `SHAPE` for a model of another room or features.
   */
  score(bench: Bench, data: string, model: ModelArtefact | undefined): Work<Scoreboard>;
}
