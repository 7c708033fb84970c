import { PilotfishError } from '../../base/index.ts';
import { type SavedSplit, SequentialSrm } from '../../learn/index.ts';
import type { SqlRow as Row, Sql } from '../registry/index.ts';
import type { ExperimentStatus } from './definition/states.ts';
import type { Definition, StoredExperiment } from './definition/types.ts';
import type { Plan } from './plan.ts';
import { sumsOf } from './records/ingest.ts';
import type { Evidence, PlacedSums } from './results/results.ts';

/** All of them are read wherever they are listed. */
const MAX_EXPERIMENTS = 1000;

/** Adds a draft. @throws PilotfishError `EXISTS`, `LIMIT`. */
export async function insertExperiment(
  sql: Sql,
  definition: Definition,
  { coverage, nowMs }: { readonly coverage: number; readonly nowMs: number },
): Promise<void> {
  const { id, arms } = definition;
  const open = await sql.get("SELECT count(*) AS n FROM ab_experiments WHERE status <> 'archived'");
  if (Number(open?.['n']) >= MAX_EXPERIMENTS)
    throw new PilotfishError(
      'LIMIT',
      `there are ${MAX_EXPERIMENTS} experiments: archive those that are over`,
    );
  const split = new SequentialSrm(arms.map(({ trafficPct }) => trafficPct)).snapshot();
  const added = await sql.run(
    `INSERT INTO ab_experiments (id, status, definition, coverage, note, created_ms, updated_ms, records, split)
     VALUES (?, 'draft', ?, ?, '', ?, ?, 0, ?) ON CONFLICT DO NOTHING`,
    ...[id, JSON.stringify(definition), coverage, nowMs, nowMs, JSON.stringify(split)],
  );
  if (added === 0) throw new PilotfishError('EXISTS', `there is an experiment ${id}: choose another id`);
}

/** @throws PilotfishError `MISSING`. */
export async function rowOf(sql: Sql, id: string): Promise<Row> {
  const row = await sql.get('SELECT * FROM ab_experiments WHERE id = ?', id);
  if (row !== undefined) return row;
  throw new PilotfishError('MISSING', `there is no experiment ${id}: see the list of experiments`);
}

/** Oldest first. */
export function rowsBy(sql: Sql, status: ExperimentStatus | undefined): Promise<readonly Row[]> {
  if (status === undefined) return sql.all('SELECT * FROM ab_experiments ORDER BY seq');
  return sql.all('SELECT * FROM ab_experiments WHERE status = ? ORDER BY seq', status);
}

export const definitionOf = (row: Row): Definition => JSON.parse(String(row['definition'])) as Definition;
export const statusOf = (row: Row): ExperimentStatus => String(row['status']) as ExperimentStatus;
export const splitOf = (row: Row): SequentialSrm =>
  SequentialSrm.restore(JSON.parse(String(row['split'])) as SavedSplit);

const timeOf = (row: Row, column: string): number | undefined =>
  row[column] === null ? undefined : Number(row[column]);

export const experimentOf = (row: Row): StoredExperiment => ({
  ...definitionOf(row),
  ...{ status: statusOf(row), coverage: Number(row['coverage']), note: String(row['note']) },
  ...{
    createdMs: Number(row['created_ms']),
    updatedMs: Number(row['updated_ms']),
    records: Number(row['records']),
  },
  ...{ startedMs: timeOf(row, 'started_ms'), endedMs: timeOf(row, 'ended_ms') },
});

/** Sets columns of an experiment; its time never goes back, whatever the clock does. */
export async function updateExperiment(
  sql: Sql,
  row: Row,
  change: { readonly status: ExperimentStatus; readonly note: string; readonly nowMs: number },
): Promise<void> {
  const { status, note } = change;
  const nowMs = Math.max(change.nowMs, Number(row['updated_ms']));
  await sql.run(
    `UPDATE ab_experiments SET status = ?, note = ?, updated_ms = ?,
       started_ms = CASE WHEN ? = 'running' THEN coalesce(started_ms, ?) ELSE started_ms END,
       ended_ms = CASE WHEN ? = 'complete' THEN ? ELSE ended_ms END WHERE seq = ?`,
    ...[status, note, nowMs, status, nowMs, status, nowMs, Number(row['seq'])],
  );
}

type Counts = Pick<Evidence, 'sums' | 'bins'>;

async function readCounts(sql: Sql, experiment: number): Promise<Counts> {
  const place = (row: Row) => ({
    ...{ arm: Number(row['arm']), metric: Number(row['metric']), treated: Number(row['treated']) },
  });
  const sums = await sql.all('SELECT * FROM ab_sums WHERE experiment = ?', experiment);
  const bins = await sql.all('SELECT * FROM ab_bins WHERE experiment = ?', experiment);
  return {
    sums: sums.map((row) => ({ ...place(row), ...sumsOf(row) })),
    bins: bins.map((row) => ({ ...place(row), bin: Number(row['bin']), count: Number(row['count']) })),
  };
}

/** Keeps what counted at the moment every arm had the units of a fixed horizon: that look is the only one. */
export async function keepHorizon(sql: Sql, row: Row, { definition, arms }: Plan): Promise<void> {
  const { samplesPerArm } = definition.analysis;
  if (samplesPerArm === undefined || row['horizon'] !== null) return;
  const seq = Number(row['seq']);
  const counts = await readCounts(sql, seq);
  const isDue = ({ metric, treated, units }: PlacedSums): boolean =>
    metric === 0 && treated === 0 && units >= samplesPerArm;
  if (counts.sums.filter(isDue).length < arms.length) return;
  await sql.run('UPDATE ab_experiments SET horizon = ? WHERE seq = ?', JSON.stringify(counts), seq);
}

/** What a result is computed from: the counts now, or those of the fixed horizon. */
export async function evidenceOf(sql: Sql, row: Row, { definition }: Plan): Promise<Evidence> {
  const { horizon } = row;
  const isFixed = definition.analysis.method === 'fixed';
  const counts =
    typeof horizon === 'string' ? (JSON.parse(horizon) as Counts) : await readCounts(sql, Number(row['seq']));
  return {
    ...{ status: statusOf(row), records: Number(row['records']), ...counts, split: splitOf(row) },
    isDue: !isFixed || horizon !== null,
  };
}
