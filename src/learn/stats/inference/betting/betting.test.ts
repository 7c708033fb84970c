import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, FastRng, hasCode as isCoded } from '../../../../base/index.ts';
import { BettingDifference } from './difference.ts';
import { BettingEProcess } from './e-process.ts';
import { BettingSequence } from './sequence.ts';

const hasCode = (code: ErrorCode) => (error: unknown) => isCoded(error, code);

test('evidence against a true claim stays below 1 / alpha nearly always, and against a false one it grows', () => {
  const rng = new FastRng(3);
  const alarms = (rateOf: number): number => {
    let count = 0;
    for (let run = 0; run < 400; run += 1) {
      const bets = new BettingEProcess({ low: 0, high: 1, mean: 0.1 });
      for (let i = 0; i < 500; i += 1) bets.add(rng.next() < rateOf ? 1 : 0);
      if (bets.rejects(0.05)) count += 1;
    }
    return count;
  };
  const [wrongly, rightly] = [alarms(0.1), alarms(0.2)];
  assert.ok(wrongly <= 20, `${wrongly} of 400`);
  assert.ok(rightly >= 390, `${rightly} of 400`);
});

test('no surprise takes more than three quarters of the capital', () => {
  for (const mean of [0.5, 0.9, 0.99]) {
    const bets = new BettingEProcess({ low: 0, high: 1, mean });
    for (let i = 0; i < 2000; i += 1) bets.add(1);
    const before = bets.logValue;
    assert.ok(Math.abs(bets.add(0) - before - Math.log(0.25)) < 1e-9, String(mean));
  }
});

test('the evidence has no drift under the claim: over all sequences of outcomes its mean is 1', () => {
  const claim = 0.3;
  let mean = 0;
  for (let outcomes = 0; outcomes < 2 ** 10; outcomes += 1) {
    const bets = new BettingEProcess({ low: 0, high: 1, mean: claim });
    let chance = 1;
    for (let bit = 0; bit < 10; bit += 1) {
      const isOne = ((outcomes >> bit) & 1) === 1;
      chance *= isOne ? claim : 1 - claim;
      bets.add(isOne ? 1 : 0);
    }
    mean += chance * Math.exp(bets.logValue);
  }
  assert.ok(Math.abs(mean - 1) < 1e-12, String(mean));
});

test('bets go on from a snapshot to the last bit, and what they found stays found', () => {
  const bets = new BettingEProcess({ low: -2, high: 2, mean: 0 });
  for (let i = 0; i < 60; i += 1) bets.add(1.5);
  assert.ok(bets.rejects(0.001));
  for (let i = 0; i < 2000; i += 1) bets.add(-1.5);
  assert.ok(bets.logValue < 0);
  assert.ok(bets.rejects(0.001));
  const again = BettingEProcess.restore(JSON.parse(JSON.stringify(bets.snapshot())));
  assert.equal(again.add(0.25), bets.add(0.25));
  assert.deepEqual(again.snapshot(), bets.snapshot());
});

test('what lies below the claim costs nothing', () => {
  const bets = new BettingEProcess({ low: 0, high: 1, mean: 0.5 });
  for (let i = 0; i < 50; i += 1) assert.equal(bets.add(0.1), 0);
  assert.equal(bets.pValue, 1);
});

test('bad bets are refused and change nothing', () => {
  for (const bounds of [
    { low: 0, high: 0, mean: 0 },
    { low: 0, high: 1, mean: 1 },
    { low: 0, high: 1, mean: 2 },
  ])
    assert.throws(() => new BettingEProcess(bounds), hasCode('USAGE'));
  const bets = new BettingEProcess({ low: 0, high: 1, mean: 0.5 });
  bets.add(1);
  const before = bets.snapshot();
  assert.throws(() => bets.add(1.01), hasCode('USAGE'));
  assert.throws(() => bets.add(Number.NaN), hasCode('NOT_FINITE'));
  assert.deepEqual(bets.snapshot(), before);
  assert.throws(() => BettingEProcess.restore({ ...before, sum: 7 }), hasCode('DAMAGED'));
  assert.throws(() => BettingEProcess.restore({ ...before, highest: -1 }), hasCode('DAMAGED'));
});

test('a betting sequence closes in on the mean, holds it at every moment, and never widens', () => {
  const rng = new FastRng(4);
  let missed = 0;
  for (let run = 0; run < 100; run += 1) {
    const sequence = new BettingSequence({ low: 0, high: 10, steps: 50 });
    let [lower, upper] = [0, 10];
    for (let i = 0; i < 300; i += 1) {
      sequence.add(10 * rng.next() ** 2);
      assert.ok(sequence.lower >= lower && sequence.upper <= upper);
      [lower, upper] = [sequence.lower, sequence.upper];
    }
    if (lower > 10 / 3 || upper < 10 / 3) missed += 1;
    assert.ok(upper - lower < 3);
  }
  assert.ok(missed <= 5, `${missed} of 100`);
});

/** An experiment of so many units whose success rates rise and fall together: ends of the interval. */
function watch(
  rng: FastRng,
  lift: number,
  { units, share }: { units: number; share: number },
): [number, number] {
  const difference = new BettingDifference({
    low: 0,
    high: 1,
    treatmentShare: share,
    steps: 400,
    tuneCount: units,
  });
  for (let unit = 0; unit < units; unit += 1) {
    const isTreated = rng.next() < share;
    const mean = 0.3 + 0.2 * Math.sin(unit / 50) + (isTreated ? lift : 0);
    difference.add(rng.next() < mean ? 1 : 0, isTreated);
  }
  return [difference.lower, difference.upper];
}

test('the exact interval of a difference holds it in a world that is not steady, and finds what is there', () => {
  const rng = new FastRng(8);
  for (const share of [0.5, 0.2]) {
    const found = Array.from({ length: 60 }, () => watch(rng, 0.2, { units: 800, share }));
    const missed = found.filter(([lower, upper]) => lower > 0.2 || upper < 0.2).length;
    const sure = found.filter(([lower]) => lower > 0).length;
    assert.ok(missed <= 3 && sure >= 45, `${missed} missed, ${sure} sure at ${share}`);
  }
});

test('arms of unequal shares are weighed by them', () => {
  const rng = new FastRng(12);
  const difference = new BettingDifference({ low: 0, high: 1, treatmentShare: 0.2 });
  for (let unit = 0; unit < 20_000; unit += 1) {
    const isTreated = rng.next() < 0.2;
    difference.add(rng.next() < (isTreated ? 0.8 : 0.3) ? 1 : 0, isTreated);
  }
  assert.ok(difference.lower > 0.4 && difference.lower < 0.5, String(difference.lower));
  assert.ok(difference.upper > 0.5 && difference.upper < 0.6, String(difference.upper));
});

test('the exact interval needs no spread: arms that always fail and always succeed are told apart', () => {
  const rng = new FastRng(9);
  const difference = new BettingDifference({ low: -1, high: 1, treatmentShare: 0.5, tuneCount: 50 });
  for (let unit = 0; unit < 60; unit += 1) {
    const isTreated = rng.next() < 0.5;
    difference.add(isTreated ? -1 : 1, isTreated);
  }
  assert.equal(difference.count, 60);
  assert.ok(difference.upper < 0 && difference.lower <= -2);
  assert.throws(() => difference.add(1.5, true), hasCode('USAGE'));
  assert.throws(() => difference.add(1, 1 as never), hasCode('USAGE'));
  assert.throws(() => new BettingDifference({ low: 0, high: 1, treatmentShare: 1 }), hasCode('USAGE'));
});

test('at the count it is tuned to, the interval is as narrow as one alternative allows, and goes on closing in', () => {
  const rng = new FastRng(10);
  const options = { low: 0, high: 1, steps: 2000, tuneCount: 2000 };
  const [sequence, mirrored] = [new BettingSequence(options), new BettingSequence(options)];
  const widthAfter = (count: number): number => {
    while (sequence.count < count) {
      const value = rng.next() < 0.25 ? 1 : 0;
      sequence.add(value);
      mirrored.add(1 - value);
    }
    return sequence.upper - sequence.lower;
  };
  const least = (count: number): number => 2 * Math.sqrt((2 * Math.log(2 / 0.05) * 0.1875) / count);
  const tuned = widthAfter(2000) / least(2000);
  assert.ok(tuned > 0.9 && tuned < 1.05, String(tuned));
  const late = widthAfter(100_000) / least(100_000);
  assert.ok(late < 1.8, String(late));
  assert.ok(Math.abs(sequence.lower + mirrored.upper - 1) < 1e-12);
  assert.ok(Math.abs(sequence.upper + mirrored.lower - 1) < 1e-12);
});

test('before the first unit an effect may be whatever one estimate can be', () => {
  const difference = new BettingDifference({ low: 0, high: 2, treatmentShare: 0.2 });
  assert.deepEqual([difference.lower, difference.upper], [-10, 10]);
});
