import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../base/index.ts';
import type { BaseQuestion, CodecQuestion } from '../../../blocks/index.ts';
import { type CodecSettlement, type CodecValue, codecRoom } from '../../../decisions/index.ts';
import { heapChange } from '../../../learn/kernels/testing/heap-change.ts';
import { Rollout } from '../machine/rollout.ts';
import { STANDARD_PLAN } from '../plan/plan.ts';
import { baseCost, baseQuestions, codecCost, codecQuestions } from './questions.ts';
import { RoomRollout } from './room-rollout.ts';

const question: CodecQuestion = {
  ...{ number: 7, rawBytes: 1000, fileKind: 2, fileOffsetBytes: 5, isLeaf: false, siblingRatio: 0.4 },
  ...{ sampleEntropyBits: 5, probeRatio: 0.6, linkBitsPerSecond: 8000, cpuPressure: 0.1 },
};

test('a codec costs what it takes beside sending raw', () => {
  const block = { number: 7, blockId: 'a', rawBytes: 1000, storedAs: 'lz4', bytes: 400, seconds: 0.1 };
  const settled = { decisionId: 1, ok: true, bytes: 400, seconds: 0.1, question, block };
  // 0.4 s of the link and 0.1 s of the processor; raw takes one second.
  assert.equal(codecCost(settled), 0.5);
  assert.equal(codecCost({ ...settled, block: { ...block, storedAs: 'none', bytes: 950 } }), 1.1);
  assert.equal(codecCost({ ...settled, block: { ...block, storedAs: 'delta' } }), 0.5);
  assert.equal(codecCost({ ...settled, block: { ...block, storedAs: 'delta', bytes: 0 } }), undefined);
  assert.equal(codecCost({ ...settled, question: { ...question, linkBitsPerSecond: 0 } }), undefined);
});

test('a base costs what the block took, whether there was one', () => {
  assert.equal(baseCost({ number: 1, rawBytes: 1000, storedBytes: 100 }), 0.1);
  assert.equal(baseCost({ number: 1, rawBytes: 0, storedBytes: 0 }), 1);
});

test('questions are copied whole, and the copy does not change with what it was made of', () => {
  const kept = codecQuestions.blank();
  codecQuestions.copy(question, kept);
  assert.deepEqual(kept, question);
  const candidate = {
    rawBytes: 9,
    sharedFeatures: 3,
    chainDepth: 1,
    ageBlocks: 2,
    storedRatio: 0.3,
    stepsFromLast: 1,
  };
  const base: BaseQuestion = {
    ...{ number: 3, rawBytes: 5, fileKind: 1, isLeaf: true, siblingRatio: 0.1 },
    ...{ fileDeltaRatio: 0.2, classDeltaRatio: 0.3, candidates: [candidate, { ...candidate, rawBytes: 8 }] },
  };
  const other = baseQuestions.blank();
  baseQuestions.copy(base, other);
  candidate.rawBytes = 1;
  assert.deepEqual(
    other.candidates.map(({ rawBytes }) => rawBytes),
    [9, 8],
  );
  baseQuestions.copy({ ...base, candidates: [] }, other);
  assert.equal(other.candidates.length, 0);
});

test('asking allocates nothing in shadow and in a canary', async () => {
  for (const share of [0, 0.05]) {
    const steps = [share, 1].map((each) => ({
      ...{ share: each, durationMs: 1e9, minEvidence: { model: 1, rule: 1 } },
    }));
    const clock = new ManualClock();
    const rollout = new Rollout({ ...STANDARD_PLAN, steps }, { clock });
    await rollout.advance();
    const [shareOf, epochOf] = [rollout.shareOf.bind(rollout), rollout.epochOf.bind(rollout)];
    const room = new RoomRollout<CodecQuestion, CodecValue, CodecSettlement>(
      { key: 'k', rollout, shareOf, epochOf, onEvent: () => () => undefined },
      {
        ...{ room: codecRoom, clock, questions: codecQuestions, measures: { cost: codecCost } },
        model: { version: 'codec@2', choose: () => 'lz4' },
      },
    );
    const call = (): void => {
      room.guard.ask(question);
      room.ring.take();
    };
    const change = heapChange(call, () => process.memoryUsage().heapUsed);
    assert.ok(change <= 1, `${share}: ${change} bytes a decision`);
  }
});
