import { usage } from '../errors.ts';

const SEE = 'See the API docs for more information about request parameters.';

/** A parameter that is not there. */
export const missing = (name: string): Error =>
  usage(`Missing value for required parameter '${name}'. ${SEE}`);

/** A parameter of another type, or out of range; `literal` is a number as it was written, where that says more. */
export function wrong(name: string, value: unknown, literal?: string): Error {
  const type = literal === undefined ? typeOf(value) : 'float';
  return usage(
    `Invalid value ${literal ?? jsonText(value)} for parameter '${name}' supplied:  Hint: Value was of type '${type}'. ${SEE}`,
  );
}

/** `9.0` and `9` are one number here and two in MLflow's words. */
const literalOf = (source: string, name: string): string | undefined =>
  new RegExp(`"${name}"\\s*:\\s*(-?[0-9]+\\.0+)[\\s,}]`).exec(source)?.[1];

/** As Python writes it: keys in order, no spaces. */
function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join(',')}}`;
}

/** The type by the name that Python gives it. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return { string: 'str', boolean: 'bool', object: 'dict' }[typeof value as string] ?? 'object';
}

type Values = Readonly<Record<string, unknown>>;

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The parameters of a call: a query, whose values are all text, or a JSON body. Null is as good as absent; what is wrong is
 * said in MLflow's words, because its clients look at them.
 */
export class Params {
  readonly #values: Values;
  /** Where the values are within the call, as in `metrics[0].`. */
  readonly #path: string;
  /** The body as it came. */
  readonly #source: string;

  constructor(values: unknown, { path = '', source = '' } = {}) {
    this.#values = isValues(values) ? values : {};
    this.#path = path;
    this.#source = source;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** @throws PilotfishError `USAGE`. */
  text(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'string') return value;
    throw wrong(this.#path + name, value, literalOf(this.#source, name));
  }

  /** @throws PilotfishError `USAGE`, also for the empty text. */
  requiredText(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value !== '') return value;
    throw missing(this.#path + name);
  }

  /** A version: the number as text, or as a number. @throws PilotfishError `USAGE`. */
  requiredVersion(name = 'version'): string {
    const value = this.#value(name);
    return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : this.requiredText(name);
  }

  /** A run by `run_id`, or by its old name. @throws PilotfishError `USAGE`. */
  runId(): string {
    return this.text('run_id') || this.text('run_uuid') || this.requiredText('run_id');
  }

  /** @throws PilotfishError `USAGE`. */
  integer(name: string): number | undefined {
    const value = this.#value(name);
    const number = typeof value === 'string' && /^\s*[+-]?[0-9]+\s*$/.test(value) ? Number(value) : value;
    if (number === undefined || (typeof number === 'number' && Number.isInteger(number))) return number;
    throw wrong(this.#path + name, value);
  }

  /** @throws PilotfishError `USAGE` also above `most`. */
  maxResults(most: number): number | undefined {
    const value = this.integer('max_results');
    if (value === undefined || value <= most) return value;
    throw wrong('max_results', this.#value('max_results'));
  }

  /** @throws PilotfishError `USAGE`. */
  requiredInteger(name: string): number {
    const value = this.integer(name);
    if (value !== undefined) return value;
    throw missing(this.#path + name);
  }

  /** Any number, `NaN`, `Infinity` and `-Infinity` as text. @throws PilotfishError `USAGE`. */
  requiredDouble(name: string): number {
    const value = this.#value(name);
    if (typeof value === 'number') return value;
    if (value === undefined || value === '') throw missing(this.#path + name);
    const number = typeof value === 'string' ? doubleFrom(value) : undefined;
    if (number !== undefined) return number;
    throw wrong(this.#path + name, value);
  }

  /** @throws PilotfishError `USAGE`. */
  boolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw wrong(this.#path + name, value);
  }

  /** A list of texts; a query that names one thing once has no list. @throws PilotfishError `USAGE`. */
  texts(name: string): string[] {
    const value = this.#value(name);
    const list = typeof value === 'string' ? [value] : (value ?? []);
    if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
    throw wrong(this.#path + name, value);
  }

  /** A list of objects. @throws PilotfishError `USAGE`. */
  list(name: string): Params[] {
    const value = this.#value(name) ?? [];
    if (!Array.isArray(value) || !value.every(isValues)) throw wrong(this.#path + name, value);
    return value.map((item, at) => new Params(item, { path: `${this.#path}${name}[${at}].` }));
  }

  /** @throws PilotfishError `USAGE`. */
  object(name: string): Params {
    const value = this.#value(name);
    if (value !== undefined && !isValues(value)) throw wrong(this.#path + name, value);
    return new Params(value, { path: `${this.#path}${name}.` });
  }

  /** A key and its value; a value that is not given is the empty text. @throws PilotfishError `USAGE`. */
  pair(): { key: string; value: string } {
    return { key: this.requiredText('key'), value: this.text('value') ?? '' };
  }

  /** A list of them. @throws PilotfishError `USAGE`. */
  pairs(name: string): { key: string; value: string }[] {
    return this.list(name).map((item) => item.pair());
  }

  /** The same as one record: the last of a key counts. @throws PilotfishError `USAGE`. */
  record(name: string): Record<string, string> {
    return Object.fromEntries(this.pairs(name).map(({ key, value }) => [key, value]));
  }

  #value(name: string): unknown {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === null ? undefined : value;
  }
}

function doubleFrom(text: string): number | undefined {
  const named = { nan: Number.NaN, inf: Infinity, '+inf': Infinity, '-inf': -Infinity };
  const word = text.trim().toLowerCase().replace('infinity', 'inf');
  if (Object.hasOwn(named, word)) return named[word as keyof typeof named];
  return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/.test(word) ? Number(word) : undefined;
}
