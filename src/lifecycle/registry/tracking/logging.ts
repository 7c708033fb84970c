import { PilotfishError } from '../../../base/index.ts';
import { checkMaxResults, offsetOf, type Page, pageOf } from '../search/page.ts';
import type { Sql, SqlValue } from '../state/port.ts';
import { checkedBatch, checkedParam, checkMetric, invalid, type KeyValue, type LogBatch } from './check.ts';
import type { TrackingCore } from './core.ts';
import { activeRun, metricOf } from './run-records.ts';
import { setRunTags } from './runs.ts';
import type { Metric, MetricDraft } from './types.ts';

const INSERT_METRIC = 'INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
const UPSERT_LATEST = `INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (run, key) DO UPDATE SET timestamp_ms = excluded.timestamp_ms, step = excluded.step,
    value = excluded.value, is_nan = excluded.is_nan
  WHERE (excluded.step, excluded.timestamp_ms, excluded.value)
      > (latest_metrics.step, latest_metrics.timestamp_ms, latest_metrics.value)`;
const INSERT_MODEL_METRIC = `INSERT INTO logged_model_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (model, key, run, dataset_name, dataset_digest, timestamp_ms, step)
  DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan`;
const MAX_HISTORY = 50_000;
const MAX_RUNS = 100;
const MAX_POINTS_PER_RUN = 2500;
const CHUNK = 400;

/** What runs log: metrics, params and tags, each call in one transaction. */
export class Logging {
  readonly #core: TrackingCore;

  constructor(core: TrackingCore) {
    this.#core = core;
  }

  /** Appends a value; exactly the same once more is none. @throws PilotfishError `MISSING`, `USAGE`. */
  async logMetric(runId: string, metric: MetricDraft): Promise<void> {
    checkMetric(metric);
    await this.#core.state.write(async (sql) => {
      await activeRun(sql, runId);
      await insertMetrics(sql, runId, [metric]);
    });
  }

  /** A param has one value for ever. @throws PilotfishError `MISSING`, `USAGE` for another value. */
  async logParam(runId: string, param: KeyValue): Promise<void> {
    const kept = checkedParam(param);
    await this.#core.state.write(async (sql) => {
      await activeRun(sql, runId);
      await insertParams(sql, runId, [kept]);
    });
  }

  /** All of it, or nothing. @throws PilotfishError `MISSING`, `USAGE`. */
  async logBatch(runId: string, batch: LogBatch): Promise<void> {
    const { metrics, params, tags } = checkedBatch(batch);
    await this.#core.state.write(async (sql) => {
      await activeRun(sql, runId);
      await insertParams(sql, runId, params);
      await insertMetrics(sql, runId, metrics);
      await setRunTags(sql, runId, tags);
    });
  }

  /** Values of a metric by time, then step. Unknown runs and keys have none. @throws PilotfishError `USAGE`. */
  async history(
    runId: string,
    key: string,
    query: { readonly maxResults?: number; readonly pageToken?: string | undefined } = {},
  ): Promise<Page<Metric>> {
    const maxResults = checkMaxResults(query.maxResults ?? MAX_HISTORY, MAX_HISTORY);
    const offset = offsetOf(query.pageToken);
    return this.#core.state.read(async (sql) => {
      const rows = await sql.all(
        'SELECT * FROM metrics WHERE run = ? AND key = ? ORDER BY timestamp_ms, step, value LIMIT ? OFFSET ?',
        ...[runId, key, maxResults + 1, offset],
      );
      return pageOf(rows.map(metricOf), offset, maxResults);
    });
  }

  /**
   * Values of a metric in several runs, at most `maxResults` steps each: evenly chosen among all steps, and the first and
   * last of each run. @throws PilotfishError `USAGE`.
   */
  async historyInterval(
    runIds: readonly string[],
    key: string,
    range: { readonly startStep?: number; readonly endStep?: number; readonly maxResults: number },
  ): Promise<(Metric & { readonly runId: string })[]> {
    const { startStep = Number.MIN_SAFE_INTEGER, endStep = Number.MAX_SAFE_INTEGER, maxResults } = range;
    if (runIds.length === 0 || runIds.length > MAX_RUNS)
      throw invalid(
        `GetMetricHistoryBulkInterval request must specify at most ${MAX_RUNS} run_ids. Received ${runIds.length} run_ids.`,
      );
    if (startStep > endStep) throw invalid('end_step must be greater than start_step. ');
    if (!(maxResults >= 1 && maxResults <= MAX_POINTS_PER_RUN))
      throw invalid(`max_results must be between 1 and ${MAX_POINTS_PER_RUN}.`);
    return this.#core.state.read(async (sql) => {
      const marks = runIds.map(() => '?').join(', ');
      const within = [...runIds, key, startStep, endStep];
      const where = `run IN (${marks}) AND key = ? AND step BETWEEN ? AND ?`;
      const distinct = await sql.all(
        `SELECT DISTINCT step FROM metrics WHERE ${where} ORDER BY step`,
        ...within,
      );
      const ends = await sql.all(
        `SELECT MIN(step) AS lo, MAX(step) AS hi FROM metrics WHERE ${where} GROUP BY run`,
        ...within,
      );
      const chosen = new Set(
        evenly(
          distinct.map(({ step }) => Number(step)),
          maxResults,
        ),
      );
      for (const { lo, hi } of ends) chosen.add(Number(lo)).add(Number(hi));
      return pointsAt(sql, { runIds, key, steps: [...chosen].sort((a, b) => a - b) });
    });
  }
}

/** `count` of the values, evenly spread; all when there are no more. */
function evenly(values: readonly number[], count: number): readonly number[] {
  if (values.length <= count) return values;
  return Array.from({ length: count }, (_, i) => values[Math.floor((i * values.length) / count)] as number);
}

async function pointsAt(
  sql: Sql,
  {
    runIds,
    key,
    steps,
  }: { readonly runIds: readonly string[]; readonly key: string; readonly steps: readonly number[] },
): Promise<(Metric & { readonly runId: string })[]> {
  const points: (Metric & { readonly runId: string })[] = [];
  for (const runId of runIds) {
    const ofRun: Metric[] = [];
    for (let at = 0; at < steps.length; at += CHUNK) {
      const part = steps.slice(at, at + CHUNK);
      const rows = await sql.all(
        `SELECT * FROM metrics WHERE run = ? AND key = ? AND step IN (${part.map(() => '?').join(', ')}) ORDER BY step, timestamp_ms, value LIMIT ?`,
        ...[runId, key, ...part, MAX_POINTS_PER_RUN - ofRun.length],
      );
      ofRun.push(...rows.map(metricOf));
    }
    points.push(...ofRun.map((metric) => ({ ...metric, runId })));
  }
  return points;
}

async function insertMetrics(sql: Sql, runId: string, metrics: readonly MetricDraft[]): Promise<void> {
  const rows: SqlValue[][] = [];
  const latest = new Map<string, readonly SqlValue[]>();
  for (const { key, value, timestampMs, step = 0, modelId } of metrics) {
    const [number, isNan] = Number.isNaN(value) ? [0, 1] : [value, 0];
    const row = [runId, key, timestampMs, step, number, isNan];
    rows.push([...row, modelId ?? null]);
    const before = latest.get(key);
    if (before === undefined || isLater(row, before)) latest.set(key, row);
  }
  await sql.runMany(INSERT_METRIC, rows);
  await sql.runMany(UPSERT_LATEST, [...latest.values()]);
  await insertModelMetrics(sql, runId, metrics);
}

/** By step, then time, then value: what the statement asks as well. */
function isLater(a: readonly SqlValue[], b: readonly SqlValue[]): boolean {
  for (const at of [3, 2, 4]) {
    const [left, right] = [Number(a[at]), Number(b[at])];
    if (left !== right) return left > right;
  }
  return false;
}

/** Metrics about logged models are kept with the model as well. @throws PilotfishError `MISSING`. */
async function insertModelMetrics(sql: Sql, runId: string, metrics: readonly MetricDraft[]): Promise<void> {
  for (const {
    key,
    value,
    timestampMs,
    step = 0,
    modelId,
    datasetName = '',
    datasetDigest = '',
  } of metrics) {
    if (modelId === undefined || modelId === '') continue;
    if ((await sql.get('SELECT id FROM logged_models WHERE id = ?', modelId)) === undefined) {
      throw new PilotfishError('MISSING', `Logged model with ID '${modelId}' not found.`);
    }
    const [number, isNan] = Number.isNaN(value) ? [0, 1] : [value, 0];
    await sql.run(
      INSERT_MODEL_METRIC,
      modelId,
      key,
      runId,
      datasetName,
      datasetDigest,
      timestampMs,
      step,
      number,
      isNan,
    );
  }
}

async function insertParams(sql: Sql, runId: string, params: readonly KeyValue[]): Promise<void> {
  for (const { key, value } of params) {
    const before = await sql.get('SELECT value FROM params WHERE run = ? AND key = ?', runId, key);
    if (before === undefined) await sql.run('INSERT INTO params VALUES (?, ?, ?)', runId, key, value);
    else if (before['value'] !== value) {
      throw invalid(
        `Changing param values is not allowed. Param with key='${key}' was already logged with value='${String(before['value'])}' for run ID='${runId}'. Attempted logging new value '${value}'.`,
      );
    }
  }
}
