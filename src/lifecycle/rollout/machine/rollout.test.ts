import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, hasCode, ManualClock } from '../../../base/index.ts';
import { COST, DOCUMENT_PLAN, type RolloutPlan, STANDARD_PLAN } from '../plan/plan.ts';
import { DAY_MS, decide, HOUR_MS, newRollout } from '../testing/walk.ts';
import { Rollout } from './rollout.ts';
import type { HookName, RolloutEvent, RolloutHooks } from './types.ts';

const EQUAL = { model: 0.97, rule: 0.97 };

/** Two steps of an hour each; ten decisions of either side are enough. */
const SHORT: RolloutPlan = {
  name: 'short',
  regions: ['default'],
  guardrails: [COST],
  steps: [
    { share: 0.5, durationMs: HOUR_MS, minEvidence: { model: 10, rule: 10 } },
    { share: 1, durationMs: HOUR_MS, minEvidence: { model: 10, rule: 1 } },
  ],
};

const kinds = (events: readonly RolloutEvent[]): string[] => events.map(({ kind }) => kind);

test("document 002's plan is walked in simulated time, in every region", async () => {
  const { clock, events, rollout } = newRollout({ ...DOCUMENT_PLAN, regions: ['eu', 'us', 'asia'] });
  const startedMs = clock.nowMs();
  const rng = new FastRng(2);
  const shares = new Map<number, number>();
  for (let hour = 0; hour <= 90 * 24 && !rollout.isEnded; hour += 1) {
    await rollout.advance();
    const day = Math.floor((clock.nowMs() - startedMs) / DAY_MS);
    shares.set(day, rollout.shareOf(rollout.region('us')));
    decide(rollout, 40, { world: EQUAL, rng, nowMs: clock.nowMs() });
    clock.advance(HOUR_MS);
  }
  assert.equal(rollout.phase, 'succeeded');
  assert.equal(rollout.verdict, 'Successful');
  const at = (day: number): number | undefined => shares.get(day);
  assert.deepEqual([at(0), at(13), at(14), at(27)], [0, 0, 0.05, 0.05]);
  assert.deepEqual([at(28), at(35), at(42), at(49)], [0.25, 0.5, 0.75, 0.99]);
  // Everyone after eight weeks, as the document wants, and thirty days more without an error.
  assert.equal(Math.round((events.at(-1)?.timeMs ?? 0) - startedMs) / DAY_MS, 86);
  assert.deepEqual(
    kinds(events).filter((kind) => kind !== 'step'),
    ['started', 'started', 'started', 'region-done', 'region-done', 'region-done', 'succeeded'],
  );
  assert.equal(kinds(events).filter((kind) => kind === 'step').length, 3 * 6);
});

test('alpha is shared out over all tests of all guardrails in all regions', () => {
  const limited = { ...COST, metric: 'other', limit: 0.5 };
  const plan = { ...SHORT, regions: ['eu', 'us'], guardrails: [COST, limited], alpha: 0.06 };
  const { tracks } = newRollout(plan).rollout.report();
  const alphas = tracks.flatMap(({ guardrails }) => guardrails.map(({ alpha }) => alpha));
  assert.deepEqual(alphas, [0.01, 0.01, 0.01, 0.01]);
});

test('an error of the model starts the thirty days anew', async () => {
  const steps = DOCUMENT_PLAN.steps.slice(-1);
  const { clock, rollout } = newRollout({ ...DOCUMENT_PLAN, steps });
  await rollout.advance();
  const rng = new FastRng(3);
  for (let day = 0; day < 45; day += 1) {
    decide(rollout, 2000, { world: EQUAL, rng, nowMs: clock.nowMs() });
    if (day === 20) rollout.region('default').observeError(clock.nowMs());
    clock.advance(DAY_MS);
    await rollout.advance();
  }
  assert.equal(rollout.phase, 'running');
  clock.advance(6 * DAY_MS);
  await rollout.advance();
  assert.equal(rollout.phase, 'succeeded');
});

test('nothing is promoted for want of data, however long it lasts; with patience it pauses', async () => {
  for (const patienceMs of [undefined, DAY_MS]) {
    const plan = patienceMs === undefined ? STANDARD_PLAN : { ...STANDARD_PLAN, patienceMs };
    const { clock, events, rollout } = newRollout(plan);
    for (let day = 0; day < 100; day += 1) {
      await rollout.advance();
      clock.advance(DAY_MS);
    }
    assert.equal(rollout.shareOf(rollout.region('default')), 0);
    assert.equal(rollout.phase, patienceMs === undefined ? 'running' : 'paused');
    const expected = ['started', 'waiting', ...(patienceMs === undefined ? [] : ['paused'])];
    assert.deepEqual(kinds(events), expected);
    assert.equal(events[1]?.verdict, 'Inconclusive');
    assert.match(events[1]?.reason ?? '', /0 of 500 decisions in shadow/);
  }
});

test('evidence of one side is none', async () => {
  const { clock, rollout } = newRollout(SHORT);
  await rollout.advance();
  const track = rollout.region('default');
  for (let i = 0; i < 20; i += 1) track.observe(0, true, 0.9, 0.5);
  clock.advance(DAY_MS);
  await rollout.advance();
  assert.equal(track.step, 0);
  assert.equal(track.waitsFor, '0 of 10 decisions of the rule with a known cost');
  assert.throws(
    () => rollout.promote(),
    (error) => hasCode(error, 'REFUSED'),
  );
});

test('a breach rolls back within the decision that shows it', async () => {
  const { events, rollout } = newRollout(SHORT);
  await rollout.advance();
  const track = rollout.region('default');
  const rng = new FastRng(4);
  for (let i = 0; i < 5000; i += 1) {
    const before = track.watches[0]?.breach;
    assert.equal(rollout.shareOf(track), before === undefined ? 0.5 : 0);
    if (before !== undefined) break;
    const isModel = rng.next() < 0.5;
    track.observe(0, isModel, 0.5, isModel ? 0.9 : 0.5);
  }
  assert.deepEqual([rollout.phase, rollout.verdict], ['rolled-back', 'Failed']);
  assert.match(events.at(-1)?.reason ?? '', /cost is worse than under the rule/);
  // What comes late changes nothing.
  track.observe(0, false, 0.5, 2);
  await rollout.advance();
  assert.deepEqual(kinds(events), ['started', 'rolled-back']);
});

test('what succeeded is watched on, and vetoed when it becomes worse', async () => {
  const { clock, rollout } = newRollout({ ...SHORT, holdback: 0.1 });
  await rollout.advance();
  const rng = new FastRng(5);
  for (let hour = 0; hour < 4; hour += 1) {
    decide(rollout, 500, { world: EQUAL, rng, nowMs: clock.nowMs() });
    clock.advance(HOUR_MS);
    await rollout.advance();
  }
  assert.deepEqual([rollout.phase, rollout.shareOf(rollout.region('default'))], ['succeeded', 0.9]);
  decide(rollout, 20_000, { world: { model: 0.5, rule: 0.97 }, rng, nowMs: clock.nowMs() });
  assert.deepEqual([rollout.phase, rollout.shareOf(rollout.region('default'))], ['rolled-back', 0]);
});

test('accuracy below its limit rolls back in shadow already', async () => {
  const { rollout, clock } = newRollout(DOCUMENT_PLAN);
  await rollout.advance();
  decide(rollout, 5000, { world: { model: 0.9, rule: 0.97 }, rng: new FastRng(6), nowMs: clock.nowMs() });
  assert.equal(rollout.phase, 'rolled-back');
  assert.match(rollout.reason, /in shadow, accuracy does not reach 0.95/);
});

/** A rollout whose hooks say what `says` says, with enough evidence at every look. */
function hooked(says: Partial<Record<HookName, boolean | 'throws'>>, plan = SHORT) {
  const asked: HookName[] = [];
  const hooks = Object.fromEntries(
    (Object.keys(says) as HookName[]).map((name) => [
      name,
      () => {
        asked.push(name);
        if (says[name] === 'throws') throw new RangeError('hook');
        return says[name] === true;
      },
    ]),
  ) as RolloutHooks;
  const made = newRollout(plan, { hooks });
  const rng = new FastRng(7);
  const look = async (times = 1): Promise<void> => {
    for (let i = 0; i < times; i += 1) {
      await made.rollout.advance();
      decide(made.rollout, 2000, { world: EQUAL, rng, nowMs: made.clock.nowMs() });
      made.clock.advance(HOUR_MS);
    }
  };
  return { ...made, asked, says, look };
}

test('confirm-rollout and the confirmations wait, and are asked again', async () => {
  const all = { 'confirm-rollout': false, 'confirm-traffic-increase': false, 'confirm-promotion': false };
  const { rollout, says, look, asked, events } = hooked(all);
  await look(10);
  assert.equal(rollout.phase, 'pending');
  says['confirm-rollout'] = true;
  await look(10);
  assert.deepEqual([rollout.phase, rollout.region('default').step], ['running', 0]);
  says['confirm-traffic-increase'] = true;
  await look(10);
  assert.deepEqual([rollout.phase, rollout.region('default').step], ['running', 1]);
  says['confirm-promotion'] = true;
  await look(2);
  assert.equal(rollout.phase, 'succeeded');
  assert.ok(asked.filter((name) => name === 'confirm-promotion').length > 5);
  assert.equal(kinds(events).filter((kind) => kind === 'hook-failed').length, 3, 'each refusal is told once');
});

test('while confirm-promotion waits it is watched on', async () => {
  const { rollout, clock, look } = hooked({ 'confirm-promotion': false });
  await look(6);
  assert.equal(rollout.phase, 'running');
  const rng = new FastRng(8);
  decide(rollout, 60_000, { world: { model: 0.2, rule: 0.97 }, rng, nowMs: clock.nowMs() });
  assert.equal(rollout.phase, 'rolled-back');
});

test('pre-rollout and rollout count towards rollback; what throws says no', async () => {
  for (const name of ['pre-rollout', 'rollout'] as const) {
    const { rollout, look } = hooked({ [name]: 'throws' });
    await look(4);
    assert.equal(rollout.isEnded, false);
    await look();
    assert.equal(rollout.phase, 'rolled-back');
    assert.match(rollout.reason, new RegExp(`hook ${name} failed 5 times`));
  }
});

test('a rollback hook that succeeds rolls back; post-rollout is only noted; event is told of all', async () => {
  const { rollout, says, look, asked, events } = hooked({
    rollback: false,
    'post-rollout': false,
    event: false,
  });
  await look(1);
  says.rollback = true;
  await look(3);
  assert.deepEqual([rollout.phase, rollout.reason], ['rolled-back', 'the hook rollback said so']);
  assert.equal(asked.filter((name) => name === 'post-rollout').length, 1);
  assert.equal(asked.filter((name) => name === 'event').length, events.length);
});

test('a guardrail that breaks while a hook is waited for stops every region', async () => {
  const plan = { ...SHORT, regions: ['a', 'b'] };
  let isAsked = false;
  const { clock, rollout, events } = newRollout(plan, {
    hooks: {
      'confirm-traffic-increase': () => {
        isAsked = true;
        rollout.rollBack('broken');
        return true;
      },
    },
  });
  await rollout.advance();
  decide(rollout, 500, { world: EQUAL, rng: new FastRng(12), nowMs: clock.nowMs() });
  clock.advance(HOUR_MS);
  await rollout.advance();
  assert.ok(isAsked);
  assert.deepEqual(kinds(events), ['started', 'started', 'rolled-back']);
  assert.deepEqual(
    rollout.tracks.map(({ tally }) => tally.successful),
    [1, 0],
    'b is not even looked at',
  );
});

test('measurements of others end a step as Argo has it', async () => {
  const plan = (analysis: RolloutPlan['analysis']): RolloutPlan => ({
    ...SHORT,
    ...(analysis && { analysis }),
  });
  const run = async (verdicts: readonly string[], analysis: RolloutPlan['analysis']) => {
    let at = 0;
    const measure = () => {
      const verdict = verdicts[at % verdicts.length] as 'Failed';
      at += 1;
      if ((verdict as string) === 'throws') throw new TypeError('no answer');
      return verdict;
    };
    const made = newRollout(plan(analysis), { measure });
    const rng = new FastRng(9);
    for (let hour = 0; hour < 8; hour += 1) {
      await made.rollout.advance();
      decide(made.rollout, 2000, { world: EQUAL, rng, nowMs: made.clock.nowMs() });
      made.clock.advance(HOUR_MS);
    }
    return [made.rollout.phase, made.rollout.verdict];
  };
  assert.deepEqual(await run(['Failed'], undefined), ['rolled-back', 'Failed']);
  assert.deepEqual(await run(['Successful'], undefined), ['succeeded', 'Successful']);
  assert.deepEqual(await run(['Inconclusive'], { inconclusiveLimit: 0 }), ['paused', 'Inconclusive']);
  assert.deepEqual(await run(['throws'], undefined), ['rolled-back', 'Error']);
  const waiting = { failureLimit: -1, consecutiveSuccessLimit: 3 };
  assert.deepEqual(await run(['Successful', 'Failed'], waiting), ['running', undefined]);
});

test('the time it paused does not count, and it is rolled back in a pause too', async () => {
  const { clock, rollout, events } = newRollout(SHORT);
  await rollout.advance();
  const rng = new FastRng(10);
  decide(rollout, 500, { world: EQUAL, rng, nowMs: clock.nowMs() });
  clock.advance(HOUR_MS / 2);
  rollout.pause('lunch');
  clock.advance(DAY_MS);
  await rollout.advance();
  assert.equal(rollout.shareOf(rollout.region('default')), 0.5);
  rollout.resume();
  await rollout.advance();
  assert.equal(rollout.region('default').step, 0);
  clock.advance(HOUR_MS / 2);
  await rollout.advance();
  assert.equal(rollout.region('default').step, 1);
  rollout.pause('again');
  decide(rollout, 60_000, { world: { model: 0.2, rule: 0.97 }, rng, nowMs: clock.nowMs() });
  assert.equal(rollout.phase, 'rolled-back');
  assert.throws(
    () => rollout.resume(),
    (error) => hasCode(error, 'REFUSED'),
  );
  assert.throws(
    () => rollout.pause('x'),
    (error) => hasCode(error, 'REFUSED'),
  );
  assert.deepEqual(kinds(events), ['started', 'paused', 'resumed', 'step', 'paused', 'rolled-back']);
});

test('a step that needs someone is ended by promote, and so is one before its time', async () => {
  const steps = SHORT.steps.map((step) => ({ ...step, needsApproval: true, durationMs: DAY_MS }));
  const { clock, rollout } = newRollout({ ...SHORT, steps });
  await rollout.advance();
  const rng = new FastRng(11);
  for (let i = 0; i < 2; i += 1) {
    decide(rollout, 3000, { world: EQUAL, rng, nowMs: clock.nowMs() });
    if (i === 0) clock.advance(2 * DAY_MS);
    await rollout.advance();
    assert.equal(rollout.region('default').step, i);
    rollout.promote('seen');
    await rollout.advance();
  }
  assert.equal(rollout.phase, 'succeeded');
});

test('a clock that goes back is refused and changes nothing', async () => {
  let nowMs = 1e12;
  const clock = Object.assign(new ManualClock(), { nowMs: () => nowMs });
  const rollout = new Rollout(SHORT, { clock });
  await rollout.advance();
  const before = rollout.control();
  nowMs -= 1;
  await assert.rejects(
    rollout.advance(),
    (error) => hasCode(error, 'CHANGED') && /set it right/.test(error.message),
  );
  assert.deepEqual(rollout.control(), before);
});

test('a rollout that is restored at any time ends as one that was not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 9 }),
      async (seed, every) => {
        const world = { model: 0.9 + (seed % 7) / 100, rule: 0.95 };
        const plan = { ...SHORT, regions: ['a', 'b'] };
        const run = async (isRestored: boolean): Promise<unknown> => {
          const clock = new ManualClock();
          let rollout = new Rollout(plan, { clock });
          const rng = new FastRng(seed);
          for (let i = 0; i < 12; i += 1) {
            await rollout.advance();
            decide(rollout, 100, { world, rng, nowMs: clock.nowMs() });
            clock.advance(HOUR_MS / 4);
            if (!isRestored || i % every !== 0) continue;
            const saved = JSON.parse(JSON.stringify([rollout.control(), rollout.evidence()]));
            rollout = Rollout.restore(plan, saved, { clock });
          }
          return [rollout.control(), rollout.evidence()];
        };
        assert.deepEqual(await run(true), await run(false));
      },
    ),
    { numRuns: 30 },
  );
});

test('values that are no numbers, and shares that compare nothing, are refused and not counted', async () => {
  const { rollout } = newRollout(SHORT);
  await rollout.advance();
  const track = rollout.region('default');
  assert.throws(
    () => track.observe(0, true, 0.5, Number.NaN),
    (error) => hasCode(error, 'NOT_FINITE'),
  );
  for (const propensity of [0, 1, -1, Number.NaN]) {
    assert.throws(
      () => track.observe(0, true, propensity, 1),
      (error) => hasCode(error, 'USAGE'),
    );
  }
  assert.equal(track.watches[0]?.modelCount, 0);
  assert.throws(
    () => track.metric('speed'),
    (error) => hasCode(error, 'MISSING'),
  );
  assert.throws(
    () => rollout.region('mars'),
    (error) => hasCode(error, 'MISSING'),
  );
});
