import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { completeTrials, type JournalRecord } from './journal.ts';
import type { StudySettings } from './settings.ts';
import type { ParameterValues } from './space.ts';
import { Study } from './study.ts';

// The search space of document 001.
const settings: StudySettings = {
  space: {
    learning_rate: ['float', 1e-4, 1e-2, true],
    batch_size: ['int', 16, 128],
    hidden_dim: ['categorical', [64, 128, 256]],
  },
  direction: 'maximize',
  seed: 42,
};

const accuracyOf = (parameters: ParameterValues): number =>
  1 -
  (Math.log10(Number(parameters['learning_rate'])) + 3) ** 2 -
  Math.abs(Number(parameters['batch_size']) - 40) / 500;

/** Runs `steps` random calls on a study, several trials at once. */
function work(study: Study, steps: number, seed: number): void {
  const rng = new FastRng(seed);
  let clock = 1 + seed * 1000;
  for (let i = 0; i < steps; i += 1) {
    const { running } = study;
    const trial = running.length > 0 ? running[rng.below(running.length)] : undefined;
    const action = rng.below(6);
    if (trial === undefined || (action === 0 && running.length < 6)) {
      study.ask();
      continue;
    }
    // One clock for all steps, so that they rise whatever was reported before.
    clock += 40;
    if (action === 1) study.requeue(trial.number);
    if (action === 2) study.tell(trial.number, 'pruned');
    else if (action === 3)
      study.tell(trial.number, rng.below(5) === 0 ? 'failed' : accuracyOf(trial.parameters));
    else if (action !== 1) study.report(trial.number, clock, accuracyOf(trial.parameters) - 100 / clock);
  }
}

const pruners: StudySettings['pruner'][] = [
  { type: 'none' },
  { type: 'median', startupTrials: 2 },
  { type: 'halving', minResource: 2000 },
  { type: 'hyperband', maxResource: 50_000 },
];

test('a study resumed from any prefix of its journal goes on as the original did', () => {
  for (const [i, pruner] of pruners.entries()) {
    const records: JournalRecord[] = [];
    work(new Study({ ...settings, pruner } as StudySettings, (record) => records.push(record)), 160, i + 1);
    assert.ok(records.length > 140);
    for (let cut = 1; cut < records.length; cut += 13) {
      const prefix = JSON.parse(JSON.stringify(records.slice(0, cut))) as JournalRecord[];
      const rest: JournalRecord[] = [];
      const study = Study.resume(prefix, (record) => rest.push(record));
      assert.equal(rest.length, 0);
      const twin = Study.resume(prefix);
      const next = records[cut] as JournalRecord;
      if (next.type === 'ask') {
        const { number, parameters } = study.ask();
        assert.deepEqual({ type: 'ask', trial: number, parameters }, next);
        assert.deepEqual(rest, [next]);
        twin.ask();
      }
      work(study, 20, 100 + cut);
      work(twin, 20, 100 + cut);
      assert.deepEqual(study.best, twin.best);
      assert.deepEqual(study.running, twin.running);
      assert.deepEqual(study.ask(), twin.ask());
    }
  }
});

test('every suggestion is in the space; the best is the best of those told', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.constantFrom('tpe', 'random', 'grid' as const), (seed, sampler) => {
      const study = new Study({ ...settings, sampler, seed } as StudySettings);
      let best = -Infinity;
      for (let i = 0; i < 30; i += 1) {
        const { number, parameters } = study.ask();
        const { learning_rate: rate, batch_size: batch, hidden_dim: hidden } = parameters;
        assert.equal(number, i);
        assert.ok(Number(rate) >= 1e-4 && Number(rate) <= 1e-2);
        assert.ok(Number.isInteger(batch) && Number(batch) >= 16 && Number(batch) <= 128);
        assert.ok([64, 128, 256].includes(Number(hidden)));
        best = Math.max(best, accuracyOf(parameters));
        study.tell(number, accuracyOf(parameters));
        assert.equal(study.best?.value, best);
      }
    }),
    { numRuns: 20 },
  );
});

test('the same seed gives the same study, another seed another', () => {
  const run = (seed: number) => {
    const study = new Study({ ...settings, seed });
    return Array.from({ length: 25 }, () => {
      const { number, parameters } = study.ask();
      study.tell(number, accuracyOf(parameters));
      return parameters;
    });
  };
  assert.deepEqual(run(1), run(1));
  assert.notDeepEqual(run(1), run(2));
});

test('maximising is minimising the negative', () => {
  const [up, down] = [new Study(settings), new Study({ ...settings, direction: 'minimize' })];
  for (let i = 0; i < 40; i += 1) {
    const [a, b] = [up.ask(), down.ask()];
    assert.deepEqual(a, b);
    up.tell(a.number, accuracyOf(a.parameters));
    down.tell(b.number, -accuracyOf(b.parameters));
  }
  assert.equal(up.best?.value, -Number(down.best?.value));
});

test('a lost trial is handed out again, once, from its start', () => {
  const study = new Study({ ...settings, pruner: { type: 'median' } });
  const [first, second] = [study.ask(), study.ask()];
  study.report(first.number, 5, 0.1);
  study.requeue(first.number);
  study.requeue(first.number);
  assert.deepEqual(study.ask(), first);
  assert.equal(study.ask().number, 2);
  study.report(first.number, 1, 0.1);
  study.requeue(second.number);
  study.tell(second.number, 0.3);
  assert.equal(study.ask().number, 3);
  assert.deepEqual(
    study.running.map((trial) => trial.number),
    [0, 2, 3],
  );
});

test('a journal that cannot be written leaves the study as it was', () => {
  let broken = false;
  const study = new Study({ ...settings, pruner: { type: 'median' } }, () => {
    if (broken) throw new Error('disk full');
  });
  const { number, parameters } = study.ask();
  broken = true;
  for (const call of [
    () => study.ask(),
    () => study.report(number, 1, 0.5),
    () => study.tell(number, 1),
    () => study.tell(number, 'failed'),
    () => study.requeue(number),
  ]) {
    assert.throws(call, /disk full/);
  }
  broken = false;
  assert.deepEqual([study.running, study.best], [[{ number, parameters }], undefined]);
  study.report(number, 1, 0.5);
  study.tell(number, 0.5);
  const untouched = new Study({ ...settings, pruner: { type: 'median' } });
  untouched.tell(untouched.ask().number, 0.5);
  assert.deepEqual(study.ask(), untouched.ask());
});

test('the complete trials of a journal', () => {
  const records: JournalRecord[] = [];
  const study = new Study(settings, (record) => records.push(record));
  const trials = [study.ask(), study.ask(), study.ask()];
  study.tell(1, 0.5);
  study.tell(0, 'failed');
  study.tell(2, 0.25);
  assert.deepEqual(completeTrials(records), [
    { parameters: trials[1]?.parameters, value: 0.5 },
    { parameters: trials[2]?.parameters, value: 0.25 },
  ]);
});

test('a journal that does not fit is damaged, and says where', () => {
  const records: JournalRecord[] = [];
  work(new Study(settings, (record) => records.push(record)), 30, 5);
  const parameters = { learning_rate: 1e-3, batch_size: 20, hidden_dim: 64 };
  const bad: unknown[] = [
    null,
    { type: 'study', version: 1, settings },
    { type: 'ask', trial: 999, parameters },
    { type: 'ask', trial: Number.NaN, parameters },
    { type: 'ask', trial: 0 },
    { type: 'tell', trial: 999, state: 'complete', value: 1 },
    { type: 'report', trial: 'x', step: 0, value: 0 },
    { type: 'requeue', trial: -1 },
    { type: 'other' },
  ];
  for (const record of bad) {
    assert.throws(
      () => Study.resume([...records, record as JournalRecord]),
      { code: 'DAMAGED', message: new RegExp(`record ${records.length} `) },
      JSON.stringify(record),
    );
  }
  const started = [
    { type: 'study', version: 1, settings },
    { type: 'ask', trial: 0, parameters },
  ] as JournalRecord[];
  for (const record of [
    { type: 'tell', trial: 0, state: 'complete' },
    { type: 'tell', trial: 0, state: 'other' },
    { type: 'tell', trial: 0, state: 'complete', value: null },
    { type: 'report', trial: 0, step: 1.5, value: 0 },
    { type: 'ask', trial: 1, parameters: { ...parameters, batch_size: 1000 } },
  ]) {
    assert.throws(
      () => Study.resume([...started, record as JournalRecord]),
      { code: 'DAMAGED' },
      JSON.stringify(record),
    );
  }
  assert.throws(() => Study.resume([]), { code: 'EMPTY' });
  assert.throws(() => Study.resume([{ ...started[0], version: 2 } as unknown as JournalRecord]), {
    code: 'DAMAGED',
  });
});

test('what makes no sense is refused', () => {
  const usage = { code: 'USAGE' };
  const refused: unknown[] = [
    { space: {} },
    { ...settings, direction: 'up' },
    { ...settings, sampler: 'cma' },
    { ...settings, seed: -1 },
    { ...settings, startupTrials: 0 },
    { ...settings, gridPoints: 1 },
    { ...settings, pruner: { type: 'other' } },
    { ...settings, pruner: { type: 'median', startupTrials: 0 } },
    { ...settings, pruner: { type: 'halving', reductionFactor: 1 } },
    { ...settings, pruner: { type: 'hyperband', maxResource: 0 } },
    { ...settings, pruner: { type: 'hyperband', minResource: 3, maxResource: 2 } },
  ];
  for (const wrong of refused)
    assert.throws(() => new Study(wrong as StudySettings), usage, JSON.stringify(wrong));
  const study = new Study(settings);
  assert.throws(() => study.tell(0, 1), usage);
  const { number } = study.ask();
  study.report(number, 3, 0.1);
  assert.throws(() => study.report(number, 3, 0.1), usage);
  assert.throws(() => study.report(number, 4, Number.NaN), { code: 'NOT_FINITE' });
  assert.throws(() => study.tell(number, Infinity), { code: 'NOT_FINITE' });
  study.tell(number, 0.5);
  assert.throws(() => study.tell(number, 0.5), usage);
});
