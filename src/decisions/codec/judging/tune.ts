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
import {
  type Bench,
  shownAs,
  type TunedFamily,
  type TuneReport,
  type TuneSettings,
  type Work,
} from '../../workshop/index.ts';
import { LINKS } from '../links.ts';
import { type CodecPredictor, netPredictor, treesPredictor } from '../model.ts';
import { heuristicChooser, tableChooser } from './baselines.ts';
import type { CostRow } from './costs.ts';
import { type Chooser, evaluate, regretOf } from './evaluate.ts';
import { DECIDING_LINKS, modelChooser } from './gate.ts';
import { timeDecisions } from './timing.ts';
import { referenceOf, trainNet, trainNets, trainTrees } from './train.ts';

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

/**
 * Searches the families of this room on the validation rows. Regret alone guides the search, so that a resumed one takes
 * the same way on any machine; time and size say at the end who may serve. A trial of nets trains one of them; the best
 * is then trained as it would serve, all nets, and its regret, bytes and time are those of all.
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
    const step = { what: 'trials', done: told, of: settings.trials };
    const { number, parameters } = study.ask();
    const { chooser } = yield* shownAs(step, train(rows, parameters, settings.seed));
    study.tell(number, meanRegretOf(rows, chooser));
    told += 1;
  }
  const families: TunedFamily[] = [];
  const judge = (
    family: string,
    { chooser, bytes }: Candidate,
    parameters: TunedFamily['parameters'] = {},
  ): void => {
    const decisionP50Us = timeDecisions(chooser, TIMED_LINK, clock).p50;
    const withinBudget = bytes <= settings.maxBytes && decisionP50Us <= settings.maxDecisionUs;
    const regret = meanRegretOf(rows, chooser);
    families.push({ family, regret, bytes, decisionP50Us, withinBudget, parameters });
  };
  for (const { family, parameters } of bestOfFamilies(settings)) {
    const step = { what: `best ${family}`, done: told, of: settings.trials };
    const own = Object.entries(parameters).filter(([name]) => PARAMETERS_OF[family]?.includes(name));
    const served = yield* shownAs(step, train(rows, parameters, settings.seed, 'as-served'));
    judge(family, served, Object.fromEntries(own));
  }
  for (const chooser of [heuristicChooser, tableChooser]) judge(chooser.who, { chooser, bytes: 0 });
  const [best] = families.filter(({ withinBudget }) => withinBudget).sort((a, b) => a.regret - b.regret);
  return { room: 'codec', trials: told, families, best: best?.family ?? heuristicChooser.who };
}

/** Mean over the links, on the validation rows. */
function meanRegretOf(rows: readonly CostRow[], chooser: Chooser): number {
  const val = rows.filter(({ part }) => part === 'val');
  const regrets = DECIDING_LINKS.map((link) => regretOf(evaluate(val, LINKS[link], chooser)));
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

function* train(
  rows: readonly CostRow[],
  parameters: ParameterValues,
  seed: number,
  extent: 'one-net' | 'as-served' = 'one-net',
): Work<Candidate> {
  const number = (name: string): number => Number(parameters[name]);
  if (parameters['family'] === 'mlp') {
    const width = number('hiddenDim');
    const hidden = [width, width / 2, width / 4];
    const settings = { hidden, learningRate: number('learningRate'), batchSize: number('batchSize') };
    const options = { seed, net: settings };
    const nets = extent === 'as-served' ? yield* trainNets(rows, options) : [yield* trainNet(rows, options)];
    const snapshots = nets.map((net) => net.snapshot());
    return candidate(rows, netPredictor(nets), snapshots);
  }
  const settings = {
    rounds: number('rounds'),
    maxDepth: number('maxDepth'),
    learningRate: number('shrinkage'),
  };
  const trees = yield* trainTrees(rows, { seed, trees: settings });
  const snapshots = [...trees.sizes, ...trees.times].map((each) => each.snapshot());
  return candidate(rows, treesPredictor(trees), snapshots);
}

function candidate(
  rows: readonly CostRow[],
  predictor: CodecPredictor,
  snapshots: readonly Snapshot[],
): Candidate {
  const bytes = snapshots.reduce((sum, snapshot) => sum + encodeSnapshot(snapshot).length, 0);
  return { chooser: modelChooser(predictor, referenceOf(rows)), bytes };
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
