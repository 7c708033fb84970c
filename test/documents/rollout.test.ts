// What documents 000 and 002 say of bringing a model to everyone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng, ManualClock } from '../../src/base/index.ts';
import {
  DOCUMENT_PLAN,
  ROLLOUT_PLANS,
  Rollout,
  type RolloutPlan,
  type RolloutTrack,
} from '../../src/index.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const days = (plan: RolloutPlan, from: number, to?: number): number =>
  plan.steps.slice(from, to).reduce((sum, { durationMs }) => sum + durationMs, 0) / DAY_MS;

test('document 002, 6.1: shadow in weeks 1-2, canary in 3-4, 25 to 100 % in 5-8, per region', () => {
  assert.equal(ROLLOUT_PLANS['document-002'], DOCUMENT_PLAN);
  assert.deepEqual(
    DOCUMENT_PLAN.steps.map(({ share }) => share),
    [0, 0.05, 0.25, 0.5, 0.75, 1, 1],
  );
  assert.deepEqual(
    [days(DOCUMENT_PLAN, 0, 1), days(DOCUMENT_PLAN, 1, 2), days(DOCUMENT_PLAN, 2, 6)],
    [14, 14, 28],
  );
  // 13.6: deployed to 100 % within 8 weeks; 7.3: no errors for 30 days.
  assert.equal(days(DOCUMENT_PLAN, 0, 6), 56);
  assert.deepEqual([days(DOCUMENT_PLAN, 6), DOCUMENT_PLAN.steps[6]?.isErrorFree], [30, true]);
});

/** A decision that was right or wrong, of whoever made it, and what it cost. */
function decide(
  rollout: Rollout,
  track: RolloutTrack,
  { isRight, rng }: { isRight: (isModel: boolean) => boolean; rng: FastRng },
) {
  const share = rollout.shareOf(track);
  const isModel = rng.next() < share;
  const right = isRight(isModel);
  track.observeAccuracy(isModel, share, { isRight: right, nowMs: rollout.options.clock.nowMs() });
  track.observe(track.metric('cost'), isModel, share, right ? 0.4 : 0.6);
}

/** A rollout of the document's plan that has come to its canary. */
async function inCanary() {
  const clock = new ManualClock();
  const rollout = new Rollout(DOCUMENT_PLAN, { clock });
  await rollout.advance();
  const [track] = rollout.tracks as readonly [RolloutTrack];
  const rng = new FastRng(1);
  for (let hour = 0; hour < 14 * 24; hour += 1) {
    for (let i = 0; i < 10; i += 1) track.observeShadow(rng.next() < 0.97, clock.nowMs());
    clock.advance(HOUR_MS);
    await rollout.advance();
  }
  assert.equal(rollout.shareOf(track), 0.05);
  return { clock, rollout, track, rng };
}

test('phase 1: predictions are logged, not used, and 95 % of the last seven days must be right', async () => {
  const clock = new ManualClock();
  const rollout = new Rollout({ ...DOCUMENT_PLAN, guardrails: DOCUMENT_PLAN.guardrails.slice(1) }, { clock });
  await rollout.advance();
  const [track] = rollout.tracks as readonly [RolloutTrack];
  const rng = new FastRng(2);
  const spend = async (count: number, accuracy: number): Promise<void> => {
    for (let day = 0; day < count; day += 1) {
      for (let i = 0; i < 300; i += 1) track.observeShadow(rng.next() < accuracy, clock.nowMs());
      clock.advance(DAY_MS);
      await rollout.advance();
    }
  };
  await spend(20, 0.9);
  assert.deepEqual([track.step, rollout.shareOf(track)], [0, 0]);
  assert.match(track.waitsFor, /an accuracy of 0\.\d+ over the last \d+, below 0.95/);
  await spend(9, 0.98);
  assert.equal(track.step, 1, 'the bad days are more than seven ago');
});

test('phase 2: 5 % of the traffic; automatic rollback if accuracy < 95 %', async () => {
  const { rollout, track, rng } = await inCanary();
  let decisions = 0;
  for (; rollout.phase === 'running' && decisions < 100_000; decisions += 1) {
    decide(rollout, track, { rng, isRight: () => rng.next() < 0.9 });
  }
  assert.equal(rollout.phase, 'rolled-back');
  assert.equal(rollout.reason, 'default: accuracy does not reach 0.95');
  assert.ok(decisions < 20_000, `${decisions}`);
});

test('6.2, critical: accuracy drop > 3 % → rollback, against the rule that decides at the same time', async () => {
  const { rollout, track, rng } = await inCanary();
  for (let i = 0; rollout.phase === 'running' && i < 100_000; i += 1) {
    decide(rollout, track, { rng, isRight: (isModel) => rng.next() < (isModel ? 0.955 : 0.99) });
  }
  assert.equal(rollout.phase, 'rolled-back');
  assert.match(rollout.reason, /is worse than under the rule beside it/);
});
