// What a codec decision leaves behind, and that nothing of the block gets out with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { NEUTRAL_CODEC_QUESTION } from '../../blocks/index.ts';
import type { CodecSettlement, CodecValue, Decision } from '../../decisions/index.ts';
import { codecRecorder } from './codec-events.ts';
import { bytesIn, CONTENT, FORMS, nested } from './testing/content.ts';
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

test('a decision is recorded as its receipt and as the block that was compressed and stored', (t) => {
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

test('content planted anywhere in a decision, at any depth, is refused and counted, and gets nowhere', (t) => {
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
  let planted = 0;
  const plant = (what: object, put: (changed: never) => void): void => {
    for (const form of FORMS) {
      for (let depth = 0; depth < 4; depth += 1) {
        for (const name of [...Object.keys(what), 'content', CONTENT]) {
          put({ ...what, [name]: nested(form, depth) } as never);
          planted += 1;
        }
      }
    }
  };
  plant(question, (changed) => record({ ...settled, question: changed }, decision));
  plant(block, (changed) => record({ ...settled, block: changed }, decision));
  plant(decision, (changed) => record(settled, changed));
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
