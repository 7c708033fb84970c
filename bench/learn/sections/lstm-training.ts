// Backpropagation through time beside PyTorch.
import { Lstm } from '../../../src/learn/nets/index.ts';
import { classification, writeData } from '../data.ts';
import type { Section } from '../results.ts';
import { atMost, cpuMs, middle, quotient } from './goals.ts';
import { beside } from './python.ts';
import type { Setting } from './sections.ts';
import { askTorch, torchMs } from './torch.ts';

const steps = 20;
const inputs = 8;
const units = 64;
const classes = 4;
const batch = 32;
const rate = 1e-3;

/** Epochs of an LSTM layer with a dense head on its last state. */
export function lstmTrainingSection({ isQuick, workplace }: Setting): Section {
  const rows = isQuick ? 320 : 3200;
  const epochs = isQuick ? 2 : 7;
  const data = classification({ rows, columns: steps * inputs, classes, seed: 24 });
  const job = { ...writeData(workplace, 'lstm', data), batch, epochs, rate, inputs, units };
  const torch = askTorch([job]);
  const lstm = new Lstm({ inputs, hidden: units, outputs: classes, seed: 1 });
  const trainer = lstm.trainer({ x: data.x, y: data.y }, { epochs, batchSize: batch });
  let loss = Number.NaN;
  const ms = Array.from({ length: epochs }, () =>
    cpuMs(() => {
      loss = trainer.epoch().trainingLoss;
    }),
  );
  const [product, theirs] = [middle(ms), torchMs(torch.value?.runs[0])];
  const theirLoss = torch.value?.runs[0]?.at(-1)?.loss;
  const note = `mean loss of the last epoch: product ${loss.toFixed(4)}, torch ${theirLoss?.toFixed(4) ?? 'absent'}`;
  return {
    id: 'lstm-training',
    title: 'Training an LSTM',
    about: [
      `${rows} sequences of ${steps} steps of ${inputs} values, ${units} units, batch ${batch}, Adam, one thread each;`,
      `processor time, median of ${epochs} epochs.${beside(torch)}`,
    ].join(' '),
    findings: [
      {
        name: `LSTM ${inputs}-${units}-${classes}, one epoch`,
        unit: 'ms',
        product,
        others: [{ name: 'torch', value: theirs }],
        goals: [atMost('/ torch', quotient(product, theirs), 1)],
        note,
      },
    ],
    absent: torch.absent === undefined ? [] : [torch.absent],
  };
}
