// The codec room on its way, in a store that packs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workbench } from '../../../../test/golden/workbench.ts';
import { text } from '../../../../test/sim/file-bytes.ts';
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
  similarRoom,
} from '../../../decisions/index.ts';
import { Rollout } from '../machine/rollout.ts';
import { COST, type RolloutPlan } from '../plan/plan.ts';
import { HOUR_MS } from '../testing/walk.ts';
import { baseCost, baseQuestions, codecCost, codecQuestions } from './questions.ts';
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

test('the similar room: a block that gets no base is a decision too', async () => {
  const clock = new ManualClock();
  const rollout = new Rollout({ ...PLAN, steps: PLAN.steps.slice(1) }, { clock });
  await rollout.advance();
  const room = new RoomRollout<BaseQuestion, number, BaseSettlement>(sourceOf(rollout), {
    ...{
      room: similarRoom,
      model: { version: 'similar@2', choose: () => -1 },
      clock,
      questions: baseQuestions,
    },
    measures: { cost: baseCost },
    atOnce: { cost: ({ value }) => (value === -1 ? 1 : undefined) },
  });
  const candidate = {
    rawBytes: 1000,
    sharedFeatures: 12,
    chainDepth: 0,
    ageBlocks: 1,
    storedRatio: 0.5,
    stepsFromLast: 1,
  };
  const question: BaseQuestion = {
    ...{ number: 1, rawBytes: 1000, fileKind: 0, isLeaf: true, siblingRatio: 0.5 },
    ...{ fileDeltaRatio: 0.1, classDeltaRatio: 0.1, candidates: [candidate] },
  };
  for (let i = 0; i < 1000 && rollout.phase === 'running'; i += 1) {
    const { decisionId, value } = room.guard.ask(question);
    if (value === -1) continue;
    const base = { number: 1, rawBytes: 1000, deltaBytes: 100, aloneBytes: 0, isKept: true };
    room.guard.settle({ decisionId, ok: true, bytes: 100, seconds: 0, base, choice: {} as never });
  }
  assert.equal(rollout.phase, 'rolled-back');
});
