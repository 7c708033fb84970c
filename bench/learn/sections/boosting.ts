// Histogram boosting beside XGBoost.
import { BoostedTrees } from '../../../src/learn/trees/index.ts';
import { classification, type Labelled, split, writeData } from '../data.ts';
import type { Section } from '../results.ts';
import { atMost, cpuMs, middle, quotient } from './goals.ts';
import { ask, beside, type Versioned } from './python.ts';
import type { Setting } from './sections.ts';

const columns = 18;
const classes = 3;
const maxDepth = 8;
const learningRate = 0.3;

interface Work {
  readonly training: Labelled;
  readonly heldOut: Labelled;
  readonly rounds: number;
}

function logLoss(trees: BoostedTrees, { x, y }: Labelled): number {
  const { data: shares } = trees.predictMany(x);
  return (
    y.reduce((sum, label, row) => sum - Math.log(shares[row * classes + label] ?? Number.NaN), 0) / y.length
  );
}

function ours({ training, heldOut, rounds }: Work): { ms: number; loss: number } {
  const options = { objective: 'multi:softprob', classes, rounds, maxDepth, learningRate } as const;
  const trees = new BoostedTrees(options);
  const ms = cpuMs(() => void trees.fit({ x: training.x, y: training.y }));
  return { ms, loss: logLoss(trees, heldOut) };
}

type XgboostAnswer = Versioned & { readonly cpuSeconds: number; readonly loss: number };

/** Processor time of training, and the loss on samples that nobody trained on. */
export function boostingSection({ isQuick, workplace }: Setting): Section {
  const [rows, rounds, repeats] = isQuick ? [5000, 4, 1] : [100_000, 40, 3];
  const held = rows / 5;
  const data = classification({ rows: rows + held, columns, classes, seed: 25 });
  const [training, heldOut] = split(data, rows);
  const files = {
    training: writeData(workplace, 'boost', training),
    heldOut: writeData(workplace, 'held', heldOut),
  };
  const job = { ...files, rounds, maxDepth, learningRate };
  const runs = Array.from({ length: repeats }, () => ({
    product: ours({ training, heldOut, rounds }),
    xgboost: ask<XgboostAnswer>('xgboost', 'boosting.py', job),
  }));
  const found = runs.flatMap(({ xgboost: { value } }) => (value === undefined ? [] : [value]));
  const product = middle(runs.map((run) => run.product.ms));
  const theirs = found.length === 0 ? null : middle(found.map(({ cpuSeconds }) => 1000 * cpuSeconds));
  const [loss, theirLoss] = [runs[0]?.product.loss ?? Number.NaN, found[0]?.loss ?? null];
  const absent = runs[0]?.xgboost.absent;
  return {
    id: 'boosting',
    title: 'Boosting trees',
    about: [
      `${rows} samples of ${columns} features, ${classes} classes, ${rounds} rounds of depth ${maxDepth}, 256 bins, one`,
      `thread each; processor time, median of ${repeats}.${runs[0] === undefined ? '' : beside(runs[0].xgboost)}`,
    ].join(' '),
    findings: [
      {
        name: 'training, CPU',
        unit: 'ms',
        product,
        others: [{ name: 'XGBoost hist', value: theirs }],
        goals: [atMost('/ XGBoost', quotient(product, theirs), 1.2)],
      },
      {
        name: `log-loss on ${held} held-out samples`,
        unit: 'nats',
        product: loss,
        others: [{ name: 'XGBoost hist', value: theirLoss }],
        goals: [atMost('/ XGBoost', quotient(loss, theirLoss), 1.01)],
      },
    ],
    absent: absent === undefined ? [] : [absent],
  };
}
