// Tries to get content into the telemetry: by every field of every event, at every depth, in every disguise.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../../test/support.ts';
import { hasCode, type Log } from '../../base/index.ts';
import { EVENT_TYPES, fieldsOf, type TelemetryEvent } from './events.ts';
import { fieldOf } from './fields.ts';
import { bytesIn, CONTENT, FORMS, nested } from './testing/content.ts';
import { collectorAt, eventOf, stored } from './testing/events.ts';

function sampleOf(type: TelemetryEvent['eventType']): TelemetryEvent {
  return fc.sample(eventOf(type), { numRuns: 1, seed: 3 })[0] as TelemetryEvent;
}

test('content in any field, form and depth is refused and reaches neither disk, log nor message', (t) => {
  const folder = temporaryFolder(t);
  const lines: unknown[] = [];
  const log: Log = { write: (...line) => lines.push(line) };
  const { collector } = collectorAt(folder, { ports: { log } });
  let refused = 0;
  const offer = (event: unknown): void => {
    assert.throws(
      () => collector.record(event as TelemetryEvent),
      (error) => {
        assert.ok(hasCode(error, 'REFUSED', 'NOT_FINITE', 'USAGE'), String(error));
        assert.ok(!error.message.includes('cardamom'), error.message);
        return true;
      },
    );
    refused += 1;
  };
  for (const type of EVENT_TYPES) {
    const event = sampleOf(type);
    for (const form of FORMS) {
      for (let depth = 0; depth < 5; depth += 1) {
        for (const name of [...fieldsOf(type), 'eventType']) offer({ ...event, [name]: nested(form, depth) });
        for (const name of ['content', 'block_data', '__proto__', 'blockContent', CONTENT]) {
          offer(Object.defineProperty({ ...event }, name, { value: nested(form, depth), enumerable: true }));
        }
      }
    }
  }
  collector.record(stored(1));
  collector.flush();
  const bytes = bytesIn(folder);
  assert.ok(!bytes.includes('cardamom'));
  assert.ok(!JSON.stringify(lines).includes('cardamom'));
  assert.equal(collector.getEvents().length, 1);
  assert.equal(collector.counters.refused, refused);
  collector.close();
});

test('hidden properties, symbols, inherited fields and foreign prototypes are refused', (t) => {
  const { collector } = collectorAt(temporaryFolder(t));
  class Event {
    readonly eventType = 'PREFETCH_HIT';
    readonly blockHash = 'x';
  }
  const event = { ...stored(1) };
  const offers = [
    Object.defineProperty({ ...event }, 'content', { value: 1, enumerable: false }),
    { ...event, [Symbol('content')]: 1 },
    Object.create(event),
    new Event(),
    Object.assign([], event),
    Object.assign(() => 1, event),
    new Map(Object.entries(event)),
    new Proxy(event, { ownKeys: () => Array.from({ length: 1000 }, (_, i) => `k${i}`) }),
    CONTENT,
    null,
    undefined,
  ];
  for (const offer of offers) {
    assert.throws(() => collector.record(offer as TelemetryEvent), { code: 'REFUSED' });
  }
  assert.deepEqual(collector.getEvents(), []);
  collector.close();
});

test('an identifier with anything but printable characters without spaces is refused', (t) => {
  const { collector } = collectorAt(temporaryFolder(t));
  for (const blockHash of ['', ' ', 'a b', 'a\n', 'a\0', 'ä', '\u{1f600}', 'x'.repeat(129)]) {
    const event = { eventType: 'PREFETCH_HIT', blockHash } as const;
    assert.throws(() => collector.record(event), { code: 'REFUSED' }, JSON.stringify(blockHash));
  }
  collector.close();
});

test('on disk an identifier is neither itself nor any plain hash of itself', (t) => {
  const folder = temporaryFolder(t);
  const { collector } = collectorAt(folder);
  const identifier = createHash('sha256').update(CONTENT).digest('hex');
  for (const type of EVENT_TYPES) {
    const event: Record<string, unknown> = { ...sampleOf(type) };
    for (const name of fieldsOf(type)) if (fieldOf(name).kind === 'hash') event[name] = identifier;
    collector.record(event as TelemetryEvent);
  }
  collector.flush();
  const before = bytesIn(folder);
  collector.close();
  for (const bytes of [before, bytesIn(folder)]) {
    const forms = [identifier, Buffer.from(identifier, 'hex')];
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512', 'blake2b512']) {
      const digest = createHash(algorithm).update(identifier).digest();
      forms.push(digest.subarray(0, 8), digest.toString('hex').slice(0, 16));
    }
    for (const form of forms) assert.ok(!bytes.includes(form));
  }
});
