import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { chiSquareTail, srmTest } from '../../../learn/index.ts';
import { Assigner, type AssignmentRule } from './assigner.ts';

const arms = (...shares: readonly number[]) =>
  shares.map((trafficPct, arm) => ({
    modelId: `v${arm}`,
    isControl: arm === 0,
    trafficPct,
    description: '',
  }));
const rule = (salt: string, more: Partial<AssignmentRule> = {}): AssignmentRule => ({
  ...{ hash: 'pilotfish-1', salt, arms: arms(50, 50) },
  ...more,
});
const units = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
const assigned = (of: AssignmentRule, coverage = 1): number[] => {
  const assigner = new Assigner(of, coverage);
  return units.map((unit) => assigner.armOf(unit));
};
const countsOf = (found: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, arm) => found.filter((each) => each === arm).length);

// Computed by another implementation, in Python.
test('the arms of version 1 never change', () => {
  const known: Readonly<Record<string, number>> = {
    'user-1': 1,
    'user-2': 1,
    'user-3': 0,
    'user-4': 3,
    user123: 3,
    a: 0,
    Świętopełk: 1,
    '😀': 1,
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: 1,
  };
  const assigner = new Assigner(rule('threat-model-v2-test', { arms: arms(25, 25, 25, 25) }), 1);
  for (const [unit, arm] of Object.entries(known)) assert.equal(assigner.armOf(unit), arm, unit);
});

test('every arm gets its share', () => {
  for (const shares of [
    [50, 50],
    [90, 10],
    [20, 30, 50],
  ]) {
    const counts = countsOf(assigned(rule('shares', { arms: arms(...shares) })), shares.length);
    assert.ok(srmTest(counts, shares).pValue > 0.001, `${shares}: ${counts}`);
  }
});

test('experiments are independent of each other, whatever their salts have in common', () => {
  const salts = ['a', 'b', 'experiment-1', 'experiment-2', 'experiment-1 ', 'aa'];
  const found = salts.map((salt) => assigned(rule(salt)));
  for (const [i, one] of found.entries()) {
    for (const other of found.slice(i + 1)) {
      const table = countsOf(
        one.map((arm, at) => 2 * arm + (other[at] as number)),
        4,
      ) as [number, number, number, number];
      const [a, b, c, d] = table;
      const statistic = (units.length * (a * d - b * c) ** 2) / ((a + b) * (c + d) * (a + c) * (b + d));
      // 15 pairs.
      assert.ok(chiSquareTail(statistic, 1) > 0.001 / 15, `${salts[i]}: ${table}`);
    }
  }
});

test('units that follow each other fall independently', () => {
  const found = assigned(rule('neighbours'));
  const same = found.slice(1).filter((arm, at) => arm === found[at]).length;
  assert.ok(Math.abs(same / (units.length - 1) - 0.5) < 0.015, `${same}`);
});

test('growing coverage takes in more units and moves none', () => {
  for (const hash of ['pilotfish-1', 'growthbook-1', 'growthbook-2'] as const) {
    const grown = rule('coverage', { hash, arms: arms(70, 30) });
    let before = assigned(grown, 0.05);
    for (const coverage of [0.1, 0.5, 1]) {
      const now = assigned(grown, coverage);
      assert.ok(before.every((arm, at) => arm === -1 || arm === now[at]));
      const share = now.filter((arm) => arm >= 0).length / units.length;
      assert.ok(Math.abs(share - coverage) < 0.02, `${hash} ${coverage}: ${share}`);
      before = now;
    }
  }
});

test('experiments in one namespace share no unit, those that name a hold-out leave it alone', () => {
  const holdout = { name: '2026', share: 0.05 };
  const part = (from: number, to: number) => ({ namespace: { name: 'checkout', from, to }, holdout });
  const [first, second] = [assigned(rule('a', part(0, 0.4))), assigned(rule('b', part(0.4, 1)))];
  const both = units.filter((_, at) => (first[at] as number) >= 0 && (second[at] as number) >= 0);
  assert.deepEqual(both, []);
  const neither = units.filter((_, at) => first[at] === -1 && second[at] === -1);
  assert.ok(Math.abs(neither.length / units.length - holdout.share) < 0.01);
  const third = assigned(rule('c', { holdout }));
  assert.deepEqual(new Set(units.filter((_, at) => third[at] === -1)), new Set(neither));
});

test('GrowthBook’s namespaces are its own', () => {
  const inside = (unit: string, name: string, from: number, to: number): boolean =>
    new Assigner(rule('x', { hash: 'growthbook-2', namespace: { name, from, to } }), 1).armOf(unit) >= 0;
  assert.deepEqual(
    [inside('1', 'namespace1', 0, 0.4), inside('1', 'namespace1', 0.4, 1), inside('1', 'namespace2', 0, 0.4)],
    [false, true, false],
  );
});

test('a unit is text of some length that means something', () => {
  const assigner = new Assigner(rule('units'), 1);
  for (const unit of ['', 'x'.repeat(257), '\ud800', undefined, 7, null]) {
    assert.throws(
      () => assigner.armOf(unit as string),
      (error) => hasCode(error, 'USAGE'),
    );
  }
  for (const unit of ['x'.repeat(256), '\uffff'.repeat(256), 'Świętopełk', '😀'.repeat(128), '\0'])
    assert.equal(assigner.armOf(unit), assigner.armOf(unit));
});

test('an assignment allocates nothing', () => {
  const assigner = new Assigner(rule('heap', { holdout: { name: '2026', share: 0.05 } }), 1);
  const known = units.slice(0, 1000);
  const grown = (): number => {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100_000; i += 1) assigner.armOf(known[i % 1000] as string);
    return process.memoryUsage().heapUsed - before;
  };
  // On a busy machine the compiler is late.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 50 && Math.abs(least) > 50_000; round += 1) {
    const change = grown();
    if (Math.abs(change) < Math.abs(least)) least = change;
  }
  assert.ok(Math.abs(least) <= 50_000, `the heap changed by ${least} bytes in 100,000 calls`);
});
