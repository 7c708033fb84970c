import { PilotfishError } from '../../base/index.ts';
import { EVENT_TYPES, EVENTS, type EventType, fieldsOf } from './events.ts';
import { type Field, type FieldName, fieldOf, type HashDomain, type HashField } from './fields.ts';

/** A checked event: one value for every field its type can have; null where it has none. */
export type CheckedEvent = {
  readonly type: EventType;
  /** In the order of `fieldsOf(type)`. Identifiers are hashes already. */
  readonly values: readonly (number | Uint8Array | null)[];
};

/** Turns an identifier into the hash that is stored for it. */
export type HashIdentifier = (domain: HashDomain, identifier: string) => Uint8Array;

/** Printable ASCII without spaces: hashes in any notation, peer ids, addresses; no prose, no lines, no binary. */
const IDENTIFIER = /^[\x21-\x7e]{1,128}$/;

/** More than any event has: what is larger is not looked through. */
const MAX_KEYS = 64;

/**
 * Checks an event against the closed schema of its type: the only way into the buffer and the database. Whatever is not
 * in the schema is refused, at whatever depth it hides; messages never repeat what was given, so that content does
 * not reach a log either. Each property is read once.
 * @throws PilotfishError `REFUSED` for a type, field or word that is not in the schema and for anything nested,
 * `NOT_FINITE` and `USAGE` for numbers out of range and missing fields.
 */
export function checkEvent(event: unknown, hash: HashIdentifier): CheckedEvent {
  const given = ownValues(event);
  const type = eventTypeOf(given.get('eventType'));
  given.delete('eventType');
  const fields = fieldsOf(type);
  for (const key of given.keys()) {
    if (!(fields as readonly unknown[]).includes(key)) {
      throw refused(`an event of ${type} has a field outside its schema; it may have ${fields.join(', ')}`);
    }
  }
  for (const name of EVENTS[type].required) {
    if (given.get(name) === undefined) throw usage(`an event of ${type} needs ${name}`);
  }
  const encode = (name: FieldName) => encodeField(`${name} of ${type}`, fieldOf(name), given.get(name));
  const encoded = fields.map(encode);
  // Identifiers are hashed last: nothing is computed for an event that is refused.
  const values = encoded.map((value, at) =>
    typeof value === 'string' ? hash((fieldOf(fields[at] as FieldName) as HashField).domain, value) : value,
  );
  return { type, values };
}

/** Own properties, symbols included, each read once. Only plain objects: nothing else has a closed set of them. */
function ownValues(event: unknown): Map<PropertyKey, unknown> {
  const prototype: unknown = reading(() =>
    typeof event === 'object' && event !== null ? Object.getPrototypeOf(event) : undefined,
  );
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused('an event is a plain object with the fields of its type');
  }
  const keys = reading(() => Reflect.ownKeys(event as object));
  if (keys.length > MAX_KEYS) throw refused(`an event has at most ${MAX_KEYS} fields`);
  return reading(() => new Map(keys.map((key) => [key, Reflect.get(event as object, key)])));
}

/** What a getter or a proxy throws may hold content: nothing of it is passed on, not even as a cause. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw refused('a field of the event cannot be read');
  }
}

function eventTypeOf(value: unknown): EventType {
  const type = EVENT_TYPES.find((known) => known === value);
  if (type === undefined) throw refused(`eventType is none of ${EVENT_TYPES.join(', ')}`);
  return type;
}

/** A number as it is stored, an identifier as it was given, null for a field that is not there. */
function encodeField(name: string, field: Field, value: unknown): number | string | null {
  if (value === undefined) return null;
  if (field.kind === 'hash') {
    if (typeof value === 'string' && IDENTIFIER.test(value)) return value;
    throw refused(`${name} is no identifier; give 1 to 128 printable characters without spaces`);
  }
  if (field.kind === 'word') {
    const place = (field.words as readonly unknown[]).indexOf(value);
    if (place < 0) throw refused(`${name} is none of ${field.words.join(', ')}`);
    return place;
  }
  if (typeof value !== 'number') throw refused(`${name} is no number`);
  if (!Number.isFinite(value)) throw new PilotfishError('NOT_FINITE', `${name} is ${value}`);
  if (value < field.min || value > field.max || (field.whole && !Number.isInteger(value))) {
    const kind = field.whole ? 'a whole number' : 'a number';
    throw usage(`${name} is ${value}; give ${kind} from ${field.min} to ${field.max} (${field.unit})`);
  }
  return value + 0;
}

const refused = (message: string): PilotfishError => new PilotfishError('REFUSED', message);
const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
