// The codec room on its way, in a store that packs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workbench } from '../../../../test/golden/workbench.ts';
import { edited, text } from '../../../../test/sim/file-bytes.ts';
import { noise } from '../../../../test/sim/noise.ts';
import { KIB, ManualClock, Rng } from '../../../base/index.ts';
import type { BaseQuestion, CodecQuestion } from '../../../blocks/index.ts';
import {
  type BaseSettlement,
  CodecAdviser,
  type CodecSettlement,
  type CodecValue,
  codecRoom,
  type RoomModel,
  SimilarAdviser,
  similarRoom,
} from '../../../decisions/index.ts';
import { Rollout } from '../machine/rollout.ts';
import { COST, type RolloutPlan } from '../plan/plan.ts';
import { HOUR_MS } from '../testing/walk.ts';
import { baseCost, baseLine, baseQuestions, codecCost, codecQuestions } from './questions.ts';
import { RoomRollout, type RoomSource } from './room-rollout.ts';

const SURROUNDINGS = { linkBitsPerSecond: 2e7, cpuPressure: 0 };
const evidence = { model: 5, rule: 5 };
const PLAN: RolloutPlan = {
  name: 'pack',
  regions: ['default'],
  guardrails: [COST],
  steps: [
    { share: 0, durationMs: HOUR_MS, minEvidence: { model: 5, rule: 0 } },
    { share: 0.5, durationMs: HOUR_MS, minEvidence: evidence },
    { share: 1, durationMs: HOUR_MS, minEvidence: { model: 5, rule: 1 } },
  ],
};

function sourceOf(rollout: Rollout): RoomSource {
  const [shareOf, epochOf] = [rollout.shareOf.bind(rollout), rollout.epochOf.bind(rollout)];
  return { key: 'pack', rollout, shareOf, epochOf, onEvent: () => () => undefined };
}

/** A codec room with this model. */
function roomOf(rollout: Rollout, model: RoomModel<CodecQuestion, CodecValue>, clock: ManualClock) {
  return new RoomRollout<CodecQuestion, CodecValue, CodecSettlement>(sourceOf(rollout), {
    ...{ room: codecRoom, model, clock, questions: codecQuestions, measures: { cost: codecCost } },
  });
}

/** Packs some files with the room as adviser, or with none. */
async function pack(seed: number, room?: ReturnType<typeof roomOf>) {
  const rng = new Rng(seed);
  const files = [...Array.from({ length: 60 }, () => text(rng, 60 * KIB)), noise(rng, 300 * KIB)];
  const bench = new Workbench();
  bench.build(files.map((bytes, i) => ({ path: `f${i}`, bytes })));
  const adviser =
    room === undefined ? {} : { adviser: new CodecAdviser(room.guard), surroundings: SURROUNDINGS };
  const packed = await bench.pack(adviser);
  room?.drain(1e6);
  return packed;
}

test('a model that compresses nothing: shadow changes nothing, the canary finds it, the rule is back', async () => {
  const clock = new ManualClock();
  const rollout = new Rollout(PLAN, { clock });
  const room = roomOf(rollout, { version: 'codec@2', choose: () => 'none' }, clock);
  await rollout.advance();
  const plain = await pack(1);
  const inShadow = await pack(1, room);
  assert.equal(String(inShadow.root), String(plain.root));
  assert.ok(Number(rollout.tracks[0]?.shadowed) > 50);
  clock.advance(HOUR_MS);
  await rollout.advance();
  const inCanary = await pack(1, room);
  assert.equal(String(inCanary.root), String(plain.root), 'whatever the model says, the bytes are the same');
  for (let seed = 2; seed < 8 && rollout.phase === 'running'; seed += 1) await pack(seed, room);
  assert.equal(rollout.phase, 'rolled-back');
  assert.match(rollout.reason, /cost is worse than under the rule/);
  const before = room.guard.counters.model;
  await pack(9, room);
  assert.equal(room.guard.counters.model, before);
});

/** Packs a text and thirty edits of it, one after the other, with a model of the similar room at half of the questions. */
async function packVersions(choose: (question: Readonly<BaseQuestion>) => number, length: number) {
  const clock = new ManualClock();
  const rollout = new Rollout({ ...PLAN, steps: PLAN.steps.slice(1) }, { clock });
  await rollout.advance();
  const room = new RoomRollout<BaseQuestion, number, BaseSettlement>(sourceOf(rollout), {
    ...{ room: similarRoom, model: { version: 'similar@2', choose }, clock, questions: baseQuestions },
    ...{ measures: {}, late: { metric: 'cost', line: baseLine } },
  });
  const similar = new SimilarAdviser(room.guard, (stored, id) => room.settleLate(id, baseCost(stored)));
  const rng = new Rng(3);
  const base = text(rng, length);
  const bench = new Workbench();
  bench.build(
    Array.from({ length: 60 }, (_, i) => ({ path: `f${i}.txt`, bytes: i === 0 ? base : edited(rng, base) })),
  );
  await bench.pack({ adviser: similar });
  const { guardrails } = rollout.region('default').report();
  return { rollout, room, cost: guardrails[0] ?? assert.fail() };
}

test('the similar room: every question counts once, also of blocks without a base', async () => {
  for (const length of [6 * KIB, 60 * KIB]) {
    const { room, rollout, cost } = await packVersions(({ number }) => (number % 2 === 0 ? -1 : 0), length);
    const asks = room.guard.counters.asks;
    assert.ok(asks > 40, `${asks}`);
    // After a breach nothing is drawn.
    const counted = cost.model.count + cost.rule.count;
    assert.ok(rollout.phase === 'rolled-back' ? counted <= asks : counted === asks, `${counted} of ${asks}`);
    assert.ok(cost.rule.mean < 0.3, `${cost.rule.mean}`);
    assert.ok(cost.model.mean < 1, 'no base is not raw');
  }
});

test('the similar room: who answers as the rule does costs the same, and who gives no bases what that is worth', async () => {
  for (const length of [6 * KIB, 60 * KIB]) {
    const { rollout, cost } = await packVersions(() => 0, length);
    assert.equal(rollout.phase, 'running');
    assert.ok(Math.abs(cost.model.mean - cost.rule.mean) < 0.05, JSON.stringify(cost));
  }
  const { cost: small } = await packVersions(() => -1, 6 * KIB);
  assert.ok(Math.abs(small.model.mean - small.rule.mean) < 0.05, 'a group sees what its members share');
  const { cost: large } = await packVersions(() => -1, 60 * KIB);
  assert.ok(large.model.mean > large.rule.mean + 0.1, JSON.stringify(large));
});
