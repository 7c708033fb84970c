import { PilotfishError } from '../../../base/index.ts';

/** How a clause compares. */
export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE' | 'IN' | 'NOT IN';

/** What a column is named by: `metrics.a`, `tags."a b"`, or `name` alone. */
export type Identifier = { readonly entity: string | undefined; readonly key: string };

export type Comparison = Identifier & {
  /** Any operator is one here; which ones a column has is judged where its kind is known. */
  readonly comparator: Comparator;
  readonly value: string | number | readonly string[];
};

export type Order = Identifier & { readonly isAscending: boolean };

type Token = {
  readonly kind: 'name' | 'text' | 'number' | 'operator' | 'word' | 'punctuation';
  readonly text: string;
};

const MAX_FILTER = 20_000;
const MAX_CLAUSES = 100;
const MAX_LIST = 10_000;

const NUMBER = String.raw`-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])`;
const WORD = String.raw`[A-Za-z_][\w-]*`;
const QUOTED = '`[^`]*`';
/** A name takes in its quoted parts: `tags.'a b'` is one token. */
const KEY = String.raw`\.(?:${QUOTED}|"[^"]*"|'[^']*'|[\w/:-]+)`;
/** In this order: a number before a word, a name with its keys before a word alone. */
const TOKEN = new RegExp(
  [
    String.raw`\s+`,
    `(?<number>${NUMBER})`,
    `(?<name>(?:${WORD}|${QUOTED})(?:${KEY})+)`,
    `(?<text>'(?:[^']|'')*'|"(?:[^"]|"")*")`,
    `(?<quoted>${QUOTED})`,
    `(?<word>${WORD})`,
    '(?<operator>[!<>=~]+)',
    '(?<punctuation>[(),])',
    '(?<other>.)',
  ].join('|'),
  'gsy',
);

/** The tokens of a text; undefined when part of it is none. */
function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  for (const { groups = {} } of text.matchAll(TOKEN)) {
    if (groups['other'] !== undefined) return undefined;
    const kinds = ['number', 'name', 'text', 'word', 'operator', 'punctuation'] as const;
    for (const kind of kinds) if (groups[kind] !== undefined) tokens.push({ kind, text: groups[kind] });
    if (groups['quoted'] !== undefined) tokens.push({ kind: 'name', text: groups['quoted'] });
  }
  return tokens;
}

/**
 * Parses a filter: comparisons joined by AND. An empty text is no comparison.
 * @throws PilotfishError `USAGE`, in MLflow's words.
 */
export function parseFilter(filter: string): Comparison[] {
  if (filter.length > MAX_FILTER) throw invalid(`${filter.slice(0, 100)}…`);
  const tokens = tokensOf(filter);
  if (tokens === undefined) throw invalid(filter);
  const comparisons: Comparison[] = [];
  for (let at = 0; at < tokens.length; ) {
    if (comparisons.length > 0) {
      if (!isWord(tokens[at], 'AND')) throw invalid(filter);
      at += 1;
    }
    const [comparison, next] = comparisonAt(tokens, at) ?? [];
    if (comparison === undefined || next === undefined || comparisons.length >= MAX_CLAUSES)
      throw invalid(filter);
    comparisons.push(comparison);
    at = next;
  }
  return comparisons;
}

/** Parses `KEY [ASC|DESC]`. @throws PilotfishError `USAGE`, in MLflow's words. */
export function parseOrder(clause: string): Order {
  const tokens = clause.length > MAX_FILTER ? undefined : tokensOf(clause);
  const [first, direction] = tokens ?? [];
  const isDirected = isWord(direction, 'ASC') || isWord(direction, 'DESC');
  const identifier = first && identifierOf(first);
  if (tokens === undefined || identifier === undefined || tokens.length !== (isDirected ? 2 : 1)) {
    throw new PilotfishError('USAGE', `Invalid order_by clause '${clause.slice(0, 100)}'`);
  }
  return { ...identifier, isAscending: !isWord(direction, 'DESC') };
}

function comparisonAt(tokens: readonly Token[], at: number): [Comparison, number] | undefined {
  const identifier = tokens[at] && identifierOf(tokens[at]);
  const [comparator, next] = comparatorAt(tokens, at + 1) ?? [];
  if (identifier === undefined || comparator === undefined || next === undefined) return undefined;
  if (comparator === 'IN' || comparator === 'NOT IN') {
    const [value, end] = listAt(tokens, next) ?? [];
    return value && end !== undefined ? [{ ...identifier, comparator, value }, end] : undefined;
  }
  const value = tokens[next] && literalOf(tokens[next]);
  return value === undefined ? undefined : [{ ...identifier, comparator, value }, next + 1];
}

/** `a.b.c` is the key `b.c` of the entity `a`. */
function identifierOf({ kind, text }: Token): Identifier | undefined {
  if (kind === 'word') return { entity: undefined, key: text };
  // sqlparse takes "name" for an identifier as well.
  if (kind === 'text') return text.startsWith('"') ? { entity: undefined, key: unquoted(text) } : undefined;
  if (kind !== 'name') return undefined;
  const [, entity = '', key = ''] = /^(`[^`]*`|[^.]*)\.?(.*)$/s.exec(text) ?? [];
  return key === ''
    ? { entity: undefined, key: unquoted(entity) }
    : { entity: unquoted(entity), key: unquoted(key) };
}

function comparatorAt(tokens: readonly Token[], at: number): [Comparator, number] | undefined {
  const token = tokens[at];
  if (token?.kind === 'operator') return [token.text as Comparator, at + 1];
  for (const word of ['LIKE', 'ILIKE', 'IN'] as const) if (isWord(token, word)) return [word, at + 1];
  return isWord(token, 'NOT') && isWord(tokens[at + 1], 'IN') ? ['NOT IN', at + 2] : undefined;
}

function literalOf({ kind, text }: Token): string | number | undefined {
  if (kind === 'number') return Number(text);
  return kind === 'text' ? unquoted(text) : undefined;
}

/** `('a', 'b')`, at least one. */
function listAt(tokens: readonly Token[], at: number): [string[], number] | undefined {
  if (tokens[at]?.text !== '(' || tokens[at]?.kind !== 'punctuation') return undefined;
  const values: string[] = [];
  for (let place = at + 1; values.length < MAX_LIST; place += 2) {
    const [value, separator] = [tokens[place], tokens[place + 1]];
    if (value?.kind !== 'text' || separator?.kind !== 'punctuation') return undefined;
    values.push(unquoted(value.text));
    if (separator.text === ')') return [values, place + 2];
    if (separator.text !== ',') return undefined;
  }
  return undefined;
}

const isWord = (token: Token | undefined, word: string): boolean =>
  token?.kind === 'word' && token.text.toUpperCase() === word;

/** Without the quotes around it; doubled ones within stand for one. */
function unquoted(text: string): string {
  const quote = text[0] ?? '';
  if (!['"', "'", '`'].includes(quote) || text.length < 2 || !text.endsWith(quote)) return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

const invalid = (filter: string): PilotfishError =>
  new PilotfishError('USAGE', `Invalid clause(s) in filter string: '${filter}'`);
