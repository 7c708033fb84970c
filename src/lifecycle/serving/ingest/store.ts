import { type Clock, PilotfishError } from '../../../base/index.ts';
import type { DataSource, SourcedSample } from '../../dataset/index.ts';
import type { AuditLog, RegistryChange, RegistryState, Sql, SqlRow, SqlValue } from '../../registry/index.ts';
import { sampleOfRow } from './sample.ts';
import type { IngestDefinition, IngestReport, IngestRow, IngestSource } from './types.ts';

export type IngestPorts = {
  readonly state: RegistryState;
  readonly audit: AuditLog;
  readonly clock: Clock;
};

/** How the judged decisions of a model went. */
export type JudgedQuality = {
  readonly accuracy: number;
  readonly gain: number | undefined;
  readonly count: number;
};

const MAX_SOURCES = 1000;
const PAGE = 500;
/** Decisions that accuracy and gain are of: the last ones. */
const JUDGED = 1000;
/** A worse one is no worse news. */
const LEAST_GAIN = -1e6;
const SAMPLES = `SELECT r.seq, r.kind, r.id, r.body, o.body AS outcome FROM ingest_rows r
  LEFT JOIN ingest_rows o ON o.source = r.source AND o.kind = 'outcome' AND o.id = r.id
  WHERE r.source = ? AND r.seq > ? AND (r.kind = 'sample' OR (r.kind = 'features' AND o.seq IS NOT NULL))
  ORDER BY r.seq LIMIT ${PAGE}`;
const QUALITY = `SELECT count(*) AS n, avg(is_right) AS accuracy, sum(cost) AS cost, sum(rule_cost) AS rule_cost FROM
  (SELECT is_right, cost, rule_cost FROM ingest_rows WHERE source = ? AND is_right IS NOT NULL
   AND (version IS NULL OR version = ?) ORDER BY seq DESC LIMIT ${JUDGED})`;

/**
 * Rows that others send: features, their outcomes, whole samples. What was answered is on disk; an id counts once. As
 * samples they are a `DataSource`.
 *
 * @example
 * const store = new IngestStore({ state, audit: registry.audit, clock });
 * const source = await store.define('blocks', definition);
 * await store.add(source, rows);
 * const dataset = await readDataSource(store.source('blocks'));
 */
export class IngestStore {
  readonly #ports: IngestPorts;

  constructor(ports: IngestPorts) {
    this.#ports = ports;
  }

  /**
   * Makes a source, or changes what may change: its model and how much it keeps. `allows` throws for one that is there and
   * must not be changed.
   * @throws PilotfishError `REFUSED` for other features, classes or costs once there are rows; `LIMIT`.
   */
  define(
    name: string,
    definition: IngestDefinition,
    { allows, ...change }: RegistryChange & { readonly allows?: (before: IngestSource) => void } = {},
  ): Promise<IngestSource> {
    const { state, audit, clock } = this.#ports;
    return state.write(async (sql) => {
      const before = await find(sql, name);
      if (before !== undefined) allows?.(before);
      if (before !== undefined && before.rows > 0) checkSameRows(before, definition);
      if (before === undefined) await checkRoom(sql);
      const nowMs = clock.nowMs();
      const text = JSON.stringify(definition);
      await sql.run(
        `INSERT INTO ingest_sources (name, definition, rows, created_ms, updated_ms) VALUES (?, ?, 0, ?, ?)
         ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, updated_ms = excluded.updated_ms`,
        ...[name, text, nowMs, nowMs],
      );
      const entry = {
        action: 'source.define',
        subject: `source ${name}`,
        before: before ?? null,
        after: definition,
      };
      await audit.append(sql, entry, change);
      return get(sql, name);
    });
  }

  /** @throws PilotfishError `MISSING`. */
  get(name: string): Promise<IngestSource> {
    return this.#ports.state.read((sql) => get(sql, name));
  }

  /** By name. */
  list(): Promise<IngestSource[]> {
    return this.#ports.state.read(async (sql) =>
      (await sql.all('SELECT * FROM ingest_sources ORDER BY name')).map(sourceOf),
    );
  }

  /**
   * Keeps rows that are as their source says; all are on disk, or none.
   * @throws PilotfishError `CHANGED` when the source says something else by now; `MISSING`, `LIMIT`.
   */
  add(expected: IngestSource, rows: readonly IngestRow[]): Promise<IngestReport> {
    const { state, clock } = this.#ports;
    return state.write(async (sql) => {
      const { name } = expected;
      const source = await get(sql, name);
      if (shapeOf(source) !== shapeOf(expected)) {
        throw new PilotfishError('CHANGED', `source ${name} was defined anew meanwhile: send the rows again`);
      }
      const conflicts: number[] = [];
      let accepted = 0;
      for (const [at, row] of rows.entries()) {
        if ((await insert(sql, { row, source, timeMs: clock.nowMs() })) > 0) accepted += 1;
        else if (!(await isSame(sql, name, row))) conflicts.push(at);
      }
      await keepCount(sql, source, accepted);
      return { accepted, repeated: rows.length - accepted - conflicts.length, conflicts };
    });
  }

  /** Its rows as samples, oldest first: whole ones, and features whose outcome is known. */
  source(name: string): DataSource {
    return { url: `source:${name}`, samples: (options) => this.#samples(name, options?.signal) };
  }

  /** How the last 1000 judged decisions of a version went, and those of which it is not said who made them. */
  quality(name: string, version: string): Promise<JudgedQuality> {
    return this.#ports.state.read(async (sql) => {
      const row = await sql.get(QUALITY, name, version);
      const [count, cost, rule] = [Number(row?.['n']), Number(row?.['cost']), Number(row?.['rule_cost'])];
      return { count, accuracy: Number(row?.['accuracy']), gain: gainOf(cost, rule) };
    });
  }

  async *#samples(name: string, signal: AbortSignal | undefined): AsyncGenerator<SourcedSample> {
    await this.get(name);
    let after = 0;
    for (;;) {
      if (signal?.aborted === true)
        throw new PilotfishError('INTERRUPTED', `reading source ${name} was stopped`);
      const rows = await this.#ports.state.read((sql) => sql.all(SAMPLES, name, after));
      for (const row of rows) yield sampleOfRow(row);
      if (rows.length < PAGE) return;
      after = Number(rows.at(-1)?.['seq']);
    }
  }
}

/** The part of the rule's cost that was saved; undefined where costs say nothing, or their sums are no numbers any more. */
function gainOf(cost: number, rule: number): number | undefined {
  if (!(rule > 0) || !Number.isFinite(cost) || rule === Infinity) return undefined;
  return Math.min(1, Math.max(LEAST_GAIN, 1 - cost / rule));
}

type Insertion = { readonly row: IngestRow; readonly source: IngestSource; readonly timeMs: number };

function insert(sql: Sql, { row, source, timeMs }: Insertion): Promise<number> {
  const { id, kind } = row;
  const judged = kind === 'features' ? NOT_JUDGED : judge(row, source);
  return sql.run(
    `INSERT INTO ingest_rows (source, kind, id, body, version, is_right, cost, rule_cost, time_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ...[source.name, kind, id, bodyOf(row), ...judged, timeMs],
  );
}

const NOT_JUDGED: readonly SqlValue[] = [null, null, null, null];

/** Version, whether it was right, what it cost, and what the rule would have cost. */
function judge(
  { decision, rule, label, cost, version }: Exclude<IngestRow, { kind: 'features' }>,
  { classes }: IngestSource,
): readonly SqlValue[] {
  if (decision === undefined) return NOT_JUDGED;
  const costOf = (choice: string | undefined): number | null =>
    choice === undefined ? null : (cost?.[classes?.indexOf(choice) ?? -1] ?? null);
  const [own, other] = [costOf(decision), costOf(rule)];
  const isBoth = own !== null && other !== null;
  return [version ?? null, decision === label ? 1 : 0, isBoth ? own : null, isBoth ? other : null];
}

/** The same text for the same row. */
const bodyOf = ({ id: _, kind: __, ...body }: IngestRow): string => JSON.stringify(body);

async function isSame(sql: Sql, name: string, row: IngestRow): Promise<boolean> {
  const kept = await sql.get(
    'SELECT body FROM ingest_rows WHERE source = ? AND kind = ? AND id = ?',
    ...[name, row.kind, row.id],
  );
  return kept?.['body'] === bodyOf(row);
}

/** Counts, and forgets what is too old. */
async function keepCount(sql: Sql, { name, rows, keepRows }: IngestSource, accepted: number): Promise<void> {
  const surplus = Math.max(0, rows + accepted - keepRows);
  if (surplus > 0) {
    await sql.run(
      'DELETE FROM ingest_rows WHERE seq IN (SELECT seq FROM ingest_rows WHERE source = ? ORDER BY seq LIMIT ?)',
      ...[name, surplus],
    );
  }
  if (accepted > 0)
    await sql.run('UPDATE ingest_sources SET rows = ? WHERE name = ?', rows + accepted - surplus, name);
}

/** What every row has. */
const shapeOf = ({ features, classes, costs }: IngestDefinition): string =>
  JSON.stringify([features, classes, costs]);

function checkSameRows(before: IngestDefinition, after: IngestDefinition): void {
  if (shapeOf(before) === shapeOf(after)) return;
  throw new PilotfishError(
    'REFUSED',
    'the source has rows already, and they have other features, classes or costs: make another source',
  );
}

async function checkRoom(sql: Sql): Promise<void> {
  const count = Number((await sql.get('SELECT count(*) AS n FROM ingest_sources'))?.['n']);
  if (count >= MAX_SOURCES)
    throw new PilotfishError('LIMIT', `there are ${MAX_SOURCES} sources: use one of them`);
}

async function find(sql: Sql, name: string): Promise<IngestSource | undefined> {
  const row = await sql.get('SELECT * FROM ingest_sources WHERE name = ?', name);
  return row === undefined ? undefined : sourceOf(row);
}

async function get(sql: Sql, name: string): Promise<IngestSource> {
  const source = await find(sql, name);
  if (source !== undefined) return source;
  throw new PilotfishError('MISSING', `there is no source ${name}: PUT /api/v1/sources/${name} makes it`);
}

const sourceOf = (row: SqlRow): IngestSource => ({
  ...(JSON.parse(String(row['definition'])) as IngestDefinition),
  ...{ name: String(row['name']), rows: Number(row['rows']) },
  ...{ createdMs: Number(row['created_ms']), updatedMs: Number(row['updated_ms']) },
});
