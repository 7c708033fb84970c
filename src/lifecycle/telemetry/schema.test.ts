import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../../test/support.ts';
import { hasCode, PilotfishError } from '../../base/index.ts';
import { CODECS, type HintReason } from '../../decisions/index.ts';
import { checkEvent } from './check.ts';
import { EVENT_TYPES, EVENTS, type TelemetryEvent } from './events.ts';
import { FIELDS, type FieldName, fieldOf } from './fields.ts';
import { anyEvent, collectorAt, eventOf, stored } from './testing/events.ts';

const check = (event: unknown) => checkEvent(event, (_, identifier) => Buffer.from(identifier));
const refusal = (event: unknown): string => {
  try {
    check(event);
    return 'taken';
  } catch (error) {
    return hasCode(error) ? error.code : String(error);
  }
};

test('the seven events of the document, and a receipt a room', () => {
  assert.deepEqual(EVENT_TYPES, [
    'BLOCK_STORED',
    'BLOCK_RETRIEVED',
    'BLOCK_COMPRESSED',
    'BLOCK_DEDUP_CHECK',
    'PEER_REQUEST',
    'PREFETCH_HIT',
    'PREFETCH_MISS',
    'CODEC_RECEIPT',
    'BASE_RECEIPT',
  ]);
});

test('the words of a receipt are those of the room and the guard', () => {
  assert.deepEqual(FIELDS.codec.words, CODECS);
  const reasons: readonly HintReason[] = FIELDS.reason.words;
  assert.equal(new Set(reasons).size, 9);
});

test('what is recorded comes back, with identifiers as hashes', (t) => {
  const { collector, clock } = collectorAt(temporaryFolder(t));
  fc.assert(
    fc.property(anyEvent, (event) => {
      clock.advance(1);
      collector.record(event);
      const [back] = collector.getEvents({ eventType: event.eventType, limit: 1 });
      const { timeMs, keyId, ...fields } = back as TelemetryEvent & { timeMs: number; keyId: number };
      assert.deepEqual([timeMs, keyId], [clock.nowMs(), 1]);
      assert.deepEqual(Object.keys(fields).sort(), Object.keys(event).sort());
      for (const [name, value] of Object.entries(event)) {
        const isHash = name !== 'eventType' && fieldOf(name as FieldName).kind === 'hash';
        const found = (fields as Record<string, unknown>)[name];
        if (isHash) assert.match(String(found), /^[0-9a-f]{64}$/);
        else assert.equal(found, value === 0 ? 0 : value);
      }
    }),
    { numRuns: 300 },
  );
  collector.close();
});

test('an event without one of its required fields is refused', () => {
  for (const type of EVENT_TYPES) {
    const [event] = fc.sample(eventOf(type), { numRuns: 1, seed: 1 });
    for (const name of EVENTS[type].required) {
      const { [name as keyof TelemetryEvent]: _, ...rest } = event as TelemetryEvent;
      assert.equal(refusal(rest), 'USAGE', `${type} without ${name}`);
    }
  }
});

test('numbers outside their range, fractions of whole things, and what is no number are refused', () => {
  for (const type of EVENT_TYPES) {
    const [event] = fc.sample(eventOf(type), { numRuns: 1, seed: 2 });
    for (const name of [...EVENTS[type].required, ...EVENTS[type].optional] as FieldName[]) {
      const field = fieldOf(name);
      if (field.kind !== 'number') continue;
      const refusedWith = (value: unknown) => refusal({ ...event, [name]: value });
      assert.equal(refusedWith(Number.NaN), 'NOT_FINITE', name);
      assert.equal(refusedWith(Infinity), 'NOT_FINITE', name);
      assert.equal(refusedWith(field.min - 1), 'USAGE', name);
      assert.equal(refusedWith(2 * field.max + 1), 'USAGE', name);
      if (field.whole) assert.equal(refusedWith(field.min + 0.5), 'USAGE', name);
      for (const value of ['7', 7n, true, null, new Number(7), { valueOf: () => 7 }, [7]]) {
        assert.equal(refusedWith(value), 'REFUSED', name);
      }
    }
  }
});

test('an event that is refused leaves nothing behind and is counted', (t) => {
  const { collector } = collectorAt(temporaryFolder(t));
  const bad = { ...stored(1), colour: 3 } as unknown as TelemetryEvent;
  assert.throws(() => collector.record(bad), { code: 'REFUSED' });
  assert.deepEqual(collector.getEvents(), []);
  assert.equal(collector.counters.refused, 1);
  assert.equal(collector.counters.recorded, 0);
  collector.close();
});

test('a property is read once: what was checked is what is stored', () => {
  let reads = 0;
  const event = {
    ...stored(1),
    get blockSize() {
      reads += 1;
      return reads === 1 ? 7 : 'the content';
    },
  };
  assert.ok(check(event).values.includes(7));
  assert.equal(reads, 1);
});

test('what a getter or a proxy throws is not passed on', () => {
  const failing = (): never => {
    throw new PilotfishError('USAGE', 'the content');
  };
  const events: unknown[] = [
    Object.defineProperty({ ...stored(1) }, 'blockSize', { get: failing, enumerable: true }),
    new Proxy(stored(1), { ownKeys: failing }),
    new Proxy(stored(1), { getPrototypeOf: failing }),
  ];
  for (const event of events) {
    assert.throws(
      () => check(event),
      (error) => {
        assert.ok(error instanceof PilotfishError);
        assert.equal(error.code, 'REFUSED');
        assert.doesNotMatch(`${error.message} ${error.stack}`, /the content/);
        return error.cause === undefined;
      },
    );
  }
});
