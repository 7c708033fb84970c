import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CODEC_FEATURES, SIMILAR_FEATURES } from '../../decisions/index.ts';
import type { StoredEvent } from './events.ts';
import { FeatureExtractor } from './extractor.ts';
import { ACCESS_FEATURES, BLOCK_FEATURES, PEER_FEATURES, PREFETCH_FEATURES } from './features.ts';
import { OUTCOME_FIELDS } from './fields.ts';
import { anyEvent } from './testing/events.ts';

const at = (timeMs: number, event: object): StoredEvent => ({ timeMs, keyId: 1, ...event }) as StoredEvent;
const namesOf = (slots: readonly { readonly name: string }[]) => slots.map(({ name }) => name);

test('no feature is an outcome of its own sample', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 5 }), anyEvent, anyEvent, (earlier, event, other) => {
      const [one, two] = [new FeatureExtractor(), new FeatureExtractor()];
      for (const extractor of [one, two]) for (const each of earlier) extractor.extractFeatures(at(1, each));
      // The same event with every outcome that another event of its type might have had.
      const outcomes = other.eventType === event.eventType ? other : {};
      const changed: Record<string, unknown> = { ...event };
      for (const name of OUTCOME_FIELDS) {
        delete changed[name];
        if (name in outcomes) changed[name] = (outcomes as Record<string, unknown>)[name];
      }
      assert.deepEqual(one.extractFeatures(at(2, event)), two.extractFeatures(at(2, changed)));
    }),
  );
});

test('every feature lies in 0 to 1 and has the slots of its kind', () => {
  const slots: Readonly<Record<string, readonly { readonly name: string }[]>> = {
    PEER_REQUEST: PEER_FEATURES,
    PREFETCH_HIT: PREFETCH_FEATURES,
    PREFETCH_MISS: PREFETCH_FEATURES,
    CODEC_RECEIPT: CODEC_FEATURES,
    BASE_RECEIPT: SIMILAR_FEATURES,
  };
  fc.assert(
    fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 20 }), (events) => {
      const extractor = new FeatureExtractor();
      for (const event of events) {
        const features = extractor.extractFeatures(at(1, event));
        assert.deepEqual(Object.keys(features), namesOf(slots[event.eventType] ?? BLOCK_FEATURES));
        const inRange = Object.values(features).every((value) => value >= 0 && value <= 1);
        // The scale of a receipt is that of its room.
        if (event.eventType.endsWith('_RECEIPT')) continue;
        assert.ok(inRange, JSON.stringify(features));
      }
    }),
  );
});

test('a ratio is history for the blocks after it, not for its own', () => {
  const extractor = new FeatureExtractor();
  const ratios = [0.1, 0.9, 0.3].map((compressionRatio, i) => {
    const block = { blockHash: `b${i}`, blockSize: 4096, compressionRatio };
    return extractor.extractBlockFeatures(block)['sibling_ratio'] as number;
  });
  assert.deepEqual(ratios, [0.5, 0.5 + 0.2 * (0.1 - 0.5), 0.42 + 0.2 * (0.9 - 0.42)]);
});

test('what one event tells of a block is no feature of the next event about it', () => {
  const extractor = new FeatureExtractor();
  const compressed = { eventType: 'BLOCK_COMPRESSED', blockHash: 'a', blockSize: 10 };
  extractor.extractFeatures(at(1, { ...compressed, compressionRatio: 0.1 }));
  const stored = extractor.extractFeatures(
    at(2, { eventType: 'BLOCK_STORED', blockHash: 'a', blockSize: 10 }),
  );
  assert.equal(stored['sibling_ratio'], 0.5);
  const next = extractor.extractFeatures(at(3, { eventType: 'BLOCK_STORED', blockHash: 'b', blockSize: 10 }));
  assert.equal(next['sibling_ratio'], 0.5 + 0.2 * (0.1 - 0.5));
});

test('only accesses before the event count', () => {
  const extractor = new FeatureExtractor();
  const retrieved = { eventType: 'BLOCK_RETRIEVED', blockHash: 'a', blockSize: 10 };
  const counts = [1, 2, 3].map(
    (timeMs) => extractor.extractFeatures(at(timeMs, retrieved))['access_count_log'],
  );
  assert.deepEqual(counts, [0, Math.log2(2) / 40, Math.log2(3) / 40]);
  const said = extractor.extractFeatures(at(4, { ...retrieved, accessCount: 7 }));
  assert.equal(said['access_count_log'], Math.log2(8) / 40);
});

test('a peer is known by its earlier requests', () => {
  const extractor = new FeatureExtractor();
  const request = (outcome: string) =>
    extractor.extractFeatures(at(1, { eventType: 'PEER_REQUEST', peerId: 'p', outcome, latencyMs: 100 }));
  const [first, second, third] = [request('timeout'), request('ok'), request('ok')];
  assert.deepEqual(
    [first, second, third].map((features) => features?.['peer_failure_rate']),
    [0.5, 0.6, 0.6 + 0.2 * (0 - 0.6)],
  );
  assert.deepEqual([first?.['peer_requests_log'], third?.['peer_requests_log']], [0, Math.log2(3) / 40]);
  assert.equal(second?.['peer_latency_log'], 0.25 + 0.2 * (Math.log2(101) / 27 - 0.25));
});

test('the pattern of accesses before a moment', () => {
  const extractor = new FeatureExtractor();
  const accessHistory = [
    { timeMs: 10_000_000, blockHash: 'a' },
    { timeMs: 10_060_000, blockHash: 'a' },
    { timeMs: 10_120_000, blockHash: 'b' },
    { timeMs: 10_180_000 },
    { timeMs: 99_000_000, blockHash: 'a' },
  ];
  const pattern = (atMs?: number) =>
    extractor.extractAccessPatternFeatures({
      blockHash: 'a',
      accessHistory,
      ...(atMs === undefined ? {} : { atMs }),
    });
  const before = pattern(10_240_000);
  assert.deepEqual(Object.keys(before), namesOf(ACCESS_FEATURES));
  assert.equal(before['access_count_log'], Math.log2(4) / 40);
  assert.equal(before['since_last_log'], Math.log2(61) / 32);
  assert.equal(before['since_first_log'], Math.log2(241) / 32);
  assert.equal(before['mean_gap_log'], Math.log2(91) / 32);
  assert.equal(before['gap_variation'], 30 / 90 / 4);
  assert.equal(before['last_hour_share'], 1);
  assert.equal(pattern()['access_count_log'], Math.log2(5) / 40);
  assert.equal(pattern()['since_last_log'], 0);
  assert.equal(pattern()['last_hour_share'], 0.25);
  assert.deepEqual(Object.values(pattern(5)), [0, 1, 1, 1, 0, 0]);
});

test('the order of the history does not matter, and it is not changed', () => {
  const history = fc.array(fc.record({ timeMs: fc.nat(1e9) }), { maxLength: 20 });
  fc.assert(
    fc.property(history, fc.nat(1e9), (accessHistory, atMs) => {
      const extractor = new FeatureExtractor();
      const frozen = Object.freeze([...accessHistory]);
      const one = extractor.extractAccessPatternFeatures({ blockHash: 'a', accessHistory: frozen, atMs });
      const reversed = [...accessHistory].reverse();
      assert.deepEqual(
        one,
        extractor.extractAccessPatternFeatures({ blockHash: 'a', accessHistory: reversed, atMs }),
      );
      assert.ok(Object.values(one).every((value) => value >= 0 && value <= 1));
    }),
  );
});

test('a receipt is seen in training as the question was seen in serving', () => {
  const receipt = {
    ...{ eventType: 'CODEC_RECEIPT', decisionId: 1, source: 'model', reason: 'model', propensity: 1, ok: 1 },
    ...{ bytes: 10, seconds: 1, codec: 'lz4', blockSize: 65_536, probeRatio: 0.25, linkBitsPerSecond: 64e6 },
  };
  const features = new FeatureExtractor().extractFeatures(at(1, receipt));
  assert.equal(features['block_size_log'], 16 / 24);
  assert.equal(features['probe_ratio'], 0.25);
  assert.equal(features['entropy'], 1, 'not measured: neutral');
  assert.equal(features['bandwidth_log'], 6 / 14);
});

test('what makes no sense is refused', () => {
  const extractor = new FeatureExtractor();
  const block = { blockHash: 'a', blockSize: 1 };
  for (const wrong of [
    { blockSize: -1 },
    { blockDepth: Number.NaN },
    { accessCount: Infinity },
    { compressionRatio: -1 },
  ]) {
    assert.throws(() => extractor.extractBlockFeatures({ ...block, ...wrong }), { code: 'USAGE' });
  }
  const accessHistory = [{ timeMs: Number.NaN }];
  assert.throws(() => extractor.extractAccessPatternFeatures({ blockHash: 'a', accessHistory }), {
    code: 'NOT_FINITE',
  });
  extractor.extractFeatures(at(5, { eventType: 'PREFETCH_HIT', blockHash: 'a' }));
  assert.throws(() => extractor.extractFeatures(at(4, { eventType: 'PREFETCH_HIT', blockHash: 'a' })), {
    code: 'USAGE',
  });
});

test('it remembers the names heard of last, and no more', () => {
  const extractor = new FeatureExtractor();
  const retrieve = (blockHash: string) =>
    extractor.extractFeatures(at(1, { eventType: 'BLOCK_RETRIEVED', blockHash, blockSize: 1 }))[
      'access_count_log'
    ];
  retrieve('first');
  retrieve('kept');
  for (let i = 0; i < 65_535; i += 1) {
    if (i === 30_000) retrieve('kept');
    retrieve(`other-${i}`);
  }
  assert.equal(retrieve('first'), 0);
  assert.ok((retrieve('kept') as number) > 0);
});
