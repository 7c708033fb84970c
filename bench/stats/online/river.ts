// The streams of River's documentation: what our learners answer beside what River answered, and how fast.
import { readFileSync } from 'node:fs';
import type { StreamLearner } from '../../../src/learn/index.ts';
import { cpuMs, middle } from '../../learn/sections/goals.ts';
import type { Row, Scale } from '../section.ts';
import { LEARNERS, type LearnerName, meanScore, progressive, type Stream, served } from './served.ts';

interface Recorded {
  readonly classes: number;
  readonly features: number;
  readonly x?: readonly number[];
  readonly y?: readonly number[];
  readonly river: Readonly<
    Record<string, { readonly accuracy?: number; readonly meanAbsoluteError?: number }>
  >;
}

const { version, streams } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/river.json', import.meta.url), 'utf8'),
) as { version: string; streams: Readonly<Record<string, Recorded>> };

/** Version of River whose answers the vectors hold. */
export const RIVER_VERSION = version;

/** Samples a second of River 0.19 on one core of another machine, thousands. */
const RIVER_THOUSANDS: Readonly<Record<string, number>> = {
  'phishing logistic-regression': 38,
  'phishing hoeffding-tree': 20,
  'bananas logistic-regression': 23,
  'bananas hoeffding-tree': 18,
  'sea logistic-regression': 27,
  'sea hoeffding-tree': 18,
  'image-segments naive-bayes': 4.1,
  'image-segments hoeffding-tree': 1.7,
  'image-segments softmax-regression': 4.1,
  'trump-approval linear-regression': 24,
  'chick-weights linear-regression': 32,
};
const LEAST_GAIN = 20;
/** Half a point of accuracy; of an error as much of itself. */
const TOLERANCE = 0.005;
const REPEATS = 5;
/** Of one measurement: the compiler has done its work by then. */
const LEAST_SAMPLES = 10_000;

/** SEA with an abrupt change at 5000, as the vectors were made of it (Street, Kim 2001; Lehmer's generator). */
export function sea(): Stream {
  let state = 42;
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return (10 * state) / 2_147_483_647;
  };
  const rows = Array.from({ length: 10_000 }, () => [next(), next(), next()]);
  const labels = rows.map(([a = 0, b = 0], i) => Number(a + b <= (i < 5000 ? 8 : 9.5)));
  return { rows, labels };
}

function streamOf({ x, y, features }: Recorded): Stream {
  if (x === undefined || y === undefined) return sea();
  return { rows: y.map((_, row) => x.slice(row * features, (row + 1) * features)), labels: y };
}

/** Samples a second of processor time, the middle of five; short streams are played more than once. */
function rateOf(make: () => StreamLearner, stream: Stream, classes: number): number {
  const passes = Math.ceil(LEAST_SAMPLES / stream.rows.length);
  const play = (): number =>
    cpuMs(() => {
      for (let pass = 0; pass < passes; pass += 1) progressive(make(), stream, classes);
    });
  play();
  return (1000 * passes * stream.rows.length) / middle(Array.from({ length: REPEATS }, play));
}

/** One row a stream and learner; speed, which differs from run to run, only at full scale. */
export function riverRows(scale: Scale): Row[] {
  return Object.entries(streams).flatMap(([name, recorded]) => {
    const stream = streamOf(recorded);
    const known = Object.entries(recorded.river).filter(([learner]) => Object.hasOwn(LEARNERS, learner));
    return known.flatMap(([learner, { accuracy, meanAbsoluteError }]) => {
      const make = () => LEARNERS[learner as LearnerName](recorded);
      const river = accuracy ?? -(meanAbsoluteError ?? Number.NaN);
      const ours = meanScore(progressive(make(), stream, recorded.classes));
      const what = recorded.classes > 0 ? 'accuracy' : 'mean absolute error';
      const least = river - TOLERANCE * (recorded.classes > 0 ? 1 : -river);
      const quality: Row = {
        measure: `${name}, ${learner}: ${what}, each sample asked about before it is learnt`,
        bound: `${recorded.classes > 0 ? '≥' : '≤'} ${Math.abs(least).toFixed(4)} (River ${Math.abs(river).toFixed(4)})`,
        measured: Math.abs(ours).toFixed(4),
        isMet: ours >= least,
      };
      const thousands = RIVER_THOUSANDS[`${name} ${learner}`];
      if (scale === 'small' || thousands === undefined) return [quality];
      const rate = rateOf(make, stream, recorded.classes) / 1000;
      const speed: Row = {
        measure: `${name}, ${learner}: thousand samples a second`,
        bound: `≥ ${LEAST_GAIN} × ${thousands}`,
        measured: `${rate.toFixed(0)} (${(rate / thousands).toFixed(0)} ×)`,
        isMet: rate >= LEAST_GAIN * thousands,
      };
      return [quality, speed];
    });
  });
}

/** The same streams behind the gate: only what has beaten the champion answers. */
export function gatedRows(): Row[] {
  return Object.entries(streams)
    .filter(([, { classes }]) => classes > 0)
    .flatMap(([name, recorded]) => {
      const stream = streamOf(recorded);
      const known = Object.keys(recorded.river).filter((learner) => Object.hasOwn(LEARNERS, learner));
      return known.map((learner): Row => {
        const make = () => LEARNERS[learner as LearnerName](recorded);
        const gated = meanScore(served(make(), stream, 'adaptive').scores);
        const ungated = meanScore(progressive(make(), stream, recorded.classes));
        return {
          measure: `${name}, ${learner}: accuracy of what an adaptive pipeline served`,
          bound: '',
          measured: `${gated.toFixed(4)} (learning every sample at once: ${ungated.toFixed(4)})`,
          isMet: undefined,
        };
      });
    });
}
