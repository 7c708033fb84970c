// Searches, pruning decisions and importance beside those of Optuna, recorded by test/full/oracles/optuna.py.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parameterImportance } from './importance.ts';
import type { CompleteTrial } from './journal.ts';
import { HalvingPruner } from './pruners/halving.ts';
import { HyperbandPruner } from './pruners/hyperband.ts';
import { MedianPruner } from './pruners/median.ts';
import type { Pruner } from './pruners/pruner.ts';
import type { SearchSpace } from './space.ts';
import { Study } from './study.ts';

type Recorded = {
  checkpoints: [number, number];
  searches: Record<string, { space: SearchSpace; best: [number, number][] }>;
  curves: number[][];
  pruned: Record<string, (number | null)[]>;
  importance: { trials: CompleteTrial[]; scores: Record<string, number> };
};
const recorded = JSON.parse(
  readFileSync(new URL('../../../test/vectors/optuna.json', import.meta.url), 'utf8'),
) as Recorded;

const hartmann = {
  weights: [1, 1.2, 3, 3.2],
  a: [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ],
  p: [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
  ],
};
const hidden: Record<number, number> = { 64: 0.4, 128: 0, 256: 0.2 };

const functions: Record<string, (x: number[]) => number> = {
  sphere5: (x) => x.reduce((sum, value) => sum + value * value, 0),
  branin: ([a = 0, b = 0]) => {
    const curve = b - (5.1 / (4 * Math.PI ** 2)) * a * a + (5 / Math.PI) * a - 6;
    return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(a) + 10;
  },
  hartmann6: (x) =>
    hartmann.weights.reduce((total, weight, i) => {
      const distance = x.reduce((sum, value, j) => {
        return sum + Number(hartmann.a[i]?.[j]) * (value - Number(hartmann.p[i]?.[j]) * 1e-4) ** 2;
      }, 0);
      return total - weight * Math.exp(-distance);
    }, 0),
  rosen4: (x) =>
    [0, 1, 2].reduce(
      (sum, i) => sum + 100 * (Number(x[i + 1]) - Number(x[i]) ** 2) ** 2 + (1 - Number(x[i])) ** 2,
      0,
    ),
  mixed: ([rate = 1, batch = 0, units = 64]) =>
    (Math.log10(rate) + 3) ** 2 + ((batch - 48) / 64) ** 2 + Number(hidden[units]),
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return (Number(sorted[(sorted.length - 1) >> 1]) + Number(sorted[sorted.length >> 1])) / 2;
};

function search(name: string, space: SearchSpace, seed: number): number[] {
  const study = new Study({ space, seed });
  const checkpoints: number[] = [];
  for (let i = 1; i <= recorded.checkpoints[1]; i += 1) {
    const { number, parameters } = study.ask();
    study.tell(number, Number(functions[name]?.(Object.values(parameters) as number[])));
    if (recorded.checkpoints.includes(i)) checkpoints.push(Number(study.best?.value));
  }
  return checkpoints;
}

for (const [name, { space, best }] of Object.entries(recorded.searches)) {
  test(`${name}: the median best of 30 seeds is better than Optuna's at 50 and at 100 trials`, () => {
    const found = best.map((_, seed) => search(name, space, seed));
    for (const at of [0, 1]) {
      const [ours, theirs] = [found, best].map((rows) => median(rows.map((row) => Number(row[at]))));
      assert.ok(
        Number(ours) <= Number(theirs),
        `${recorded.checkpoints[at]} trials: ${ours}, Optuna ${theirs}`,
      );
    }
  });
}

/** The step at which each trial stops, or null; trials run one after the other. */
function pruned(pruner: Pruner, sign: 1 | -1): (number | null)[] {
  return recorded.curves.map((curve, trial) => {
    const at = curve.findIndex((value, i) => pruner.report(trial, i + 1, value * sign));
    pruner.finish(trial, at < 0);
    return at < 0 ? null : at + 1;
  });
}

test("median and successive-halving pruners stop the trials that Optuna's stop, at the same step", () => {
  // Optuna's runs that maximise got the negated curves, and our pruners always minimise: the same numbers.
  const ours = {
    median: new MedianPruner({}),
    medianMaximize: new MedianPruner({}),
    medianWarm: new MedianPruner({ startupTrials: 3, warmupSteps: 4 }),
    halving: new HalvingPruner({}),
    halvingMaximize: new HalvingPruner({ reductionFactor: 3 }),
    halvingLate: new HalvingPruner({ minResource: 2, reductionFactor: 3, skippedRungs: 1 }),
  };
  assert.deepEqual(Object.keys(ours), Object.keys(recorded.pruned));
  for (const [name, pruner] of Object.entries(ours))
    assert.deepEqual(pruned(pruner, 1), recorded.pruned[name], name);
});

test('Hyperband is successive halving in brackets, most trials in the one that stops earliest', () => {
  const stopped = pruned(new HyperbandPruner({ maxResource: 27 }, 3), 1);
  const rungs = new Set([1, 3, 9, 27, null]);
  for (const at of stopped) assert.ok(rungs.has(at), `${at}`);
  const early = stopped.filter((at) => at === 1).length;
  const whole = stopped.filter((at) => at === null).length;
  assert.ok(early > 10 && early < 30 && whole > 2 && whole < 20, `${early}, ${whole}`);
  assert.deepEqual(pruned(new HyperbandPruner({ maxResource: 27 }, 3), 1), stopped);
});

test("importance is that of Optuna's PED-ANOVA", () => {
  const space: SearchSpace = {
    strong: ['float', 0, 1],
    weak: ['float', 1e-4, 1e-1, true],
    none: ['int', 1, 9],
    kind: ['categorical', ['a', 'b', 'c']],
  };
  const { trials, scores } = recorded.importance;
  const ours = parameterImportance(space, trials);
  for (const [name, score] of Object.entries(scores)) {
    assert.ok(Math.abs(Number(ours[name]) - score) < 1e-9, `${name}: ${ours[name]}, ${score}`);
  }
  const negated = trials.map(({ parameters, value }) => ({ parameters, value: -value }));
  assert.deepEqual(parameterImportance(space, negated, 'maximize'), ours);
});

test('importance of nothing to tell is equal, and too few trials are refused', () => {
  const space: SearchSpace = { a: ['float', 0, 1], b: ['float', 2, 2] };
  const trials = [0.2, 0.4, 0.6].map((a) => ({ parameters: { a, b: 2 }, value: 1 }));
  assert.deepEqual(parameterImportance(space, trials), { a: 0.5, b: 0.5 });
  assert.throws(() => parameterImportance(space, trials.slice(1, 2)), { code: 'EMPTY' });
  assert.throws(() => parameterImportance(space, [{ parameters: { a: 3, b: 2 }, value: 1 }, ...trials]), {
    code: 'USAGE',
  });
  const broken = [{ parameters: { a: 0, b: 2 }, value: Number.NaN }, ...trials];
  assert.throws(() => parameterImportance(space, broken), { code: 'NOT_FINITE' });
});
