import { PilotfishError } from '../../../base/index.ts';
import {
  completeTrials,
  encodeSnapshot,
  type ParameterValues,
  type SearchSpace,
  type Snapshot,
  Study,
  type StudySettings,
} from '../../../learn/index.ts';
import type { Bench, TunedFamily, TuneReport, TuneSettings, Work } from '../../workshop/index.ts';
import { LINKS } from '../links.ts';
import { type CodecPredictor, netPredictor, treesPredictor } from '../model.ts';
import { stepsFor } from '../steps.ts';
import { heuristicChooser, tableChooser } from './baselines.ts';
import type { CostRow } from './costs.ts';
import { type Chooser, evaluate, metricsOf } from './evaluate.ts';
import { timeDecisions } from './timing.ts';
import { referenceOf, trainNet, trainTrees } from './train.ts';

type Candidate = { readonly chooser: Chooser; readonly bytes: number };

/** A family is a parameter like any other; those of the other family are drawn and not looked at. */
const SPACE: SearchSpace = {
  family: ['categorical', ['mlp', 'boosted-trees']],
  hiddenDim: ['categorical', [32, 64, 128, 256]],
  learningRate: ['float', 3e-4, 1e-2, true],
  batchSize: ['categorical', [32, 64, 128]],
  rounds: ['int', 10, 80],
  maxDepth: ['int', 3, 8],
  shrinkage: ['float', 0.05, 0.4, true],
};
const PARAMETERS_OF: Readonly<Record<string, readonly string[]>> = {
  mlp: ['hiddenDim', 'learningRate', 'batchSize'],
  'boosted-trees': ['rounds', 'maxDepth', 'shrinkage'],
};
/** The link a decision is timed at: both steps are taken. */
const TIMED_LINK = LINKS['100M'];
/** At 10 Gbit/s nothing is measured and next to nothing can be won: it does not decide between settings. */
const JUDGED_LINKS = [LINKS['10M'], LINKS['100M'], LINKS['1G']];

/**
 * Searches the families of this room on the validation rows. Regret alone guides the search, so that a resumed one takes
 * the same way on any machine; time and size say at the end who may serve.
 */
export function* tuneCodec(
  { clock }: Bench,
  settings: TuneSettings,
  rows: readonly CostRow[],
): Work<TuneReport> {
  const study = openStudy(settings);
  for (const { number } of study.running) study.requeue(number);
  let told = settings.journal.records.filter(({ type }) => type === 'tell').length;
  while (told < settings.trials) {
    yield { what: 'trials', done: told, of: settings.trials };
    const { number, parameters } = study.ask();
    study.tell(number, regretOf(rows, train(rows, parameters, settings.seed).chooser));
    told += 1;
  }
  const families: TunedFamily[] = [];
  const judge = ({ chooser, bytes }: Candidate, parameters: TunedFamily['parameters']): void => {
    const decisionP50Us = timeDecisions(chooser, TIMED_LINK, clock).p50;
    const withinBudget = bytes <= settings.maxBytes && decisionP50Us <= settings.maxDecisionUs;
    const regret = regretOf(rows, chooser);
    families.push({ family: chooser.who, regret, bytes, decisionP50Us, withinBudget, parameters });
  };
  for (const { family, parameters } of bestOfFamilies(settings)) {
    yield { what: `timing ${family}`, done: told, of: settings.trials };
    const own = Object.entries(parameters).filter(([name]) => PARAMETERS_OF[family]?.includes(name));
    judge(train(rows, parameters, settings.seed), Object.fromEntries(own));
  }
  for (const chooser of [heuristicChooser, tableChooser]) judge({ chooser, bytes: 0 }, {});
  const [best] = families.filter(({ withinBudget }) => withinBudget).sort((a, b) => a.regret - b.regret);
  return { room: 'codec', trials: told, families, best: best?.family ?? heuristicChooser.who };
}

/** Mean over the links, on the validation rows. */
function regretOf(rows: readonly CostRow[], chooser: Chooser): number {
  const val = rows.filter(({ part }) => part === 'val');
  const regrets = JUDGED_LINKS.map((link) => metricsOf(evaluate(val, link, chooser)).regret);
  return regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length;
}

/** The study of the journal, or a new one that writes to it. */
function openStudy({ seed, journal }: TuneSettings): Study {
  const asked: StudySettings = { space: SPACE, seed };
  const append = (record: Parameters<typeof journal.append>[0]): void => journal.append(record);
  const [first] = journal.records;
  if (first === undefined) return new Study(asked, append);
  if (first.type === 'study' && JSON.stringify(first.settings) === JSON.stringify(asked)) {
    return Study.resume([...journal.records], append);
  }
  throw new PilotfishError('REFUSED', 'the journal is of another search: name another file');
}

function train(rows: readonly CostRow[], parameters: ParameterValues, seed: number): Candidate {
  const number = (name: string): number => Number(parameters[name]);
  if (parameters['family'] === 'mlp') {
    const width = number('hiddenDim');
    const hidden = [width, width / 2, width / 4];
    const settings = { hidden, learningRate: number('learningRate'), batchSize: number('batchSize') };
    const net = trainNet(rows, { seed, net: settings });
    return candidate(rows, netPredictor([net]), [net.snapshot()]);
  }
  const settings = {
    rounds: number('rounds'),
    maxDepth: number('maxDepth'),
    learningRate: number('shrinkage'),
  };
  const trees = trainTrees(rows, { seed, trees: settings });
  const snapshots = [...trees.sizes, ...trees.times].map((each) => each.snapshot());
  return candidate(rows, treesPredictor(trees), snapshots);
}

function candidate(
  rows: readonly CostRow[],
  predictor: CodecPredictor,
  snapshots: readonly Snapshot[],
): Candidate {
  const chooser: Chooser = {
    ...{ who: predictor.family, referenceSeconds: referenceOf(rows), steps: stepsFor },
    choose: (question) => predictor.choose(question),
  };
  const bytes = snapshots.reduce((sum, snapshot) => sum + encodeSnapshot(snapshot).length, 0);
  return { chooser, bytes };
}

/** The best parameters of each family that was tried. */
function bestOfFamilies({ journal }: TuneSettings): { family: string; parameters: ParameterValues }[] {
  const trials = completeTrials(journal.records);
  return Object.keys(PARAMETERS_OF).flatMap((family) => {
    const [best] = trials
      .filter(({ parameters }) => parameters['family'] === family)
      .sort((a, b) => a.value - b.value);
    return best === undefined ? [] : [{ family, parameters: best.parameters }];
  });
}
