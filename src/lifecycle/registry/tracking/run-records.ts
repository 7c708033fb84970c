import { PilotfishError } from '../../../base/index.ts';
import { define } from '../models/records.ts';
import type { Row, Sql, SqlValue } from '../state/port.ts';
import { invalid } from './check.ts';
import type { Dataset, DatasetInput, LifecycleStage, Metric, Run, RunInfo, RunStatus } from './types.ts';

/** The row of a run. @throws PilotfishError `MISSING`. */
export async function runRow(sql: Sql, runId: string): Promise<Row> {
  const row = await sql.get('SELECT * FROM runs WHERE id = ?', runId);
  if (row !== undefined) return row;
  throw new PilotfishError('MISSING', `Run with id=${runId} not found`);
}

/** The row of a run that is not deleted. @throws PilotfishError `MISSING`, `USAGE`. */
export async function activeRun(sql: Sql, runId: string): Promise<Row> {
  const row = await runRow(sql, runId);
  if (row['lifecycle_stage'] === 'active') return row;
  throw invalid(`The run ${runId} must be in the 'active' state. Current state is deleted.`);
}

export const runInfoOf = (row: Row): RunInfo => ({
  runId: String(row['id']),
  runName: String(row['name']),
  experimentId: String(row['experiment']),
  userId: String(row['user_id']),
  status: row['status'] as RunStatus,
  startMs: Number(row['start_ms']),
  endMs: row['end_ms'] === null ? undefined : Number(row['end_ms']),
  artifactUri: String(row['artifact_uri']),
  lifecycleStage: row['lifecycle_stage'] as LifecycleStage,
});

export const metricOf = (row: Row): Metric => ({
  key: String(row['key']),
  value: row['is_nan'] === 1 ? Number.NaN : Number(row['value']),
  timestampMs: Number(row['timestamp_ms']),
  step: Number(row['step']),
});

/** Rows that are looked up by one statement. */
const CHUNK = 400;

type Parts = {
  readonly metrics: Metric[];
  readonly params: Record<string, string>;
  readonly tags: Record<string, string>;
  readonly datasetInputs: DatasetInput[];
  readonly modelInputs: string[];
  readonly modelOutputs: { modelId: string; step: number }[];
};

/** Runs that fit a condition on `r`, with what they logged. */
export async function selectRuns(sql: Sql, rest: string, ...values: readonly SqlValue[]): Promise<Run[]> {
  const rows = await sql.all(`SELECT r.* FROM runs r ${rest}`, ...values);
  const noParts = (): Parts => ({
    metrics: [],
    params: {},
    tags: {},
    datasetInputs: [],
    modelInputs: [],
    modelOutputs: [],
  });
  const parts = new Map<string, Parts>(rows.map((row) => [String(row['id']), noParts()]));
  const ids = [...parts.keys()];
  for (let at = 0; at < ids.length; at += CHUNK) await collect(sql, ids.slice(at, at + CHUNK), parts);
  return rows.map((row) => ({ ...runInfoOf(row), ...(parts.get(String(row['id'])) as Parts) }));
}

async function collect(sql: Sql, ids: readonly string[], parts: ReadonlyMap<string, Parts>): Promise<void> {
  const list = `(${ids.map(() => '?').join(', ')})`;
  const of = (row: Row): Parts => parts.get(String(row['run'])) as Parts;
  for (const row of await sql.all(`SELECT * FROM latest_metrics WHERE run IN ${list}`, ...ids))
    of(row).metrics.push(metricOf(row));
  for (const row of await sql.all(`SELECT * FROM params WHERE run IN ${list}`, ...ids)) {
    define(of(row).params, String(row['key']), String(row['value']));
  }
  for (const row of await sql.all(`SELECT * FROM run_tags WHERE run IN ${list}`, ...ids)) {
    define(of(row).tags, String(row['key']), String(row['value']));
  }
  const inputs = `SELECT i.run, i.tags, d.* FROM run_inputs i JOIN datasets d ON d.id = i.dataset WHERE i.run IN ${list} ORDER BY d.id`;
  for (const row of await sql.all(inputs, ...ids)) {
    of(row).datasetInputs.push({
      tags: JSON.parse(String(row['tags'])) as DatasetInput['tags'],
      dataset: datasetOf(row),
    });
  }
  for (const row of await sql.all(
    `SELECT * FROM run_models WHERE run IN ${list} ORDER BY step, model_id`,
    ...ids,
  )) {
    const modelId = String(row['model_id']);
    if (row['direction'] === 'input') of(row).modelInputs.push(modelId);
    else of(row).modelOutputs.push({ modelId, step: Number(row['step']) });
  }
}

const datasetOf = (row: Row): Dataset => ({
  name: String(row['name']),
  digest: String(row['digest']),
  sourceType: String(row['source_type']),
  source: String(row['source']),
  schema: row['schema'] === null ? undefined : String(row['schema']),
  profile: row['profile'] === null ? undefined : String(row['profile']),
});
