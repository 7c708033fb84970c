import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, hasCode } from '../../../base/index.ts';
import { type HarmOptions, HarmProcess } from './harm.ts';

const OPTIONS: HarmOptions = { low: 0, high: 1, margin: 0, effect: 0.03 };

/** Decisions until harm is found at alpha 5 %; undefined: it was not. `wrong` is the probability of a wrong decision. */
function found(
  { model, rule, share, most }: { model: number; rule: number; share: number; most: number },
  rng: FastRng,
  options = OPTIONS,
): number | undefined {
  const harm = new HarmProcess(options);
  for (let i = 1; i <= most; i += 1) {
    const isModel = rng.next() < share;
    harm.add(isModel, share, rng.next() < (isModel ? model : rule) ? 1 : 0);
    if (harm.rejects(0.05)) return i;
  }
  return undefined;
}

const many = (
  runs: number,
  world: Parameters<typeof found>[0],
  options = OPTIONS,
): (number | undefined)[] => {
  const rng = new FastRng(7);
  return Array.from({ length: runs }, () => found(world, rng, options));
};

test('a model as good as the rule is rarely blamed, at any share, looked at every time', () => {
  for (const share of [0.05, 0.5, 0.99]) {
    const blamed = many(200, { model: 0.03, rule: 0.03, share, most: 5000 }).filter(
      (each) => each !== undefined,
    );
    assert.ok(blamed.length <= 10, `${share}: ${blamed.length} of 200`);
  }
});

test('a drop of three points is found; one within the margin is not', () => {
  const world = { model: 0.06, rule: 0.03, share: 0.25, most: 20_000 };
  const times = many(50, world).map((each) => each ?? Number.POSITIVE_INFINITY);
  assert.ok(times.filter((each) => each < 8000).length >= 45, times.join(' '));
  const tolerated = many(50, world, { ...OPTIONS, margin: 0.03 }).filter((each) => each !== undefined);
  assert.ok(tolerated.length <= 3, `${tolerated.length}`);
});

test('one that was good for long is found when it becomes worse', () => {
  const rng = new FastRng(8);
  const harm = new HarmProcess(OPTIONS);
  const decide = (model: number): void => {
    const isModel = rng.next() < 0.5;
    harm.add(isModel, 0.5, rng.next() < (isModel ? model : 0.1) ? 1 : 0);
  };
  for (let i = 0; i < 50_000; i += 1) decide(0.05);
  assert.equal(harm.rejects(0.05), false);
  for (let i = 0; i < 10_000 && !harm.rejects(0.05); i += 1) decide(0.2);
  assert.ok(harm.rejects(0.05));
  assert.ok(harm.pValue <= 0.05);
});

test('the capital is a fair game: its mean over worlds without harm stays at one', () => {
  const rng = new FastRng(9);
  let sum = 0;
  const runs = 4000;
  for (let run = 0; run < runs; run += 1) {
    const harm = new HarmProcess(OPTIONS);
    for (let i = 0; i < 15; i += 1) {
      // Whatever was seen before may decide what comes next: only the draw of the arm is chance.
      const y = (i + harm.modelCount) % 3 === 0 ? 1 : 0;
      harm.add(rng.next() < 0.3, 0.3, y);
    }
    sum += Math.exp(harm.logValue);
  }
  assert.ok(Math.abs(sum / runs - 1) < 0.05, `${sum / runs}`);
});

test('it never goes bankrupt, whatever it sees, and once found stays found', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.boolean(),
          fc.double({ min: 0.01, max: 0.99, noNaN: true }),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ),
      ),
      (decisions) => {
        const harm = new HarmProcess({ low: -2, high: 5, margin: 0.5, effect: 1 });
        let was = 1;
        for (const [isModel, share, value] of decisions) {
          assert.ok(Number.isFinite(harm.add(isModel, share, value)));
          assert.ok(harm.pValue <= was);
          was = harm.pValue;
        }
        const saved = JSON.parse(JSON.stringify(harm.snapshot()));
        const again = HarmProcess.restore({ low: -2, high: 5, margin: 0.5, effect: 1 }, saved);
        assert.deepEqual(
          [again.add(true, 0.5, 3), again.snapshot()],
          [harm.add(true, 0.5, 3), harm.snapshot()],
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('options that make no sense are refused', () => {
  const wrong = [
    { low: 1 },
    { high: Number.POSITIVE_INFINITY },
    { low: Number.NaN },
    { margin: 1 },
    { effect: 0 },
    { effect: 2 },
  ];
  for (const change of wrong) {
    assert.throws(
      () => new HarmProcess({ ...OPTIONS, ...change }),
      (error) => hasCode(error, 'USAGE'),
    );
  }
});
