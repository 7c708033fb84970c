// What decisions leave behind, and that nothing of a block gets out with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { ManualClock } from '../../base/index.ts';
import { type BaseCandidate, type BaseQuestion, NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import {
  type BaseSettlement,
  type CodecSettlement,
  type CodecValue,
  type Decision,
  Guard,
  SIMILAR_FEATURES,
  SimilarAdviser,
  similarFeatures,
  similarRoom,
} from '../../decisions/index.ts';
import { FeatureExtractor } from './extractor.ts';
import { baseRecorder, codecRecorder } from './recorders.ts';
import { bytesIn, plant } from './testing/content.ts';
import { collectorAt } from './testing/events.ts';

const question = {
  ...NEUTRAL_CODEC_QUESTION,
  number: 9,
  rawBytes: 65_536,
  fileKind: 2,
  linkBitsPerSecond: 1e8,
};
const block = {
  number: 9,
  blockId: 'ab'.repeat(32),
  rawBytes: 65_536,
  storedAs: 'zstd',
  bytes: 16_384,
  seconds: 0.002,
};
const settled: CodecSettlement = { decisionId: 7, ok: true, bytes: 16_384, seconds: 0.002, question, block };
const decision: Decision<CodecValue> = {
  ...{
    decisionId: 7,
    value: 'zstd-3',
    source: 'codec@1',
    reason: 'model',
    propensity: 0.25,
    breaker: 'closed',
  },
} as Decision<CodecValue>;

test('a codec decision is recorded as its receipt and as the block that was compressed and stored', (t) => {
  const { collector } = collectorAt(temporaryFolder(t));
  codecRecorder(collector)(settled, decision);
  const [receipt, compressed, stored, ...more] = collector.getEvents();
  assert.deepEqual(more, []);
  const { model, timeMs: _, keyId: __, ...told } = receipt as unknown as Record<string, unknown>;
  assert.match(String(model), /^[0-9a-f]{64}$/);
  assert.deepEqual(told, {
    eventType: 'CODEC_RECEIPT',
    ...{ decisionId: 7, source: 'model', reason: 'model', propensity: 0.25, breaker: 'closed' },
    ...{ ok: 1, bytes: 16_384, seconds: 0.002, codec: 'zstd-3' },
    ...{ blockSize: 65_536, fileKind: 2, fileOffsetBytes: 0, isLeaf: 1, siblingRatio: 0.5 },
    ...{ sampleEntropyBits: 8, probeRatio: 1, linkBitsPerSecond: 1e8, cpuPressure: 0 },
  });
  assert.deepEqual(
    [compressed, stored].map((event) => event?.eventType),
    ['BLOCK_COMPRESSED', 'BLOCK_STORED'],
  );
  const found = collector.getEvents({ eventType: 'BLOCK_STORED', blockHash: block.blockId });
  assert.deepEqual(
    [found[0]?.blockSize, found[0]?.compressionRatio, found[0]?.compressionMs],
    [65_536, 0.25, 2],
  );
  collector.close();
});

test('a block the codec did not shrink is stored only; one a smaller delta replaced leaves the receipt alone', (t) => {
  const { collector } = collectorAt(temporaryFolder(t));
  const record = codecRecorder(collector);
  record({ ...settled, block: { ...block, storedAs: 'none' } }, { ...decision, source: 'heuristic' });
  record(
    { ...settled, ok: false, block: { ...block, storedAs: 'delta' } },
    { ...decision, source: 'default' },
  );
  assert.deepEqual(
    collector.getEvents().map(({ eventType }) => eventType),
    ['CODEC_RECEIPT', 'BLOCK_STORED', 'CODEC_RECEIPT'],
  );
  assert.deepEqual(
    collector.getEvents({ eventType: 'CODEC_RECEIPT' }).map(({ source, model, ok }) => [source, model, ok]),
    [
      ['heuristic', undefined, 1],
      ['default', undefined, 0],
    ],
  );
  collector.close();
});

test('content planted anywhere in a codec decision, at any depth, is refused and counted, and gets nowhere', (t) => {
  const folder = temporaryFolder(t);
  const { collector } = collectorAt(folder);
  const recorder = codecRecorder(collector);
  const record: typeof recorder = (...told) => {
    try {
      recorder(...told);
    } catch (error) {
      // What is no number cannot be divided; the guard that calls the recorder catches it.
      assert.ok(error instanceof TypeError && !error.message.includes('cardamom'));
    }
  };
  const planted =
    plant(question, (changed) => record({ ...settled, question: changed }, decision)) +
    plant(block, (changed) => record({ ...settled, block: changed }, decision)) +
    plant(decision, (changed) => record(settled, changed)) +
    plant({ decisionId: 7, ok: true, bytes: 1, seconds: 1 }, (changed: object) =>
      record({ ...settled, ...changed }, decision),
    );
  assert.ok(collector.counters.refused > planted / 3, `${collector.counters.refused} of ${planted}`);
  collector.flush();
  const before = bytesIn(folder);
  collector.close();
  for (const bytes of [before, bytesIn(folder)]) {
    assert.ok(!bytes.includes('cardamom'));
    assert.ok(!bytes.includes(block.blockId) && !bytes.includes(Buffer.from(block.blockId, 'hex')));
  }
});

const candidate = (own: Partial<BaseCandidate>): BaseCandidate => ({
  ...{ rawBytes: 61_000, sharedFeatures: 9, chainDepth: 2, ageBlocks: 40, storedRatio: 0.25 },
  ...{ stepsFromLast: -3, ...own },
});
const baseQuestion: BaseQuestion = {
  ...{ number: 1, rawBytes: 60_000, fileKind: 2, isLeaf: true },
  ...{ siblingRatio: 0.4, fileDeltaRatio: 0.3, classDeltaRatio: 0.2 },
  candidates: [candidate({}), candidate({ rawBytes: 50_000, sharedFeatures: 7, stepsFromLast: 1 })],
};
const base = { number: 1, rawBytes: 60_000, deltaBytes: 700, aloneBytes: 30_000, isKept: true };

/** An adviser whose room answers with the second candidate, and what its guard tells. */
function adviserWith(onReceipt: (settled: BaseSettlement, decision: Decision<number>) => void) {
  const guard = new Guard<BaseQuestion, number, BaseSettlement>({
    ...{ room: similarRoom, clock: new ManualClock(), onReceipt },
  });
  guard.install({ version: 'similar@1', choose: () => 1 });
  return new SimilarAdviser(guard);
}

test('a base that was tried is one event, seen in training as it was in serving', (t) => {
  const { collector } = collectorAt(temporaryFolder(t));
  const adviser = adviserWith(baseRecorder(collector));
  const asked = structuredClone(baseQuestion);
  adviser.base(asked);
  // The store uses its question again: what is told was copied.
  asked.rawBytes = 1;
  (asked.candidates[1] as BaseCandidate).rawBytes = 1;
  adviser.settleBase(base);
  const [event, ...more] = collector.getEvents({ eventType: 'BASE_RECEIPT' });
  assert.deepEqual(more, []);
  assert.ok(event !== undefined);
  const { model, timeMs: _, keyId: __, ...told } = event;
  assert.match(String(model), /^[0-9a-f]{64}$/);
  assert.deepEqual(told, {
    eventType: 'BASE_RECEIPT',
    ...{ decisionId: 1, source: 'model', reason: 'model', propensity: 1, breaker: 'closed' },
    ...{ ok: 1, bytes: 700, seconds: 0, blockSize: 60_000, fileKind: 2, isLeaf: 1 },
    ...{ siblingRatio: 0.4, fileDeltaRatio: 0.3, classDeltaRatio: 0.2, candidateCount: 2, bestShared: 9 },
    ...{ candidate: 1, baseSize: 50_000, sharedFeatures: 7, chainDepth: 2, ageBlocks: 40 },
    ...{ storedRatio: 0.25, stepsFromLast: 1, aloneSize: 30_000 },
  });
  const served = new Float64Array(SIMILAR_FEATURES.length);
  similarFeatures(baseQuestion, 1, served);
  assert.deepEqual(Object.values(new FeatureExtractor().extractFeatures(event)), [...served]);
  collector.close();
});

test('content planted anywhere in the choice of a base, at any depth, is refused and counted, and gets nowhere', (t) => {
  const folder = temporaryFolder(t);
  const { collector } = collectorAt(folder);
  const record = baseRecorder(collector);
  const heard: [BaseSettlement, Decision<number>][] = [];
  const adviser = adviserWith((...told) => void heard.push(structuredClone(told)));
  adviser.base(baseQuestion);
  adviser.settleBase(base);
  const [[settled, decision] = assert.fail('nothing was told')] = heard;
  const { choice } = settled;
  const planted =
    plant(choice, (changed) => record({ ...settled, choice: changed }, decision)) +
    plant(choice.chosen, (chosen) => record({ ...settled, choice: { ...choice, chosen } }, decision)) +
    plant(settled.base, (changed) => record({ ...settled, base: changed }, decision)) +
    plant(decision, (changed) => record(settled, changed));
  assert.ok(collector.counters.refused > planted / 2, `${collector.counters.refused} of ${planted}`);
  collector.close();
  assert.ok(!bytesIn(folder).includes('cardamom'));
});
