import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../../base/index.ts';
import { PerformanceEstimator } from './performance.ts';

/** A model that is too sure of itself, on a population whose mean moves. */
function stream(seed: number, count: number, mean: number) {
  const rng = new FastRng(seed);
  const chances: number[] = [];
  const outcomes: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const score = rng.normal() + mean;
    chances.push(1 / (1 + Math.exp(-3 * score)));
    outcomes.push(+(rng.next() < 1 / (1 + Math.exp(-score))));
  }
  return { chances, outcomes };
}

test('accuracy, precision, recall and F1 are known to two points without labels, also when the features drift', () => {
  const held = stream(1, 20_000, 0);
  const performance = new PerformanceEstimator().fit(held.chances, held.outcomes);
  for (const mean of [0, 0.5, 1, -1]) {
    const { chances, outcomes } = stream(2, 20_000, mean);
    const found = performance.estimate(chances);
    const at = (said: boolean, was: number): number =>
      chances.filter((chance, i) => chance >= 0.5 === said && outcomes[i] === was).length;
    const [hits, misses, alarms, rests] = [at(true, 1), at(false, 1), at(true, 0), at(false, 0)];
    const truth = {
      accuracy: (hits + rests) / chances.length,
      precision: hits / (hits + alarms),
      recall: hits / (hits + misses),
      f1: (2 * hits) / (2 * hits + misses + alarms),
    };
    for (const [name, value] of Object.entries(truth)) {
      const estimate = found[name as keyof typeof truth];
      assert.ok(Math.abs(estimate - value) <= 0.02, `${name} at ${mean}: ${estimate} for ${value}`);
    }
    assert.ok(found.accuracyError < 0.01 && found.count === 20_000);
  }
});

test('what the model says of itself is calibrated first', () => {
  const held = stream(1, 5000, 0);
  const sure = held.chances.reduce((sum, chance) => sum + Math.max(chance, 1 - chance), 0) / 5000;
  const { accuracy } = new PerformanceEstimator().fit(held.chances, held.outcomes).estimate(held.chances);
  assert.ok(sure - accuracy > 0.1);
});

test('bad input', () => {
  const fitted = new PerformanceEstimator().fit([0.1, 0.9], [0, 1]);
  assert.throws(() => new PerformanceEstimator().estimate([0.5]), { code: 'UNTRAINED' });
  assert.throws(() => new PerformanceEstimator(1.5), { code: 'USAGE' });
  assert.throws(() => fitted.estimate([]), { code: 'EMPTY' });
  assert.throws(() => fitted.estimate([1.1]), { code: 'USAGE' });
  assert.throws(() => fitted.estimate([Number.NaN]), { code: 'NOT_FINITE' });
  assert.throws(() => new PerformanceEstimator().fit([0.5], [2]), { code: 'USAGE' });
  assert.throws(() => new PerformanceEstimator().fit([0.5], []), { code: 'SHAPE' });
});
