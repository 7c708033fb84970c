import { type CodecQuestion, type CodecSteps, NEUTRAL_CODEC_QUESTION } from '../../../blocks/index.ts';
import { bootstrap } from '../../../learn/index.ts';
import { CPU_PENALTY, codecNumber, costOf, NEAR_BEST, oracleOf } from '../teacher.ts';
import type { CodecValue } from '../validator.ts';
import { bestSeconds, type CostRow } from './costs.ts';

/** Something that chooses codecs: a model, a rule, a constant. */
export type Chooser = {
  readonly who: string;
  /** What it wants measured; each step is charged at what it took on that block. */
  steps(rawBytes: number, linkBitsPerSecond: number): CodecSteps;
  choose(question: Readonly<CodecQuestion>): CodecValue;
  /** Reference seconds of the machine it was trained on, for one that minds how fast this one is. */
  readonly referenceSeconds?: number | undefined;
};

/** The link as a chooser sees it: for a slower machine a faster one. */
export function linkFor(chooser: Chooser, row: CostRow, link: number): number {
  return chooser.referenceSeconds === undefined
    ? link
    : (link * row.referenceSeconds) / chooser.referenceSeconds;
}

/** Cost of every choice on every row, in seconds. */
export type Evaluation = {
  readonly chosen: Float64Array;
  readonly oracle: Float64Array;
  readonly features: Float64Array;
  readonly strict: Uint8Array;
  readonly rows: readonly CostRow[];
};

/** The question a row stands for on a link; only what the steps allow is known. */
export function questionOf(row: CostRow, link: number, steps: CodecSteps): CodecQuestion {
  const { rawBytes, fileKind, fileOffsetBytes, siblingRatio, entropyBits, probeRatio } = row;
  return {
    ...NEUTRAL_CODEC_QUESTION,
    ...{ rawBytes, fileKind, fileOffsetBytes, siblingRatio, linkBitsPerSecond: link },
    ...(steps === 'none' ? {} : { sampleEntropyBits: entropyBits }),
    ...(steps === 'entropy+probe' ? { probeRatio } : {}),
  };
}

/** Seconds that measuring these steps took on this block. */
export function stepSeconds(row: CostRow, steps: CodecSteps): number {
  return (steps === 'none' ? 0 : row.entropySeconds) + (steps === 'entropy+probe' ? row.probeSeconds : 0);
}

/** Runs a chooser over rows that are sent over a link of the given rate, bits per second. */
export function evaluate(rows: readonly CostRow[], link: number, chooser: Chooser): Evaluation {
  const terms = { linkBitsPerSecond: link, cpuPenalty: CPU_PENALTY };
  const empty = (): Float64Array => new Float64Array(rows.length);
  const result = {
    chosen: empty(),
    oracle: empty(),
    features: empty(),
    strict: new Uint8Array(rows.length),
    rows,
  };
  for (const [i, row] of rows.entries()) {
    const steps = chooser.steps(row.rawBytes, link);
    const choice = codecNumber(chooser.choose(questionOf(row, linkFor(chooser, row, link), steps)));
    const measured = { ...row, seconds: bestSeconds(row) };
    const best = oracleOf(measured, terms);
    result.chosen[i] = costOf(measured, choice, terms);
    result.oracle[i] = costOf(measured, best, terms);
    result.features[i] = stepSeconds(row, steps);
    result.strict[i] = choice === best ? 1 : 0;
  }
  return result;
}

export type CodecMetrics = {
  readonly regret: number;
  readonly regretLow: number;
  readonly regretHigh: number;
  readonly regretBeforeFeatures: number;
  readonly withinFivePercent: number;
  readonly accuracy: number;
};

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** The sum of costs over the sum of the oracle's, less one. */
export const regretOf = ({ chosen, oracle, features }: Evaluation): number =>
  (sum(chosen) + sum(features)) / sum(oracle) - 1;

/** Everything the scoreboard says of a chooser; intervals by resampling whole files. */
export function metricsOf(evaluation: Evaluation): CodecMetrics {
  const { chosen, oracle, features, strict } = evaluation;
  const [low, high] = regretInterval(evaluation);
  let near = 0;
  let right = 0;
  for (let i = 0; i < chosen.length; i += 1) {
    if ((chosen[i] as number) + (features[i] as number) <= NEAR_BEST * (oracle[i] as number)) near += 1;
    right += strict[i] as number;
  }
  return {
    regret: regretOf(evaluation),
    regretLow: low,
    regretHigh: high,
    regretBeforeFeatures: sum(chosen) / sum(oracle) - 1,
    withinFivePercent: near / chosen.length,
    accuracy: right / chosen.length,
  };
}

function regretInterval(evaluation: Evaluation): readonly [number, number] {
  const { chosen, oracle, features, rows } = evaluation;
  const files = new Map<number, { spent: number; best: number }>();
  rows.forEach(({ file }, i) => {
    const before = files.get(file) ?? { spent: 0, best: 0 };
    before.spent += (chosen[i] as number) + (features[i] as number);
    before.best += oracle[i] as number;
    files.set(file, before);
  });
  const clusters = [...files.values()];
  if (clusters.length < 2) {
    const regret = regretOf(evaluation);
    return [regret, regret];
  }
  const indices = Float64Array.from(clusters, (_, i) => i);
  const regretOfFiles = (drawn: Float64Array): number => {
    let spent = 0;
    let best = 0;
    for (const index of drawn) {
      spent += clusters[index]?.spent ?? 0;
      best += clusters[index]?.best ?? 0;
    }
    return spent / best - 1;
  };
  const { low, high } = bootstrap(indices, regretOfFiles, { method: 'percentile', resamples: 500 });
  return [low, high];
}
