import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, hasCode } from '../../../base/index.ts';
import type { Json, Snapshot, Tensor } from '../../contract/index.ts';
import {
  type EpochReport,
  type FitOptions,
  Lstm,
  Mlp,
  type MlpOptions,
  type NetBatch,
  type Trainer,
} from '../index.ts';
import { firstSign, moons } from '../testing/problems.ts';

const plain: MlpOptions = { inputs: 2, outputs: 2, hidden: [8, 8], seed: 3 };
const everything: MlpOptions = {
  ...{ inputs: 2, outputs: 2, seed: 3 },
  hidden: [
    { units: 12, batchNorm: true, dropout: 0.2 },
    { units: 8, dropout: 0.1 },
  ],
};

const throwsCode = (run: () => unknown, code: ErrorCode) =>
  assert.throws(run, (error) => hasCode(error, code));

function epochs(trainer: Trainer, count: number): EpochReport[] {
  return Array.from({ length: count }, () => trainer.epoch());
}

const weightsOf = (net: Mlp | Lstm) => net.snapshot().tensors;

test('a training that is resumed goes on bit for bit', () => {
  const options: FitOptions = {
    ...{
      epochs: 9,
      batchSize: 16,
      accumulate: 2,
      clipNorm: 0.5,
      validation: moons(60, 2),
      patience: 9,
      minDelta: 0.01,
    },
    optimizer: { kind: 'adamw', rate: 0.02, weightDecay: 0.01 },
    schedule: { kind: 'plateau', patience: 1, factor: 0.5, threshold: 0.05 },
    augment: (row, rng) => {
      row[0] = (row[0] as number) + 0.05 * rng.normal();
    },
  };
  const batch = moons(131, 1);
  const sequences = firstSign(70, 5, 1);
  const recurrent = { inputs: 1, hidden: 6, outputs: 2, layers: 2, dropout: 0.2 } as const;
  const make: readonly [() => Mlp | Lstm, NetBatch, NetBatch][] = [
    [() => new Mlp(everything), batch, moons(60, 2)],
    [() => new Lstm(recurrent), sequences, firstSign(40, 5, 2)],
  ];
  for (const [create, data, validation] of make) {
    const [whole, halves] = [create(), create()];
    const straight = whole.trainer(data, { ...options, validation });
    const reports = epochs(straight, 9);
    const first = halves.trainer(data, { ...options, validation });
    epochs(first, 4);
    const resume = throughText(first.snapshot());
    epochs(first, 1);
    const second = create().trainer(data, { ...options, validation, resume });
    assert.equal(second.epochs, 4);
    assert.deepEqual(epochs(second, 5), reports.slice(4));
    assert.deepEqual(second.snapshot(), straight.snapshot());
    assert.deepEqual(second.finish(), straight.finish());
  }
});

/** As a file would keep it: JSON and raw bytes. */
function throughText(snapshot: Snapshot): Snapshot {
  const config = JSON.parse(JSON.stringify(snapshot.config)) as Record<string, Json>;
  const tensors = structuredClone(snapshot.tensors) as Record<string, Tensor>;
  return { ...snapshot, config, tensors };
}

test('a training is resumed only with the same net, options and number of rows', () => {
  const batch = moons(40, 1);
  const trainer = new Mlp(plain).trainer(batch, { epochs: 3 });
  trainer.epoch();
  const resume = trainer.snapshot();
  throwsCode(() => new Mlp(plain).fit(batch, { epochs: 4, resume }), 'USAGE');
  throwsCode(() => new Mlp({ ...plain, seed: 4 }).fit(batch, { epochs: 3, resume }), 'USAGE');
  throwsCode(() => new Mlp(plain).fit(moons(41, 1), { epochs: 3, resume }), 'USAGE');
  const sequences = { ...batch, x: { ...batch.x, columns: 2 } };
  const lstm = new Lstm({ inputs: 1, hidden: 2, outputs: 2 });
  throwsCode(() => lstm.fit(sequences, { epochs: 3, resume }), 'DAMAGED');
  const { values: _, ...tensors } = resume.tensors;
  throwsCode(() => new Mlp(plain).fit(batch, { epochs: 3, resume: { ...resume, tensors } }), 'DAMAGED');
  for (const key of Object.keys(resume.config)) {
    if (key === 'best') continue;
    const config = { ...resume.config, [key]: 'no' };
    const wrong = key === 'plan' ? 'USAGE' : 'DAMAGED';
    throwsCode(() => new Mlp(plain).fit(batch, { epochs: 3, resume: { ...resume, config } }), wrong);
  }
  assert.equal(new Mlp(plain).fit(batch, { epochs: 3, resume }).epochs.length, 3);
});

test('gradients of four batches added up make the step of the large batch, bit for bit', () => {
  const weights = Float64Array.from({ length: 150 }, (_, i) => 0.5 + (i % 4));
  const batch = { ...moons(150, 1), weights };
  const optimizers = [{ kind: 'adam' }, { kind: 'sgd', momentum: 0.9 }] as const;
  for (const optimizer of optimizers) {
    const bits = (options: FitOptions) => {
      const mlp = new Mlp(plain);
      mlp.fit(batch, { epochs: 3, optimizer, clipNorm: 0.1, ...options });
      return weightsOf(mlp);
    };
    assert.deepEqual(bits({ batchSize: 8, accumulate: 4 }), bits({ batchSize: 32 }));
    assert.notDeepEqual(bits({ batchSize: 8 }), bits({ batchSize: 32 }));
  }
});

test('patience ends a training that does not get better, and the best weights stay', () => {
  const train = moons(40, 1);
  // Labels without meaning: all that can be learnt is by heart.
  const blind = { ...train, y: train.y.map((_, i) => Number(i % 3 === 0)) };
  const validation = moons(80, 2);
  const options: FitOptions = {
    epochs: 100,
    validation,
    patience: 5,
    minDelta: 0.001,
    optimizer: { kind: 'adam', rate: 0.02 },
  };
  const mlp = new Mlp(plain);
  const record = mlp.fit(blind, options);
  assert.equal(record.stopped, 'patience');
  assert.equal(record.epochs.length, record.bestEpoch + 6);
  const best = record.epochs[record.bestEpoch]?.validationLoss as number;
  assert.ok(
    record.epochs
      .slice(record.bestEpoch)
      .every((report) => (report.validationLoss as number) >= best - 0.001),
  );
  const short = new Mlp(plain);
  short.fit(blind, { ...options, epochs: record.bestEpoch + 1 });
  assert.deepEqual(weightsOf(mlp), weightsOf(short));
});

test('the rates are those of the schedule', () => {
  const rates = (schedule: FitOptions['schedule']) =>
    new Mlp(plain)
      .fit(moons(40, 1), { epochs: 4, optimizer: { kind: 'sgd', rate: 0.1 }, ...(schedule && { schedule }) })
      .epochs.map(({ rate }) => Math.round(rate * 1e6) / 1e6);
  assert.deepEqual(rates(undefined), [0.1, 0.1, 0.1, 0.1]);
  assert.deepEqual(rates({ kind: 'step', every: 2, factor: 0.5 }), [0.1, 0.1, 0.05, 0.05]);
  assert.deepEqual(rates({ kind: 'cosine' }), [0.1, 0.085355, 0.05, 0.014645]);
});

test('a gradient longer than the limit is shortened to it', () => {
  const distance = (clipNorm: number) => {
    const mlp = new Mlp(plain);
    const before = weightsOf(mlp);
    mlp.fit(moons(64, 1), { epochs: 1, batchSize: 64, clipNorm, optimizer: { kind: 'sgd', rate: 1 } });
    const after = weightsOf(mlp);
    const squares = Object.keys(before).flatMap((name) =>
      Array.from(
        (after[name] as Tensor).data,
        (value, i) => (value - ((before[name] as Tensor).data[i] as number)) ** 2,
      ),
    );
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  };
  assert.ok(Math.abs(distance(0.01) - 0.01) < 1e-6);
  assert.equal(distance(100), distance(1e9));
});

test('each row is augmented on its way, the batch and the held-out rows are not', () => {
  const [batch, validation] = [moons(33, 1), moons(20, 2)];
  const before = structuredClone(batch);
  let calls = 0;
  const augment = (row: Float32Array) => {
    calls += 1;
    row.fill(0.5);
  };
  const mlp = new Mlp(plain);
  const record = mlp.fit(batch, { epochs: 4, validation, augment });
  assert.equal(calls, 33 * 4);
  assert.deepEqual(batch, before);
  const judged = new Set(record.epochs.map((report) => report.validationLoss?.toFixed(3)));
  assert.ok(judged.size > 0);
  // All rows looked alike, so that only the shares of the classes could be learnt.
  const [a, b] = [Array.from(mlp.predict([0.5, 0.5])), [17 / 33, 16 / 33]];
  assert.ok(Math.abs((a[0] as number) - (b[0] as number)) < 0.15);
});

test('without a GPU the CPU serves: one warning, and the record says so', () => {
  for (const device of ['cuda', 'auto'] as const) {
    const heard: string[] = [];
    const record = new Mlp(plain).fit(moons(40, 1), {
      epochs: 3,
      device,
      warn: (message) => heard.push(message),
    });
    assert.equal(heard.length, 1);
    assert.match(heard[0] as string, /no usable GPU/);
    assert.equal(record.device, 'cpu');
    assert.equal(record.precision, 'float32');
  }
  const heard: string[] = [];
  new Mlp(plain).fit(moons(40, 1), { epochs: 1, device: 'cpu', warn: (message) => heard.push(message) });
  assert.deepEqual(heard, []);
});

test('a training that diverges says so, and leaves the net as it was', () => {
  const mlp = new Mlp({ ...plain, outputs: 1, loss: { kind: 'mse' } });
  const batch = moons(40, 1);
  mlp.fit(batch, { epochs: 1 });
  const before = weightsOf(mlp);
  const wild: FitOptions = { epochs: 50, optimizer: { kind: 'sgd', rate: 1000 } };
  throwsCode(() => mlp.fit(batch, wild), 'NOT_FINITE');
  assert.deepEqual(weightsOf(mlp), before);
  const trainer = mlp.trainer(batch, { ...wild, optimizer: { kind: 'sgd', rate: 1e3 } });
  throwsCode(() => {
    while (!trainer.isDone) trainer.epoch();
  }, 'NOT_FINITE');
  assert.ok(trainer.isDone);
  throwsCode(() => trainer.epoch(), 'USAGE');
  throwsCode(() => trainer.finish(), 'UNTRAINED');
});

test('when a training with held-out samples breaks, the best weights before are there', () => {
  const batch = moons(40, 1);
  let isWild = false;
  const augment = (row: Float32Array) => {
    if (isWild) row.fill(Number.NaN);
  };
  const mlp = new Mlp(plain);
  const trainer = mlp.trainer(batch, { epochs: 10, validation: moons(20, 2), augment, clipNorm: 1 });
  epochs(trainer, 2);
  isWild = true;
  throwsCode(() => trainer.epoch(), 'NOT_FINITE');
  const record = trainer.finish();
  assert.equal(record.stopped, 'diverged');
  assert.ok(record.bestEpoch < 2);
  assert.ok(Number.isFinite(mlp.predict([0, 0])[0]));
});

test('the caller may stop: the net changes only then', () => {
  const mlp = new Mlp(plain);
  const trainer = mlp.trainer(moons(40, 1), { epochs: 10 });
  throwsCode(() => trainer.finish(), 'UNTRAINED');
  epochs(trainer, 2);
  throwsCode(() => mlp.predict([0, 0]), 'UNTRAINED');
  const record = trainer.finish();
  assert.equal(record.stopped, 'caller');
  assert.equal(record.bestEpoch, 1);
  assert.equal(record.steps, 4);
  mlp.predict([0, 0]);
});

test('a row that would stand alone before batch norm waits for the next epoch', () => {
  const mlp = new Mlp({ ...plain, hidden: [{ units: 4, batchNorm: true }] });
  const { epochs: reports } = mlp.fit(moons(33, 1), { epochs: 2, batchSize: 32 });
  assert.ok(reports.every((report) => Number.isFinite(report.trainingLoss)));
  assert.equal(mlp.fit(moons(33, 1), { epochs: 2, batchSize: 32 }).steps, 2);
  assert.equal(mlp.fit(moons(34, 1), { epochs: 2, batchSize: 32 }).steps, 4);
});

test('batch norm never leaves out the only row that counts', () => {
  const mlp = new Mlp({
    ...plain,
    outputs: 1,
    hidden: [{ units: 4, batchNorm: true }],
    loss: { kind: 'mse' },
  });
  const weights = Float64Array.from({ length: 9 }, (_, i) => (i === 4 ? 2 : 0));
  for (const accumulate of [1, 2]) {
    const record = mlp.fit({ ...moons(9, 1), weights }, { epochs: 40, batchSize: 4, accumulate });
    assert.equal(record.steps, 40);
  }
});

test('a step of 32 samples allocates no more than a few boxed numbers', () => {
  const trainer = new Mlp(everything).trainer(moons(6400, 1), { epochs: 12 });
  const growth = Array.from({ length: 12 }, () => {
    const before = process.memoryUsage().heapUsed;
    trainer.epoch();
    return Math.abs(process.memoryUsage().heapUsed - before) / 200;
  });
  // The calmest epoch: in others the collector or the compiler was at work.
  const least = Math.min(...growth.slice(3));
  assert.ok(least < 400, `${least} bytes a step`);
});
