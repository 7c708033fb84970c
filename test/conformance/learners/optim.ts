// A search learns too: from the trials it is told of. Its journal is its snapshot.
import {
  checkSnapshot,
  type JournalRecord,
  type Json,
  type Learner,
  type ParameterValues,
  type Snapshot,
  Study,
  type StudySettings,
} from '../../../src/learn/index.ts';
import { type AnyCase, learnerCase } from './suite.ts';
import { chanceOf } from './worlds.ts';

const KIND = 'study';

/** A study together with its journal, which makes it a learner. */
class Search implements Learner {
  readonly kind = KIND;
  readonly study: Study;
  readonly #records: JournalRecord[];

  constructor(records: readonly JournalRecord[], begin: (write: (record: JournalRecord) => void) => Study) {
    this.#records = [...records];
    this.study = begin((record) => this.#records.push(record));
  }

  static start(settings: StudySettings): Search {
    return new Search([], (write) => new Study(settings, write));
  }

  static restore(snapshot: Snapshot): Search {
    const { config } = checkSnapshot(snapshot, KIND, 1);
    const records = Array.isArray(config['records']) ? (config['records'] as JournalRecord[]) : [];
    return new Search(structuredClone(records), (write) => Study.resume(records, write));
  }

  snapshot(): Snapshot {
    // A journal is lines of JSON.
    const records = JSON.parse(JSON.stringify(this.#records)) as Json;
    return { kind: KIND, version: 1, config: { records }, tensors: {} };
  }
}

// The names are in alphabetical order, which a snapshot file gives them: their order is part of a study.
const settings = (seed: number): StudySettings => ({
  space: {
    kind: ['categorical', ['a', 'b']],
    scale: ['float', 1e-4, 1, true],
    units: ['int', 1, 64],
    x: ['float', -5, 5],
  },
  startupTrials: 3,
  pruner: { type: 'median', startupTrials: 2 },
  seed,
});

/** How bad the parameters are, where `best` is how they should be. */
function badness({ x, scale, units, kind }: ParameterValues, best: number): number {
  const distance = (Number(x) - best) ** 2 + (Math.log10(Number(scale)) + 2) ** 2;
  return distance + (Number(units) / 64 - 0.5) ** 2 + (kind === 'b' ? 0 : 1);
}

/** Runs trials, each with a report halfway. */
function run(study: Study, trials: number, best: number): void {
  for (let i = 0; i < trials; i += 1) {
    const { number, parameters } = study.ask();
    const value = badness(parameters, best);
    const isHopeless = study.report(number, 0, 2 * value);
    study.tell(number, isHopeless ? 'pruned' : value);
  }
}

/** Trials of an attempt that ends with the best value found. */
const bestOf = (seed: number, sampler: 'tpe' | 'random'): number => {
  let sum = 0;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const study = new Study({ ...settings(seed + attempt), pruner: { type: 'none' }, sampler });
    run(study, 50, 1);
    sum += study.best?.value ?? Number.POSITIVE_INFINITY;
  }
  return sum;
};

export const optim: readonly AnyCase[] = [
  learnerCase({
    name: 'Study',
    untaught: 'belief',
    chance: 'seeded',
    make: (seed) => Search.start(settings(seed)),
    restore: Search.restore,
    lesson: (world, number) => ({ best: chanceOf(world, number).normal() }),
    teach: ({ study }, { best }) => run(study, 4, best),
    // To ask a study for a trial is to change it: what it knows is its best trial, and what its twin would try next.
    questions: () => [null],
    ask(search) {
      const { best } = search.study;
      const next = Search.restore(search.snapshot()).study.ask();
      return [best, next].flatMap((trial) =>
        trial === undefined ? [] : [trial.number, badness(trial.parameters, 0)],
      );
    },
    refuses: [
      { what: 'the end of no trial', code: 'USAGE', act: ({ study }) => study.tell(99, 1) },
      { what: 'a report of no trial', code: 'USAGE', act: ({ study }) => study.report(99, 0, 1) },
      { what: 'to requeue no trial', code: 'USAGE', act: ({ study }) => study.requeue(99) },
      { what: 'an empty space', code: 'USAGE', act: () => new Study({ space: {} }) },
    ],
    contest: {
      against: 'random search',
      margin: 0.3,
      play: (seed) => ({ loss: bestOf(seed, 'tpe'), baseline: bestOf(seed, 'random') }),
    },
  }),
];
