import fc from 'fast-check';
import { ManualClock, seededBytes } from '../../../base/index.ts';
import { TelemetryCollector } from '../collector.ts';
import { EVENT_TYPES, EVENTS, type EventType, type TelemetryEvent } from '../events.ts';
import { type FieldName, fieldOf } from '../fields.ts';
import type { TelemetryOptions } from '../options.ts';

const identifier = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 128,
});

/** Any legal value of a field. */
export function legalValue(name: FieldName): fc.Arbitrary<number | string> {
  const field = fieldOf(name);
  if (field.kind === 'hash') return identifier;
  if (field.kind === 'word') return fc.constantFrom(...field.words);
  const { min, max, whole } = field;
  if (whole)
    return fc.oneof(
      fc.maxSafeInteger().map((value) => min + (Math.abs(value) % (max - min + 1))),
      fc.constantFrom(min, max),
    );
  return fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, max));
}

/** Any legal event of a type. */
export function eventOf(type: EventType): fc.Arbitrary<TelemetryEvent> {
  const { required, optional } = EVENTS[type];
  const values = Object.fromEntries([...required, ...optional].map((name) => [name, legalValue(name)]));
  return fc
    .record(values, { requiredKeys: [...required] })
    .map((fields) => ({ eventType: type, ...fields }) as unknown as TelemetryEvent);
}

export const anyEvent: fc.Arbitrary<TelemetryEvent> = fc.constantFrom(...EVENT_TYPES).chain(eventOf);

/** A legal event that differs from others by its number alone. */
export const stored = (number: number): TelemetryEvent => ({
  eventType: 'BLOCK_STORED',
  blockHash: `block-${number}`,
  blockSize: 1000 + number,
  compressionAlgorithm: 'zstd',
  compressionRatio: 0.5,
});

/** A collector whose time stands still and whose keys come from a seed. */
export function collectorAt(
  folder: string,
  { ports, ...options }: TelemetryOptions = {},
): { collector: TelemetryCollector; clock: ManualClock; dbPath: string } {
  const clock = new ManualClock();
  const dbPath = `${folder}/telemetry.db`;
  const collector = new TelemetryCollector({
    dbPath,
    // Days of this clock pass by in steps of this size.
    flushMs: 3_600_000,
    ...options,
    ports: { clock, random: seededBytes(1), ...ports },
  });
  return { collector, clock, dbPath };
}
