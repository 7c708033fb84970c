import { FastRng, PilotfishError } from '../../../base/index.ts';
import { BoostedTrees, type Matrix, Mlp, type NetBatch, quantile } from '../../../learn/index.ts';
import type { Work } from '../../workshop/index.ts';
import { CODEC_FEATURES, codecFeatures } from '../features.ts';
import { LINKS } from '../links.ts';
import { ANCHOR, type CodecTrees, NET_CLASSES, NET_COUNT, NET_TOPOLOGY, zstdFor } from '../model.ts';
import { stepsFor } from '../steps.ts';
import { CPU_PENALTY, codecNumber, costOf } from '../teacher.ts';
import { CODECS, type CodecValue } from '../validator.ts';
import { bestSeconds, type CostRow } from './costs.ts';
import { questionOf } from './evaluate.ts';

export type CodecTrainOptions = {
  readonly seed: number;
  /** What a search tries instead of the settings below. */
  readonly trees?: Partial<Pick<typeof TREES, 'rounds' | 'maxDepth' | 'learningRate'>>;
  readonly net?: Partial<Pick<typeof NET, 'learningRate' | 'batchSize'>> & {
    readonly hidden?: readonly number[];
  };
};

/** Of the trees: 10 of them share the time budget of one decision. */
const TREES = {
  ...{ rounds: 40, maxDepth: 6, learningRate: 0.15 },
  ...{ minChildWeight: 10, lambda: 5, subsample: 0.7 },
};
/** Time may only rise with the size of a block, which is the first slot. */
const RISING_WITH_SIZE = CODEC_FEATURES.map((_, slot) => (slot === 0 ? 1 : 0));
const TREE_PATIENCE = 8;
/** Of the net: document 001's numbers, with a schedule that does not end before the epochs do. */
const NET = {
  learningRate: 0.001,
  weightDecay: 1e-5,
  batchSize: 64,
  epochs: 60,
  patience: 8,
};
/** Beyond 41 % worse is worse: what the net has to know well is which of two near ones is cheaper. */
const WORST_LOG_COST = 0.5;
/** Samples of each row for the net, with rates drawn evenly on the logarithmic scale from 1 Mbit/s to 30 Gbit/s. */
const RATES_PER_ROW = 4;
const [SLOWEST, FASTEST] = [1e6, 3e10];

function partsOf(rows: readonly CostRow[]): { readonly train: CostRow[]; readonly val: CostRow[] } {
  const train = rows.filter(({ part }) => part === 'train');
  const val = rows.filter(({ part }) => part === 'val');
  if (train.length > 0 && val.length > 0) return { train, val };
  throw new PilotfishError(
    'EMPTY',
    'the cost table has no training or no validation rows; measure more sets',
  );
}

/** How fast the machine was that measured: the median reference time of the training part, in seconds. */
export function referenceOf(rows: readonly CostRow[]): number {
  const train = rows.filter(({ part }) => part === 'train');
  return quantile(
    train.map(({ referenceSeconds }) => referenceSeconds),
    0.5,
  );
}

/** Two boosted regressions for each codec: how much it leaves and how long it takes. Yields after each round. */
export function* trainTrees(rows: readonly CostRow[], options: CodecTrainOptions): Work<CodecTrees> {
  const { train, val } = partsOf(rows);
  const [x, held] = [treeInputs(train), treeInputs(val)];
  const settings = { ...TREES, ...options.trees };
  const of = 2 * (CODECS.length - 1) * settings.rounds;
  let ended = 0;
  function* fit(target: (row: CostRow) => number, monotone: readonly number[] = []): Work<BoostedTrees> {
    const trees = new BoostedTrees({
      ...settings,
      monotone,
      objective: 'reg:squarederror',
      earlyStoppingRounds: TREE_PATIENCE,
      constantFeatures: 'allow',
      seed: options.seed,
    });
    const y = (from: readonly { row: CostRow }[]): Float64Array =>
      Float64Array.from(from, ({ row }) => target(row));
    const batch = { x: x.matrix, y: y(x.samples) };
    const rounds = trees.train(batch, { validation: { x: held.matrix, y: y(held.samples) } });
    let done = ended;
    for (const _round of rounds) {
      done += 1;
      yield { what: 'trees', done, of };
    }
    // Where rounds stopped early the rest counts as done.
    ended += settings.rounds;
    return trees;
  }
  const codecs = CODECS.slice(1).map((_, i) => i + 1);
  const reference = referenceOf(rows);
  const sizes: BoostedTrees[] = [];
  const times: BoostedTrees[] = [];
  const anchor = codecNumber(ANCHOR);
  for (const codec of codecs) {
    const whole = (row: CostRow): number => (codec === anchor ? row.rawBytes : (row.bytes[anchor] ?? 0));
    sizes.push(yield* fit((row) => Math.log2((row.bytes[codec] ?? 0) / whole(row))));
  }
  for (const codec of codecs) {
    const nanoseconds = (row: CostRow): number =>
      (bestSeconds(row)[codec] ?? 0) * 1e9 * (reference / row.referenceSeconds);
    times.push(yield* fit((row) => Math.log2(Math.max(1, nanoseconds(row))), RISING_WITH_SIZE));
  }
  return { sizes, times };
}

/** Every row as the room would see it on links of each class: with nothing, one or two steps measured. */
function treeInputs(rows: readonly CostRow[]): { matrix: Matrix; samples: { row: CostRow }[] } {
  const samples: { row: CostRow; link: number }[] = [];
  for (const row of rows) {
    const seen = new Set<string>();
    for (const link of Object.values(LINKS)) {
      const steps = stepsFor(row.rawBytes, link);
      if (!seen.has(steps)) samples.push({ row, link });
      seen.add(steps);
    }
  }
  const columns = CODEC_FEATURES.length;
  const data = new Float32Array(samples.length * columns);
  samples.forEach(({ row, link }, i) => {
    const x = data.subarray(i * columns, (i + 1) * columns);
    codecFeatures(questionOf(row, link, stepsFor(row.rawBytes, link)), x);
    // As in the predictor: rate and load enter through the cost.
    x[10] = 0;
    x[11] = 0;
  });
  return { matrix: { rows: samples.length, columns, data }, samples };
}

/** Nets of the documented topology from different starts and different draws of rates. Yields after each epoch. */
export function* trainNets(rows: readonly CostRow[], options: CodecTrainOptions): Work<Mlp[]> {
  const nets: Mlp[] = [];
  while (nets.length < NET_COUNT) {
    const number = nets.length;
    const training = trainNet(rows, { ...options, seed: options.seed * NET_COUNT + number });
    let step = training.next();
    for (; step.done !== true; step = training.next()) {
      const { done, of } = step.value;
      yield { what: 'nets', done: number * of + done, of: NET_COUNT * of };
    }
    nets.push(step.value);
  }
  return nets;
}

/** Trained to predict the relative cost of its four classes at any rate. Yields after each epoch. */
export function* trainNet(rows: readonly CostRow[], options: CodecTrainOptions): Work<Mlp> {
  const { train, val } = partsOf(rows);
  const rng = new FastRng(options.seed);
  const net = new Mlp({
    inputs: CODEC_FEATURES.length,
    outputs: NET_CLASSES.length,
    hidden: options.net?.hidden ?? NET_TOPOLOGY.slice(1, -1),
    loss: { kind: 'mse' },
    seed: options.seed,
  });
  const reference = referenceOf(rows);
  const settings = { ...NET, ...options.net };
  const trainer = net.trainer(netBatch(train, { rng, reference }), {
    epochs: NET.epochs,
    batchSize: settings.batchSize,
    optimizer: { kind: 'adamw', rate: settings.learningRate, weightDecay: NET.weightDecay },
    schedule: { kind: 'cosine', lowest: 1e-5 },
    validation: netBatch(val, { rng, reference }),
    patience: NET.patience,
    constantFeatures: 'allow',
  });
  for (let epoch = 1; !trainer.isDone; epoch += 1) {
    trainer.epoch();
    yield { what: 'net', done: epoch, of: NET.epochs };
  }
  trainer.finish();
  return net;
}

function netBatch(
  rows: readonly CostRow[],
  { rng, reference }: { rng: FastRng; reference: number },
): NetBatch {
  const columns = CODEC_FEATURES.length;
  const count = rows.length * RATES_PER_ROW;
  const x = new Float32Array(count * columns);
  const targets = new Float32Array(count * NET_CLASSES.length);
  let at = 0;
  for (const row of rows) {
    for (let draw = 0; draw < RATES_PER_ROW; draw += 1) {
      const link = SLOWEST * (FASTEST / SLOWEST) ** rng.next();
      const seen = (link * row.referenceSeconds) / reference;
      codecFeatures(
        questionOf(row, seen, stepsFor(row.rawBytes, link)),
        x.subarray(at * columns, (at + 1) * columns),
      );
      targets.set(logCosts(row, link, seen), at * NET_CLASSES.length);
      at += 1;
    }
  }
  return {
    x: { rows: count, columns, data: x },
    targets: { rows: count, columns: NET_CLASSES.length, data: targets },
  };
}

/**
 * log2(cost / best) of each class of the net at this rate, at most `WORST_LOG_COST`.
 * @param seen the link as the net sees it: the level of zstd follows from that
 */
function logCosts(row: CostRow, link: number, seen: number): number[] {
  const { probeRatio } = questionOf(row, link, stepsFor(row.rawBytes, link));
  const terms = { linkBitsPerSecond: link, cpuPenalty: CPU_PENALTY };
  const codecOf = (name: (typeof NET_CLASSES)[number]): CodecValue =>
    name === 'zstd' ? zstdFor(seen, probeRatio) : name;
  const measured = { ...row, seconds: bestSeconds(row) };
  const costs = NET_CLASSES.map((name) => costOf(measured, codecNumber(codecOf(name)), terms));
  const best = Math.min(...costs);
  return costs.map((cost) => Math.min(WORST_LOG_COST, Math.log2(cost / best)));
}
