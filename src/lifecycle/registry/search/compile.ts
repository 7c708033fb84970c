import { PilotfishError } from '../../../base/index.ts';
import type { SqlValue } from '../state/port.ts';
import { type Comparator, type Comparison, type Identifier, parseFilter, parseOrder } from './grammar.ts';

/** A column that can be searched by. */
export type Attribute = {
  readonly column: string;
  readonly kind: 'text' | 'number';
  readonly isOrderOnly?: true;
};

/** Keys with values, a row each. */
export type KeyedTable = {
  readonly table: string;
  /** Column that names the owner, and the owner in the statement. */
  readonly owner: string;
  readonly base: string;
  readonly kind: 'text' | 'number';
  /** Values of `table`, where that is a select of its own. */
  readonly values?: readonly SqlValue[];
};

/** What can be searched by in one kind of search. */
export type SearchSpec = {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly keyed: Readonly<Partial<Record<Entity, KeyedTable>>>;
  /** Condition on a data set `d` of the owner, around `?`; only for runs. */
  readonly datasets?: string;
};

export type Entity = 'attribute' | 'metric' | 'parameter' | 'tag' | 'dataset';

/** A part of a statement with its values. */
export type Fragment = { readonly sql: string; readonly values: readonly SqlValue[] };

const ENTITIES: Readonly<Record<string, Entity>> = {
  ...{ attribute: 'attribute', attributes: 'attribute', attr: 'attribute', run: 'attribute' },
  ...{
    metric: 'metric',
    metrics: 'metric',
    tag: 'tag',
    tags: 'tag',
    dataset: 'dataset',
    datasets: 'dataset',
  },
  ...{ param: 'parameter', params: 'parameter', parameter: 'parameter', parameters: 'parameter' },
};
const NUMERIC: readonly Comparator[] = ['=', '!=', '<', '<=', '>', '>='];
const TEXTUAL: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'];
const DATASET_KEYS: Readonly<Record<string, string>> = {
  name: 'd.name',
  digest: 'd.digest',
  context: 'i.context',
};
const MAX_ORDERS = 10;
/** Where there are several values of a key, the latest counts. */
const LATEST = { number: 'o.step DESC, o.timestamp_ms DESC', text: 'o.key' } as const;

/** The condition a filter stands for. @throws PilotfishError `USAGE`, in MLflow's words. */
export function compileFilter(spec: SearchSpec, filter: string): Fragment {
  const parts = parseFilter(filter).map((comparison) => compileOne(spec, comparison));
  const sql = parts.length === 0 ? '1 = 1' : parts.map((part) => `(${part.sql})`).join(' AND ');
  return { sql, values: parts.flatMap(({ values }) => values) };
}

/**
 * What `ORDER BY` takes for the clauses, then for the usual order. Values that are not there, or no numbers, come last.
 * @throws PilotfishError `USAGE`, in MLflow's words.
 */
export function compileOrder(spec: SearchSpec, clauses: readonly string[], last: string): Fragment {
  if (clauses.length > MAX_ORDERS)
    throw new PilotfishError('USAGE', `more than ${MAX_ORDERS} orders: give fewer`);
  const [sqls, values]: [string[], SqlValue[]] = [[], []];
  for (const clause of clauses) {
    const { isAscending, ...identifier } = parseOrder(clause);
    const direction = isAscending ? 'ASC' : 'DESC';
    const { entity, key } = resolve(spec, identifier);
    if (entity === 'attribute') {
      const { column } = attributeOf(spec, key, true);
      sqls.push(`CASE WHEN ${column} IS NULL THEN 1 ELSE 0 END`, `${column} ${direction}`);
      continue;
    }
    const table = spec.keyed[entity];
    if (table === undefined) throw new PilotfishError('USAGE', `Invalid order_by entity '${entity}'`);
    const value = table.kind === 'number' ? 'CASE WHEN o.is_nan = 1 THEN NULL ELSE o.value END' : 'o.value';
    const select = `(SELECT ${value} FROM ${table.table} o WHERE o.${table.owner} = ${table.base} AND o.key = ? ORDER BY ${LATEST[table.kind]} LIMIT 1)`;
    sqls.push(`CASE WHEN ${select} IS NULL THEN 1 ELSE 0 END`, `${select} ${direction}`);
    values.push(...(table.values ?? []), key, ...(table.values ?? []), key);
  }
  return { sql: [...sqls, last].join(', '), values };
}

function compileOne(spec: SearchSpec, comparison: Comparison): Fragment {
  const { entity, key } = resolve(spec, comparison);
  if (entity === 'attribute') {
    const { column, kind } = attributeOf(spec, key, false);
    return compare(column, kind, { ...comparison, what: key });
  }
  if (entity === 'dataset') {
    const column = Object.hasOwn(DATASET_KEYS, key) ? DATASET_KEYS[key] : undefined;
    if (column === undefined || spec.datasets === undefined) {
      throw new PilotfishError(
        'USAGE',
        `Invalid dataset key '${key}' specified. Valid keys are name, digest, context`,
      );
    }
    const { sql, values } = compare(column, 'text', { ...comparison, what: key });
    return { sql: spec.datasets.replace('?', sql), values };
  }
  const table = spec.keyed[entity];
  if (table === undefined) throw new PilotfishError('USAGE', `Invalid entity type '${entity}'`);
  const { sql, values } = compare('k.value', table.kind, { ...comparison, what: entity });
  const number = table.kind === 'number' ? 'k.is_nan = 0 AND ' : '';
  return {
    sql: `EXISTS (SELECT 1 FROM ${table.table} k WHERE k.${table.owner} = ${table.base} AND k.key = ? AND ${number}${sql})`,
    values: [...(table.values ?? []), key, ...values],
  };
}

function resolve(spec: SearchSpec, { entity, key }: Identifier): { entity: Entity; key: string } {
  if (entity === undefined) return { entity: 'attribute', key };
  const found = Object.hasOwn(ENTITIES, entity) ? ENTITIES[entity] : undefined;
  const isKnown = found === 'attribute' || (found === 'dataset' ? spec.datasets : found && spec.keyed[found]);
  if (found !== undefined && isKnown) return { entity: found, key };
  const valid = [
    'attribute',
    ...Object.keys(spec.keyed),
    ...(spec.datasets === undefined ? [] : ['dataset']),
  ];
  throw new PilotfishError('USAGE', `Invalid entity type '${entity}'. Valid values are ${valid.join(', ')}`);
}

function attributeOf(spec: SearchSpec, key: string, isOrder: boolean): Attribute {
  const found = Object.hasOwn(spec.attributes, key) ? spec.attributes[key] : undefined;
  if (found !== undefined && (isOrder || found.isOrderOnly === undefined)) return found;
  const keys = Object.entries(spec.attributes).filter(
    ([, { isOrderOnly }]) => isOrder || isOrderOnly === undefined,
  );
  const list = keys.map(([name]) => `'${name}'`).join(', ');
  throw new PilotfishError('USAGE', `Invalid attribute key '${key}' specified. Valid keys are '{${list}}'`);
}

function compare(
  column: string,
  kind: 'text' | 'number',
  { comparator, value, what }: Comparison & { readonly what: string },
): Fragment {
  if (!(kind === 'number' ? NUMERIC : TEXTUAL).includes(comparator)) {
    throw new PilotfishError('USAGE', `Invalid comparator '${comparator}' for ${what}`);
  }
  if (kind === 'number') {
    if (typeof value !== 'number')
      throw new PilotfishError('USAGE', `Expected numeric value type for ${what}. Found ${value}`);
    return { sql: `${column} ${comparator} ?`, values: [value] };
  }
  if (typeof value === 'number') {
    throw new PilotfishError(
      'USAGE',
      `Expected a quoted string value for ${what} (e.g. 'my-value'). Got value ${value}`,
    );
  }
  if (typeof value !== 'string')
    return { sql: `${column} ${comparator} (${value.map(() => '?').join(', ')})`, values: value };
  if (comparator === 'ILIKE') return { sql: `lower(${column}) LIKE lower(?)`, values: [value] };
  return { sql: `${column} ${comparator} ?`, values: [value] };
}
