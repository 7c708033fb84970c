// Stream learners beside River: each sample is first asked about, then learnt.
import type { LearnsOne, Predicts, StreamSample } from '../../../src/learn/contract/index.ts';
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  SoftmaxRegression,
} from '../../../src/learn/linear/index.ts';
import { classification, type Labelled, writeData } from '../data.ts';
import type { Finding, Section } from '../results.ts';
import { atLeast, cpuMs, middle, quotient } from './goals.ts';
import { ask, beside, type Versioned } from './python.ts';
import type { Setting } from './sections.ts';

type StreamLearner = Predicts & LearnsOne<StreamSample>;
type RiverRun = { readonly name: string; readonly rate: number; readonly score: number };
type RiverAnswer = Versioned & { readonly runs: readonly RiverRun[] };

const features = 10;
const classes = 3;
const repeats = 5;
const leastGain = 20;

/** A learner, what it is asked, and how good its answer is: 1 for a right class, or a squared error. */
interface Stream {
  readonly name: string;
  readonly label: string;
  readonly make: () => StreamLearner;
  readonly target: (y: number) => number;
  readonly judge: (answer: Float64Array, target: number) => number;
}

const best = (shares: Float64Array): number => {
  let at = 0;
  for (let i = 1; i < shares.length; i++) if ((shares[i] ?? 0) > (shares[at] ?? 0)) at = i;
  return at;
};
const isRight = (answer: Float64Array, target: number): number => (best(answer) === target ? 1 : 0);
const asIs = (y: number): number => y;

const streams: readonly Stream[] = [
  {
    name: 'logistic',
    label: 'logistic regression',
    make: () => new LogisticRegression({ features }),
    target: (y) => (y > 0 ? 1 : 0),
    judge: isRight,
  },
  {
    name: 'softmax',
    label: 'softmax regression',
    make: () => new SoftmaxRegression({ features, classes }),
    target: asIs,
    judge: isRight,
  },
  {
    name: 'linear',
    label: 'linear regression',
    make: () => new LinearRegression({ features }),
    target: asIs,
    judge: (answer, target) => ((answer[0] ?? Number.NaN) - target) ** 2,
  },
  {
    name: 'bayes',
    label: 'naive Bayes',
    make: () => new NaiveBayes({ features, classes }),
    target: asIs,
    judge: isRight,
  },
  {
    name: 'hoeffding',
    label: 'Hoeffding tree',
    make: () => new HoeffdingTree({ features, classes }),
    target: asIs,
    judge: isRight,
  },
];

/** Samples a second, and the mean judgement. */
function runStream({ make, target, judge }: Stream, { x, y }: Labelled): { rate: number; mean: number } {
  const rows = Array.from({ length: x.rows }, (_, row) =>
    x.data.subarray(row * features, (row + 1) * features),
  );
  let mean = 0;
  const pass = (): number =>
    cpuMs(() => {
      const learner = make();
      let sum = 0;
      for (let row = 0; row < rows.length; row++) {
        const sample = { x: rows[row] as Float32Array, y: target(y[row] as number) };
        sum += judge(learner.predict(sample.x), sample.y);
        learner.learnOne(sample);
      }
      mean = sum / rows.length;
    });
  pass();
  const ms = Array.from({ length: repeats }, pass);
  return { rate: (rows.length / middle(ms)) * 1000, mean };
}

function finding(stream: Stream, data: Labelled, river: RiverRun | undefined): Finding {
  const { rate, mean } = runStream(stream, data);
  const isValue = stream.name === 'linear';
  const score = isValue ? Math.sqrt(mean) : mean;
  const what = isValue ? 'root mean squared error' : 'share of right answers';
  const theirs = river === undefined ? '' : `, River ${river.score.toFixed(4)}`;
  return {
    name: stream.label,
    unit: 'samples/s',
    product: rate,
    others: [{ name: 'River', value: river?.rate ?? null }],
    goals: [atLeast('/ River', quotient(rate, river?.rate), leastGain)],
    note: `${what} ${score.toFixed(4)}${theirs}`,
  };
}

/** Throughput of the stream learners. */
export function streamSection({ isQuick, workplace }: Setting): Section {
  const rows = isQuick ? 2000 : 20_000;
  const data = classification({ rows, columns: features, classes, seed: 31 });
  const river = ask<RiverAnswer>('river', 'streams.py', writeData(workplace, 'streams', data));
  const findings = streams.map((stream) =>
    finding(
      stream,
      data,
      river.value?.runs.find(({ name }) => name === stream.name),
    ),
  );
  return {
    id: 'streams',
    title: 'Stream learners',
    about: [
      `${rows} samples of ${features} features, ${classes} classes; each is first predicted, then learnt.`,
      `Processor time.${beside(river)}`,
    ].join(' '),
    findings,
    absent: river.absent === undefined ? [] : [river.absent],
  };
}
