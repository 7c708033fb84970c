// Training of a dense network beside native C and PyTorch.
import { Mlp } from '../../../src/learn/nets/index.ts';
import { classification, type Labelled, writeData } from '../data.ts';
import type { CompilerName, Reference } from '../reference.ts';
import type { Finding, Section } from '../results.ts';
import { atMost, cpuMs, middle, quotient } from './goals.ts';
import { nativeTrainer } from './mlp-reference.ts';
import { beside } from './python.ts';
import type { Setting } from './sections.ts';
import { askTorch, type TorchRun, torchMs } from './torch.ts';

const sizes = [12, 128, 64, 32, 4] as const;
/** Limits of the ratio to clang, by batch. */
const batches = [
  { batch: 32, limit: 2.2 },
  { batch: 256, limit: 2.9 },
] as const;

interface Epochs {
  readonly ms: number[];
  readonly losses: number[];
}

/** One epoch of each side after the other, so many times. */
function interleaveEpochs(sides: ReadonlyMap<string, () => number>, epochs: number): Map<string, Epochs> {
  const found = new Map([...sides.keys()].map((name): [string, Epochs] => [name, { ms: [], losses: [] }]));
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [name, run] of sides) {
      let loss = Number.NaN;
      const ms = cpuMs(() => {
        loss = run();
      });
      found.get(name)?.ms.push(ms);
      found.get(name)?.losses.push(loss);
    }
  }
  return found;
}

function mlpSides(data: Labelled, batch: number, epochs: number, references: readonly Reference[]) {
  const mlp = new Mlp({ inputs: sizes[0], outputs: sizes[4], hidden: sizes.slice(1, 4), seed: 1 });
  const trainer = mlp.trainer({ x: data.x, y: data.y }, { epochs, batchSize: batch });
  const sides = new Map([['product', () => trainer.epoch().trainingLoss]]);
  for (const reference of references) {
    sides.set(reference.compiler, nativeTrainer(reference, data, { sizes, batch }));
  }
  return sides;
}

const timeOf = (found: ReadonlyMap<string, Epochs>, name: CompilerName | 'product'): number | null => {
  const ms = found.get(name)?.ms;
  return ms === undefined ? null : middle(ms);
};

function mlpFinding(
  found: ReadonlyMap<string, Epochs>,
  torch: TorchRun | undefined,
  at: (typeof batches)[number],
) {
  const product = timeOf(found, 'product') ?? Number.NaN;
  const [clang, gcc] = [timeOf(found, 'clang'), timeOf(found, 'gcc')];
  const theirs = torchMs(torch);
  const losses = [...found].map(
    ([name, { losses: all }]) => `${name} ${(all.at(-1) ?? Number.NaN).toFixed(4)}`,
  );
  if (torch !== undefined) losses.push(`torch ${torch.at(-1)?.loss.toFixed(4)}`);
  const finding: Finding = {
    name: `MLP ${sizes.join('-')}, one epoch, batch ${at.batch}`,
    unit: 'ms',
    product,
    others: [
      { name: 'clang', value: clang },
      { name: 'gcc', value: gcc },
      { name: 'torch', value: theirs },
    ],
    goals: [
      atMost('/ clang', quotient(product, clang), at.limit),
      ...(at.batch === 32 ? [atMost('/ torch', quotient(product, theirs), 1)] : []),
    ],
    note: `mean loss of the last epoch: ${losses.join(', ')}`,
  };
  return finding;
}

/** Epochs of a dense network. */
export function mlpTrainingSection({ isQuick, references, workplace }: Setting): Section {
  const rows = isQuick ? 6400 : 100_000 - (100_000 % 256);
  const epochs = isQuick ? 2 : 7;
  const data = classification({ rows, columns: sizes[0], classes: sizes[4], seed: 22 });
  const file = writeData(workplace, 'mlp', data);
  const jobs = batches.map(({ batch }) => ({ ...file, sizes, batch, epochs, rate: 1e-3 }));
  const torch = askTorch(jobs);
  const findings = batches.map((at, i) => {
    const found = interleaveEpochs(mlpSides(data, at.batch, epochs, references), epochs);
    return mlpFinding(found, torch.value?.runs[i], at);
  });
  return {
    id: 'mlp-training',
    title: 'Training a dense network',
    about: `${rows} samples, Adam, one thread each; processor time, median of ${epochs} epochs.${beside(torch)}`,
    findings,
    absent: torch.absent === undefined ? [] : [torch.absent],
  };
}
