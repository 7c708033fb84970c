import type { CodecQuestion } from '../../../blocks/index.ts';
import type { ScoreRow, ScoreSet } from '../../scoreboard/index.ts';
import { LinkEstimator } from '../link.ts';
import { LINKS, type LinkName } from '../links.ts';
import { CPU_PENALTY, codecNumber, costOf, oracleOf } from '../teacher.ts';
import { bestFixed, constants, documentChooser, heuristicChooser, tableChooser } from './baselines.ts';
import { bestSeconds, type CostRow } from './costs.ts';
import { type Chooser, evaluate, linkFor, metricsOf, questionOf, stepSeconds } from './evaluate.ts';

/** Who stands on the scoreboard beside the baselines. */
export type CodecContenders = {
  readonly model: Chooser | undefined;
  /** Whether the model serves for such a block at this rate. */
  readonly serves: (rawBytes: number, linkBitsPerSecond: number) => boolean;
  /** Median time of a decision, sample bytes to hint, in microseconds. */
  readonly decisionUs: (
    who: 'model' | 'heuristic',
    linkBitsPerSecond: number,
  ) => { p50: number; p99: number };
};

/** Blocks a set needs for a replay without a known link, and how many of them are not counted. */
const UNKNOWN_MIN = 64;
const UNKNOWN_WARM_UP = 16;
/** A rate at which nothing is measured, so that only the answer takes time. */
const UNMEASURED_RATE = LINKS['10G'];

const ORACLE = { regret: 0, regretBeforeFeatures: 0, withinFivePercent: 1, accuracy: 1 } as const;

/** The scoreboard entries of one data set: one per link, and one for a link that nobody told about. */
export function scoreCodecSet(
  name: string,
  rows: readonly CostRow[],
  contenders: CodecContenders,
): ScoreSet[] {
  const known = (Object.keys(LINKS) as LinkName[]).map((link): ScoreSet => {
    const rate = LINKS[link];
    return { name: `${name} ${link}`, n: rows.length, rows: knownRows(rows, rate, contenders) };
  });
  if (rows.length < UNKNOWN_MIN) return known;
  return [
    ...known,
    { name: `${name} unknown`, n: rows.length - UNKNOWN_WARM_UP, rows: unknownRows(rows, contenders) },
  ];
}

function knownRows(rows: readonly CostRow[], rate: number, contenders: CodecContenders): ScoreRow[] {
  const { serves } = contenders;
  const modelServes = rows.some(({ rawBytes }) => serves(rawBytes, rate));
  // Where it serves nowhere it stands there as it is, for comparison.
  const model = modelServes ? asServed(contenders) : contenders.model;
  const rowOf = (chooser: Chooser, serving: boolean): ScoreRow => {
    const { who } = chooser;
    const timedAs = who === 'model' ? 'model' : 'heuristic';
    const timed = who === 'model' || who === 'heuristic' ? contenders.decisionUs(timedAs, rate) : undefined;
    const times = timed === undefined ? {} : { decisionP50Us: timed.p50, decisionP99Us: timed.p99 };
    const evaluation = evaluate(rows, rate, chooser);
    // The answer itself takes time too: what it takes where nothing is measured, once a block.
    const answerSeconds = timed === undefined ? 0 : contenders.decisionUs(timedAs, UNMEASURED_RATE).p50 / 1e6;
    const all = evaluation.oracle.reduce((sum, cost) => sum + cost, 0);
    const metrics = metricsOf(evaluation);
    const regretWithDecision = metrics.regret + (rows.length * answerSeconds) / all;
    return { who, serving, ...metrics, regretWithDecision, ...times };
  };
  return [
    ...(model === undefined ? [] : [rowOf(model, modelServes)]),
    rowOf(heuristicChooser, !modelServes),
    ...[bestFixed(rows, rate), tableChooser, documentChooser].map((chooser) => rowOf(chooser, false)),
    { who: 'oracle', serving: false, ...ORACLE },
  ];
}

/**
 * What really serves with a model: the model where it earned its place, for blocks of such a size and at the rate it
 * believes in, else the rule.
 */
function asServed({ model, serves }: CodecContenders): Chooser | undefined {
  const whose = (bytes: number, rate: number): Chooser =>
    model === undefined || !serves(bytes, rate) ? heuristicChooser : model;
  return (
    model && {
      who: 'model',
      referenceSeconds: model.referenceSeconds,
      steps: (bytes, rate) => whose(bytes, rate).steps(bytes, rate),
      choose: (question) => whose(question.rawBytes, question.linkBitsPerSecond).choose(question),
    }
  );
}

function unknownRows(rows: readonly CostRow[], contenders: CodecContenders): ScoreRow[] {
  const links = Object.values(LINKS);
  const mean = (regretOf: (link: number) => number): number =>
    links.reduce((sum, link) => sum + regretOf(link), 0) / links.length;
  const rowOf = (chooser: Chooser, serving: boolean): ScoreRow => ({
    who: chooser.who,
    serving,
    regret: mean((link) => replay(rows, link, chooser)),
  });
  // The constant that is best over all four replays.
  const fixed = constants()
    .map((chooser) => rowOf(chooser, false))
    .reduce((best, row) => (Number(row['regret']) < Number(best['regret']) ? row : best));
  const served = asServed(contenders);
  return [
    ...(served === undefined ? [] : [rowOf(served, true)]),
    rowOf(heuristicChooser, served === undefined),
    { ...fixed, who: 'best-fixed' },
    rowOf(tableChooser, false),
    rowOf(documentChooser, false),
    { who: 'oracle', serving: false, regret: 0 },
  ];
}

/** Regret of a replay in which the link is known only from the receipts of the blocks before. */
function replay(rows: readonly CostRow[], link: number, chooser: Chooser): number {
  const terms = { linkBitsPerSecond: link, cpuPenalty: CPU_PENALTY };
  const estimate = new LinkEstimator();
  let spent = 0;
  let best = 0;
  for (const [i, row] of rows.entries()) {
    const believed = estimate.bitsPerSecond;
    const steps = chooser.steps(row.rawBytes, believed);
    const question: CodecQuestion = questionOf(row, linkFor(chooser, row, believed), steps);
    const choice = codecNumber(chooser.choose(question));
    const measured = { ...row, seconds: bestSeconds(row) };
    const cost = costOf(measured, choice, terms);
    const seconds = cost - terms.cpuPenalty * (measured.seconds[choice] ?? 0);
    estimate.observe((seconds * link) / 8, seconds);
    if (i < UNKNOWN_WARM_UP) continue;
    spent += cost + stepSeconds(row, steps);
    best += costOf(measured, oracleOf(measured, terms), terms);
  }
  return spent / best - 1;
}
