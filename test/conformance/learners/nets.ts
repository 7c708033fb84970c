// Neural nets. Lessons are single steps; `fit` is a short training.
import {
  LinearRegression,
  LogisticRegression,
  Lstm,
  Markov,
  Mlp,
  type NetBatch,
  type NetSample,
} from '../../../src/learn/index.ts';
import { badBatches, badQuestions } from './refusals.ts';
import { type AnyCase, learnerCase, type Refusal } from './suite.ts';
import { chanceOf, draw, errorRate, type Labelled, samplesOf, squaredError } from './worlds.ts';

const inputs = 3;

const product = (x: ArrayLike<number>): number => (x[0] as number) * (x[1] as number);

/** The class says whether the signs of two features agree, which no line between classes tells. */
const signs = (world: number, lesson: number, rows = 20): Labelled =>
  draw(chanceOf(world, lesson), [rows, inputs], (x) => (product(x) > 0 ? 1 : 0));

/** The product of two features, which no plane is near. */
const products = (world: number, lesson: number, rows = 20): Labelled =>
  draw(chanceOf(world, lesson), [rows, inputs], (x, rng) => product(x) + 0.1 * rng.normal());

const dense = {
  untaught: 'UNTRAINED' as const,
  chance: 'seeded' as const,
  restore: Mlp.restore,
  teach(learner: Mlp, lesson: Labelled) {
    for (const sample of samplesOf(lesson)) learner.learnOne({ ...sample, weight: 2 });
  },
  fit: (learner: Mlp, lesson: Labelled) => learner.fit(lesson, { epochs: 2, batchSize: 8 }),
  questions: () => [
    [0, 0, 0],
    [1, -1, 0.5],
    [-2, 0.25, 3],
  ],
  ask: (learner: Mlp, x: number[]) => learner.predict(x),
};

const badSteps: readonly Refusal<Mlp | Lstm>[] = [
  { what: 'a short sample', code: 'SHAPE', act: (net) => net.learnOne({ x: [], y: 0 }) },
  {
    what: 'a sample with NaN',
    code: 'NOT_FINITE',
    act: (net) => net.learnOne({ x: [0, 0, Number.NaN], y: 0 }),
  },
  { what: 'a sample without target', code: 'USAGE', act: (net) => net.learnOne({ x: [1, 2, 3] }) },
  {
    what: 'a negative weight',
    code: 'USAGE',
    act: (net) => net.learnOne({ x: [1, 2, 3], y: 0, weight: -1 }),
  },
];

const classMlp = learnerCase({
  name: 'Mlp of classes',
  ...dense,
  make: (seed) =>
    new Mlp({ inputs, outputs: 2, hidden: [{ units: 6, batchNorm: true, dropout: 0.2 }, 4], seed }),
  lesson: signs,
  refuses: [
    ...badQuestions(inputs),
    ...badSteps,
    ...badBatches(signs(3, 0), { classes: 2 }),
    { what: 'mixed precision', code: 'REFUSED', act: (net) => net.fit(signs(1, 0), { precision: 'mixed' }) },
  ],
  contest: {
    against: 'logistic regression',
    margin: 0.7,
    play(seed) {
      const [training, held] = [signs(seed, 0, 600), signs(seed, 1, 400)];
      const net = new Mlp({ inputs, outputs: 2, hidden: [16], seed });
      net.fit(training, { epochs: 60, optimizer: { kind: 'adam', rate: 0.01 } });
      const line = new LogisticRegression({ features: inputs });
      line.fit(training);
      return {
        loss: errorRate(held, (x) => net.predict(x)),
        baseline: errorRate(held, (x) => line.predict(x)),
      };
    },
  },
});

const valueMlp = learnerCase({
  name: 'Mlp of values',
  ...dense,
  make: (seed) =>
    new Mlp({
      ...{ inputs, outputs: 1, hidden: [5], activation: 'tanh', seed },
      loss: { kind: 'mse' },
      online: { rate: 0.05 },
    }),
  lesson: products,
  refuses: [
    ...badQuestions(inputs),
    ...badSteps,
    ...badBatches(products(3, 0), {}),
    {
      what: 'a training that diverges',
      code: 'NOT_FINITE',
      act: (net) => net.fit(products(1, 0), { optimizer: { kind: 'sgd', rate: 1e3 }, epochs: 50 }),
    },
  ],
  contest: {
    against: 'linear regression',
    margin: 0.7,
    play(seed) {
      const [training, held] = [products(seed, 0, 600), products(seed, 1, 400)];
      const net = new Mlp({ inputs, outputs: 1, hidden: [16], loss: { kind: 'huber', delta: 1 }, seed });
      net.fit(training, { epochs: 60, optimizer: { kind: 'adam', rate: 0.01 } });
      const plane = new LinearRegression({ features: inputs });
      plane.fit(training);
      return {
        loss: squaredError(held, (x) => net.predict(x)[0] as number),
        baseline: squaredError(held, (x) => plane.predict(x)[0] as number),
      };
    },
  },
});

const IDS = 4;
const STEPS = 5;

/** Ids of which each follows from the one before the last, nine times out of ten. */
function chain(world: number, lesson: number, length: number): number[] {
  const rng = chanceOf(world, lesson);
  const ids = [rng.below(IDS), rng.below(IDS)];
  while (ids.length < length) {
    const follower = ((ids.at(-2) as number) + 1) % IDS;
    ids.push(rng.next() < 0.9 ? follower : rng.below(IDS));
  }
  return ids;
}

/** Stretches of a chain, each with the id that comes next. */
function stretches(world: number, lesson: number, rows = 12): Labelled {
  const ids = chain(world, lesson, rows + STEPS);
  const x = Float64Array.from({ length: rows * STEPS }, (_, i) => {
    return ids[Math.floor(i / STEPS) + (i % STEPS)] as number;
  });
  return { x: { rows, columns: STEPS, data: x }, y: Float64Array.from(ids.slice(STEPS)) };
}

const idLstm = learnerCase({
  name: 'Lstm of ids',
  untaught: 'UNTRAINED',
  chance: 'seeded',
  make: (seed) =>
    new Lstm({ inputs: { vocabulary: IDS, width: 3 }, hidden: 4, outputs: IDS, dropout: 0.1, top: 2, seed }),
  restore: Lstm.restore,
  lesson: stretches,
  teach(net, lesson) {
    for (const sample of samplesOf(lesson)) net.learnOne(sample);
  },
  fit: (net, lesson) => net.fit(lesson, { epochs: 2, batchSize: 4 }),
  questions: () => [[0, 1, 2, 3], [2], [3, 3, 3, 3, 3, 3]],
  ask: (net, ids) => [...net.predict(ids), ...net.predictTop(ids), ...net.predictAmong(ids, [2, 0])],
  refuses: [
    ...badBatches(stretches(3, 0), { classes: IDS }).filter(({ code }) =>
      ['EMPTY', 'SHAPE', 'LIMIT', 'ONE_CLASS'].includes(code),
    ),
    { what: 'an empty sequence', code: 'SHAPE', act: (net) => net.learnOne({ x: [], y: 0 }) },
    { what: 'an id that is none', code: 'USAGE', act: (net) => net.predict([0, IDS]) },
    { what: 'half an id', code: 'USAGE', act: (net) => net.step([0.5]) },
    { what: 'a candidate that is none', code: 'USAGE', act: (net) => net.predictAmong([0], [IDS]) },
    { what: 'a target that is none', code: 'USAGE', act: (net) => net.learnOne({ x: [0], y: IDS }) },
  ],
  contest: {
    against: 'a Markov chain of order 1',
    margin: 0.5,
    play(seed) {
      const [training, held] = [stretches(seed, 0, 400), stretches(seed, 1, 300)];
      const net = new Lstm({ inputs: { vocabulary: IDS, width: 4 }, hidden: 12, outputs: IDS, seed });
      net.fit(training, { epochs: 25, batchSize: 16, optimizer: { kind: 'adam', rate: 0.02 } });
      const markov = new Markov({ contexts: 64 });
      for (const id of chain(seed, 0, 400 + STEPS)) markov.learnOne(id);
      return {
        loss: errorRate(held, (x) => net.predict(x)),
        baseline: errorRate(held, (x) => {
          // A new sequence that consists of the last id teaches nothing.
          markov.restart();
          markov.learnOne(x[STEPS - 1] as number);
          const { ids } = markov.predict();
          return Array.from({ length: IDS }, (_, id) => (id === ids[0] ? 1 : 0));
        }),
      };
    },
  },
});

/** Steps of two values; what is wanted after each is the first value of the step before. */
function echoes(world: number, lesson: number, rows = 6): NetBatch & { readonly targets: NetBatch['x'] } {
  const { x } = draw(chanceOf(world, lesson), [rows, 2 * STEPS], () => 0);
  const data = Float64Array.from({ length: rows * STEPS }, (_, i) => {
    return i % STEPS === 0 ? 0 : (x.data[2 * (i - 1)] as number);
  });
  return { x, targets: { rows, columns: STEPS, data } };
}

const rowsOf = ({ rows, columns, data }: NetBatch['x']) =>
  Array.from({ length: rows }, (_, row) => data.subarray(row * columns, (row + 1) * columns));

const valueLstm = learnerCase({
  name: 'Lstm of values',
  untaught: 'UNTRAINED',
  chance: 'seeded',
  make: (seed) =>
    new Lstm({
      inputs: 2,
      hidden: 3,
      layers: 2,
      outputs: 1,
      targets: 'every',
      loss: { kind: 'mse' },
      seed,
    }),
  restore: Lstm.restore,
  lesson: echoes,
  teach(net, { x, targets }) {
    const wanted = rowsOf(targets);
    rowsOf(x).forEach((row, i) => {
      net.learnOne({ x: row, targets: wanted[i] } as NetSample);
    });
  },
  fit: (net, lesson) => net.fit(lesson, { epochs: 2, batchSize: 3, clipNorm: 1 }),
  questions: () => [[0, 0, 1, -1], [0.5, 2], new Array(12).fill(-0.5)],
  ask: (net, x: number[]) => net.predict(x),
  refuses: [
    { what: 'half a step', code: 'SHAPE', act: (net) => net.predict([1]) },
    { what: 'a step with NaN', code: 'NOT_FINITE', act: (net) => net.step([0, Number.NaN]) },
    { what: 'candidates without classes', code: 'USAGE', act: (net) => net.predictAmong([0, 0], [0]) },
    {
      what: 'a target too few',
      code: 'SHAPE',
      act: (net) => net.learnOne({ x: [1, 2, 3, 4], targets: [0] }),
    },
    { what: 'a set without targets', code: 'USAGE', act: (net) => net.fit({ x: echoes(1, 0).x }) },
  ],
  contest: {
    against: 'the mean of the targets, 0',
    margin: 0.7,
    play(seed) {
      const [training, held] = [echoes(seed, 0, 250), echoes(seed, 1, 100)];
      const net = new Lstm({
        ...{ inputs: 2, hidden: 10, outputs: 1, targets: 'every', loss: { kind: 'mse' }, seed },
      });
      net.fit(training, { epochs: 40, batchSize: 16, optimizer: { kind: 'adam', rate: 0.02 } });
      const y = Float64Array.from(rowsOf(held.targets), (row) => row[STEPS - 1] as number);
      return {
        loss: squaredError({ x: held.x, y }, (x) => net.predict(x)[0] as number),
        baseline: squaredError({ x: held.x, y }, () => 0),
      };
    },
  },
});

export const nets: readonly AnyCase[] = [classMlp, valueMlp, idLstm, valueLstm];
