import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { FastRng, hasCode, ManualClock } from '../../../base/index.ts';
import type { Receipt, Room, RoomModel } from '../../../decisions/index.ts';
import { Rollout } from '../machine/rollout.ts';
import type { RolloutEvent } from '../machine/types.ts';
import { ACCURACY, COST, type RolloutPlan } from '../plan/plan.ts';
import { ShadowLog } from '../shadow/log.ts';
import { validateShadow } from '../shadow/validate.ts';
import { HOUR_MS } from '../testing/walk.ts';
import { RoomRollout, type RoomRolloutOptions } from './room-rollout.ts';

type Question = { size: number };
interface Settled extends Receipt {
  readonly cost: number;
}

/** A room whose right answer is the size doubled; its rule is right but for every tenth. */
const doubling: Room<Question, number> = {
  name: 'doubling',
  features: [],
  fallback: 0,
  heuristic: ({ size }) => (size % 10 === 0 ? 0 : 2 * size),
  isLegal: (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  open: () => modelOf((size) => 2 * size),
};

const modelOf = (choose: (size: number) => unknown): RoomModel<Question, number> => ({
  version: 'doubling@2',
  choose: ({ size }) => choose(size) as number,
});

const questions = {
  blank: (): Question => ({ size: 0 }),
  copy: (from: Readonly<Question>, to: Question): void => {
    to.size = from.size;
  },
};

const PLAN: RolloutPlan = {
  name: 'test',
  regions: ['default'],
  guardrails: [COST],
  steps: [
    { share: 0, durationMs: HOUR_MS, minEvidence: { model: 100, rule: 0 } },
    { share: 0.5, durationMs: HOUR_MS, minEvidence: { model: 100, rule: 100 } },
    { share: 1, durationMs: HOUR_MS, minEvidence: { model: 100, rule: 1 } },
  ],
};

type Options = Partial<RoomRolloutOptions<Question, number, Settled>> & { readonly plan?: RolloutPlan };

/** A room on its way, and who asks it. */
function wired(model: RoomModel<Question, number>, { plan = PLAN, ...more }: Options = {}) {
  const clock = new ManualClock();
  const listeners = new Set<(event: RolloutEvent) => void>();
  const rollout = new Rollout(plan, {
    clock,
    onEvent: (event) => {
      for (const listener of listeners) listener(event);
    },
  });
  const source = {
    ...{ key: 'k', rollout },
    shareOf: (track: Parameters<Rollout['shareOf']>[0]) => rollout.shareOf(track),
    epochOf: (track: Parameters<Rollout['epochOf']>[0]) => rollout.epochOf(track),
    onEvent: (listener: (event: RolloutEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const room = new RoomRollout<Question, number, Settled>(source, {
    ...{ room: doubling, model, clock, questions, measures: { cost: ({ cost }) => cost } },
    ...more,
  });
  /** Asks, settles, and says who answered. */
  const ask = (size: number): string => {
    const { decisionId, value, source: by } = room.guard.ask({ size });
    const cost = value === 2 * size ? 0.5 : 1.5;
    room.guard.settle({ decisionId, ok: true, bytes: 1, seconds: 0, cost });
    return by;
  };
  const askMany = (count: number, rng = new FastRng(1)): Record<string, number> => {
    const by: Record<string, number> = {};
    for (let i = 0; i < count; i += 1) {
      const who = ask(1 + Math.floor(rng.next() * 1000));
      by[who] = (by[who] ?? 0) + 1;
      room.drain();
    }
    return by;
  };
  const next = async (): Promise<void> => {
    clock.advance(HOUR_MS);
    await rollout.advance();
  };
  return { clock, rollout, room, track: rollout.region('default'), ask, askMany, next };
}

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

test('decisions that get no receipt are observed when they are made', async () => {
  const plan = { ...PLAN, steps: PLAN.steps.slice(1) };
  const { rollout, room, track } = wired(
    modelOf(() => 0),
    {
      plan,
      atOnce: { cost: ({ value }) => (value === 0 ? 1 : undefined) },
    },
  );
  await rollout.advance();
  for (let i = 0; i < 100; i += 1) room.guard.ask({ size: 1 });
  assert.ok((track.watches[0]?.modelCount ?? 0) > 30);
  assert.equal(track.watches[0]?.ruleCount, 0);
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
