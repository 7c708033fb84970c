import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { FastRng, hasCode } from '../../../base/index.ts';
import type { RoomModel } from '../../../decisions/index.ts';
import { ACCURACY, COST } from '../plan/plan.ts';
import { ShadowLog } from '../shadow/log.ts';
import { validateShadow } from '../shadow/validate.ts';
import { modelOf, PLAN, type Question, wired } from '../testing/room.ts';

test('what serves is what the rollout says: nothing, half, all but the holdback', async () => {
  const { rollout, askMany, next, track, room } = wired(modelOf((size) => 2 * size));
  assert.deepEqual(askMany(100), { heuristic: 100 });
  await rollout.advance();
  assert.deepEqual(askMany(1000), { heuristic: 1000 });
  assert.equal(track.shadowed, 1000);
  await next();
  const half = askMany(4000);
  assert.ok(Math.abs((half['doubling@2'] ?? 0) - 2000) < 150, JSON.stringify(half));
  assert.equal(track.watches[0]?.modelCount, half['doubling@2']);
  assert.equal(track.watches[0]?.ruleCount, half['heuristic']);
  await next();
  const most = askMany(10_000);
  assert.ok(Math.abs((most['heuristic'] ?? 0) - 100) < 50, JSON.stringify(most));
  await next();
  assert.equal(rollout.phase, 'succeeded');
  const hint = room.guard.ask({ size: 3 });
  assert.ok(hint.propensity === 0.99 || Math.abs(hint.propensity - 0.01) < 1e-9);
});

test('a bad model is off within the decision that shows it, and the breaker is open', async () => {
  const { rollout, ask, askMany, next, room } = wired(modelOf((size) => (size % 2 === 0 ? 0 : 2 * size)));
  await rollout.advance();
  askMany(1000);
  await next();
  const rng = new FastRng(2);
  let asked = 0;
  for (; rollout.phase === 'running' && asked < 10_000; asked += 1) ask(1 + Math.floor(rng.next() * 1000));
  assert.equal(rollout.phase, 'rolled-back');
  assert.equal(room.guard.breaker.state, 'open');
  assert.deepEqual(askMany(1000), { heuristic: 1000 });
  assert.ok(asked < 500, `${asked}`);
});

test('a breaker that is open does not hide the harm, and failures are of the model', async () => {
  const { rollout, askMany, next, track } = wired(
    modelOf(() => {
      throw new TypeError('ill');
    }),
  );
  await rollout.advance();
  askMany(300);
  assert.ok(track.errors >= 5);
  assert.equal(track.step, 0);
  await next();
  assert.equal(track.step, 0, 'a dead model gives no evidence');
});

test('shadow: whatever the model does, hints, receipts and counters are those without it', async () => {
  const plain = wired(modelOf((size) => 2 * size));
  const expected = Array.from({ length: 500 }, (_, i) => ({ ...plain.room.guard.ask({ size: i }) }));
  let n = 0;
  const horrible: unknown[] = [
    Number.NaN,
    -1,
    'x',
    undefined,
    Promise.reject(new Error('late')),
    Symbol('x'),
  ];
  const ill = wired(
    modelOf((size) => {
      n += 1;
      if (n % 7 === 0) throw new RangeError('dead');
      return n % 2 === 0 ? horrible[n % horrible.length] : size;
    }),
  );
  await ill.rollout.advance();
  const got = expected.map((_, i) => {
    const hint = { ...ill.room.guard.ask({ size: i }) };
    ill.room.drain();
    return hint;
  });
  assert.deepEqual(got, expected);
  assert.equal(ill.rollout.phase, 'running');
  assert.equal(ill.room.shadowBreaker.state, 'open');
});

test('a full ring drops the newest, and counts them', async () => {
  const { rollout, ask, room, track } = wired(
    modelOf((size) => 2 * size),
    { ringPlaces: 8 },
  );
  await rollout.advance();
  for (let i = 1; i <= 20; i += 1) ask(i);
  assert.deepEqual([room.ring.size, room.ring.dropped], [8, 12]);
  room.drain();
  assert.deepEqual([room.ring.size, track.shadowed], [0, 8]);
});

test('the log of shadow is what validate reads', async () => {
  const fs = new SimFileSystem();
  const log = new ShadowLog(fs, '/logs/shadow.jsonl');
  const model = modelOf((size) => (size % 20 === 0 ? 1 : 2 * size));
  const judge = ({ size }: Readonly<Question>, value: number): boolean => value === 2 * size;
  const { rollout, ask, room, clock } = wired(model, { log, judge });
  await rollout.advance();
  room.start();
  for (let i = 1; i <= 400; i += 1) {
    ask(i);
    clock.advance(20);
  }
  room.stop();
  const report = validateShadow(fs, '/logs/shadow.jsonl', 0.95);
  assert.deepEqual([report.count, report.accuracy, report.bad, report.passed], [400, 0.95, 0, true]);
  assert.ok(report.interval[0] < 0.95 && report.interval[1] > 0.95);
  assert.equal(validateShadow(fs, '/logs/shadow.jsonl', 0.951).passed, false);
});

test('who looks by hand finds the log written', async () => {
  const fs = new SimFileSystem();
  const { rollout, ask, room } = wired(
    modelOf((size) => 2 * size),
    { log: new ShadowLog(fs, '/logs/shadow.jsonl') },
  );
  await rollout.advance();
  for (let i = 1; i <= 9; i += 1) ask(i);
  assert.equal(room.drain(), 9);
  assert.equal(validateShadow(fs, '/logs/shadow.jsonl', 0.95).count, 9);
});

test('with a judge, accuracy of both sides is watched in the canary', async () => {
  const plan = { ...PLAN, guardrails: [{ ...ACCURACY, limit: 0.8 }, COST] };
  const judge = ({ size }: Readonly<Question>, value: number): boolean => value === 2 * size;
  const { rollout, askMany, next, track } = wired(
    modelOf((size) => 2 * size),
    { plan, judge },
  );
  await rollout.advance();
  askMany(500);
  await next();
  askMany(1000);
  const { model, rule } = track.watches[0]?.report() ?? assert.fail();
  assert.equal(model.count + rule.count, 1000);
  assert.equal(model.mean, 1);
  assert.ok(Math.abs(rule.mean - 0.9) < 0.05, `${rule.mean}`);
});

test('a guardrail that nothing measures is refused: its rollout would wait for ever', () => {
  const plan = { ...PLAN, guardrails: [{ ...COST, metric: 'latency' }] };
  assert.throws(
    () =>
      wired(
        modelOf(() => 0),
        { plan },
      ),
    (error) => hasCode(error, 'USAGE') && /measures latency/.test(error.message),
  );
});

test('what is known late is counted in the order of decisions, each line for itself, and once', async () => {
  const plan = { ...PLAN, steps: PLAN.steps.slice(1) };
  const late = {
    metric: 'cost',
    line: ({ size }: Readonly<Question>) => (size < 10 ? 'slow' : 'quick'),
  } as const;
  const { rollout, room, track } = wired(
    modelOf((size) => 2 * size),
    { plan, measures: {}, late },
  );
  await rollout.advance();
  const ids = [1, 20, 2, 30, 3].map((size) => room.guard.ask({ size }).decisionId);
  const [first, second, third, fourth, fifth] = ids as [number, number, number, number, number];
  const counted = (): number => (track.watches[0]?.modelCount ?? 0) + (track.watches[0]?.ruleCount ?? 0);
  const after = (id: number): number => {
    room.settleLate(id, 0.5);
    return counted();
  };
  assert.deepEqual([fifth, third, second, second, 77].map(after), [0, 0, 1, 1, 1]);
  assert.deepEqual([first, fourth, first].map(after), [4, 5, 5]);
});

const champion: RoomModel<Question, number> = { version: 'doubling@1', choose: ({ size }) => 2 * size };

test("what is not given to the model is the champion's; the holdback is the rule's", async () => {
  const { rollout, askMany, next } = wired(
    modelOf((size) => 2 * size),
    { champion },
  );
  await rollout.advance();
  assert.deepEqual(askMany(200), { 'doubling@1': 200 });
  await next();
  assert.deepEqual(Object.keys(askMany(500)).sort(), ['doubling@1', 'doubling@2']);
  await next();
  assert.deepEqual(Object.keys(askMany(3000)).sort(), ['doubling@2', 'heuristic']);
});

test('after a rollback the champion serves, and a champion that fails leaves the rule', async () => {
  const bad = modelOf(() => 0);
  const { rollout, askMany, next, room } = wired(bad, { champion });
  await rollout.advance();
  askMany(200);
  await next();
  askMany(2000);
  assert.equal(rollout.phase, 'rolled-back');
  assert.deepEqual(askMany(100), { 'doubling@1': 100 });
  assert.equal(room.guard.breaker.state, 'open');
  const ill = wired(bad, { champion: { version: 'doubling@1', choose: () => Number.NaN } });
  assert.deepEqual(ill.askMany(100), { heuristic: 100 });
});

test('a model that is too slow in shadow rests there, and is asked again later', async () => {
  let isSlow = true;
  const { rollout, room, ask, clock, track } = wired({
    version: 'doubling@2',
    choose: ({ size }) => {
      if (isSlow) clock.advance(11);
      return 2 * size;
    },
  });
  await rollout.advance();
  for (let i = 1; i <= 20; i += 1) ask(i);
  room.drain();
  assert.deepEqual([room.shadowBreaker.state, track.errors, track.shadowed], ['open', 5, 5]);
  isSlow = false;
  clock.advance(60_000);
  for (let i = 1; i <= 20; i += 1) ask(i);
  room.drain();
  assert.deepEqual([room.shadowBreaker.state, track.errors, track.shadowed], ['closed', 5, 25]);
});
