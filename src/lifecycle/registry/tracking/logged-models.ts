import { PilotfishError } from '../../../base/index.ts';
import { define } from '../models/records.ts';
import { compileFilter, compileOrder, type Fragment, type SearchSpec } from '../search/compile.ts';
import { checkMaxResults, offsetOf, type Page, pageOf } from '../search/page.ts';
import { LOGGED_MODEL_SEARCH } from '../search/specs.ts';
import type { Row, Sql, SqlValue } from '../state/port.ts';
import { checkedParam, checkedRunTag, invalid, type KeyValue } from './check.ts';
import type { TrackingCore } from './core.ts';
import { activeExperiment, locationOf, numberOf } from './experiments.ts';
import { runName } from './run-names.ts';
import { metricOf } from './run-records.ts';
import {
  LOGGED_MODEL_STATUSES,
  type LoggedModel,
  type LoggedModelMetric,
  type LoggedModelStatus,
} from './types.ts';

export type LoggedModelDraft = {
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly modelType?: string;
  readonly sourceRunId?: string;
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
};

/** A data set metrics are asked for. */
export type DatasetRef = { readonly datasetName: string; readonly datasetDigest?: string | undefined };

export type LoggedModelQuery = {
  readonly experimentIds: readonly string[];
  readonly filter?: string;
  /** Only metrics on one of them count, and only models that have any. */
  readonly datasets?: readonly DatasetRef[];
  readonly orderBy?: readonly { readonly fieldName: string; readonly isAscending?: boolean }[];
  readonly maxResults?: number;
  readonly pageToken?: string | undefined;
};

const ID_BYTES = 16;
const MAX_RESULTS = 1000;
const DEFAULT_RESULTS = 50;
const MAX_DATASETS = 100;

/** Models that runs logged, before anyone registers them. */
export class LoggedModels {
  readonly #core: TrackingCore;

  constructor(core: TrackingCore) {
    this.#core = core;
  }

  /** Its run may be one that is kept elsewhere. @throws PilotfishError `MISSING` without the experiment, `USAGE`. */
  async create(draft: LoggedModelDraft): Promise<LoggedModel> {
    const { experimentId, modelType = '', sourceRunId = '' } = draft;
    const name = draft.name || runName(this.#core.random);
    if (/[/:.%"']/.test(name)) {
      throw invalid(
        `Invalid model name (${name}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
      );
    }
    const params = (draft.params ?? []).map((param) => checkedParam(param));
    const tags = (draft.tags ?? []).map((tag) => checkedRunTag(tag));
    return this.#core.state.write(async (sql) => {
      const experiment = await activeExperiment(sql, experimentId);
      const id = `m-${this.#core.random(ID_BYTES).toString('hex')}`;
      const nowMs = this.#core.clock.nowMs();
      const uri = `${locationOf(experiment, this.#core.artifactRoot)}/models/${id}/artifacts`;
      await sql.run(
        "INSERT INTO logged_models VALUES (?, ?, ?, ?, 'LOGGED_MODEL_PENDING', '', ?, ?, ?, ?, 'active')",
        ...[id, Number(experimentId), name, modelType, sourceRunId, uri, nowMs, nowMs],
      );
      await insertParams(sql, id, params);
      await setTags(sql, id, tags);
      return loggedModel(sql, id);
    });
  }

  /** @throws PilotfishError `MISSING`, also for one that was deleted. */
  get(modelId: string): Promise<LoggedModel> {
    return this.#core.state.read((sql) => loggedModel(sql, modelId));
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async finalize(modelId: string, status: LoggedModelStatus): Promise<LoggedModel> {
    if (!LOGGED_MODEL_STATUSES.includes(status)) throw invalid(`Invalid model status: ${status}`);
    return this.#changed(modelId, async (sql) => {
      await sql.run('UPDATE logged_models SET status = ? WHERE id = ?', status, modelId);
    });
  }

  /** It is no longer found; what it logged stays. @throws PilotfishError `MISSING`. */
  delete(modelId: string): Promise<void> {
    return this.#core.state.write(async (sql) => {
      await loggedModel(sql, modelId);
      await sql.run(
        "UPDATE logged_models SET lifecycle_stage = 'deleted', updated_ms = ? WHERE id = ?",
        ...[this.#core.clock.nowMs(), modelId],
      );
      const entry = {
        action: 'logged-model.delete',
        subject: `logged model ${modelId}`,
        before: null,
        after: null,
      };
      await this.#core.audit.append(sql, entry, {});
    });
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async setTags(modelId: string, tags: readonly KeyValue[]): Promise<LoggedModel> {
    const kept = tags.map((tag) => checkedRunTag(tag));
    return this.#changed(modelId, (sql) => setTags(sql, modelId, kept));
  }

  /** @throws PilotfishError `MISSING` also for a tag that is not there. */
  async deleteTag(modelId: string, key: string): Promise<void> {
    await this.#changed(modelId, async (sql) => {
      if ((await sql.run('DELETE FROM logged_model_tags WHERE model = ? AND key = ?', modelId, key)) > 0)
        return;
      throw new PilotfishError(
        'MISSING',
        `No tag with key ${JSON.stringify(key)} found for model with ID '${modelId}'.`,
      );
    });
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async logParams(modelId: string, params: readonly KeyValue[]): Promise<void> {
    const kept = params.map((param) => checkedParam(param));
    await this.#changed(modelId, (sql) => insertParams(sql, modelId, kept));
  }

  /** The newest first unless ordered otherwise. @throws PilotfishError `USAGE`. */
  async search(query: LoggedModelQuery): Promise<Page<LoggedModel>> {
    const { experimentIds, filter = '', datasets = [], orderBy = [] } = query;
    const maxResults = checkMaxResults(query.maxResults ?? DEFAULT_RESULTS, MAX_RESULTS);
    const { spec, measured } = searchOn(datasets);
    const where = compileFilter(spec, filter);
    const clauses = orderBy.map(
      ({ fieldName, isAscending = true }) => `${fieldName} ${isAscending ? 'ASC' : 'DESC'}`,
    );
    const order = compileOrder(spec, clauses, 'l.created_ms DESC, l.id ASC');
    const offset = offsetOf(query.pageToken);
    const ids = experimentIds.map(numberOf).filter((id) => id !== undefined);
    if (ids.length === 0) return { items: [], nextPageToken: undefined };
    return this.#core.state.read(async (sql) => {
      const list = `l.experiment IN (${ids.map(() => '?').join(', ')})`;
      const rest = `WHERE ${list} AND l.lifecycle_stage = 'active' AND ${measured.sql} AND ${where.sql} ORDER BY ${order.sql} LIMIT ? OFFSET ?`;
      const found = await selectLogged(
        sql,
        rest,
        ...[...ids, ...measured.values, ...where.values, ...order.values, maxResults + 1, offset],
      );
      return pageOf(found, offset, maxResults);
    });
  }

  #changed(modelId: string, work: (sql: Sql) => Promise<void>): Promise<LoggedModel> {
    return this.#core.state.write(async (sql) => {
      await loggedModel(sql, modelId);
      await work(sql);
      await sql.run(
        'UPDATE logged_models SET updated_ms = ? WHERE id = ?',
        this.#core.clock.nowMs(),
        modelId,
      );
      return loggedModel(sql, modelId);
    });
  }
}

/** The search with metrics on these data sets alone, and what a model needs to have any. */
function searchOn(datasets: readonly DatasetRef[]): { spec: SearchSpec; measured: Fragment } {
  if (datasets.length > MAX_DATASETS) throw invalid(`A search names at most ${MAX_DATASETS} data sets`);
  const { metric } = LOGGED_MODEL_SEARCH.keyed;
  if (datasets.length === 0 || metric === undefined) {
    return { spec: LOGGED_MODEL_SEARCH, measured: { sql: 'TRUE', values: [] } };
  }
  const conditions = datasets.map(({ datasetName, datasetDigest }): Fragment => {
    if (datasetDigest === undefined) return { sql: 'dataset_name = ?', values: [datasetName] };
    return { sql: 'dataset_name = ? AND dataset_digest = ?', values: [datasetName, datasetDigest] };
  });
  const sql = `(SELECT * FROM logged_model_metrics WHERE ${conditions.map((one) => `(${one.sql})`).join(' OR ')})`;
  const values = conditions.flatMap((one) => one.values);
  const keyed = { ...LOGGED_MODEL_SEARCH.keyed, metric: { ...metric, table: sql, values } };
  const measured = { sql: `EXISTS (SELECT 1 FROM ${sql} d WHERE d.model = l.id)`, values };
  return { spec: { ...LOGGED_MODEL_SEARCH, keyed }, measured };
}

async function loggedModel(sql: Sql, modelId: string): Promise<LoggedModel> {
  const found = (await selectLogged(sql, "WHERE l.id = ? AND l.lifecycle_stage = 'active'", modelId))[0];
  if (found !== undefined) return found;
  throw new PilotfishError('MISSING', `Logged model with ID '${modelId}' not found.`);
}

async function selectLogged(sql: Sql, rest: string, ...values: readonly SqlValue[]): Promise<LoggedModel[]> {
  const found: LoggedModel[] = [];
  for (const row of await sql.all(`SELECT l.* FROM logged_models l ${rest}`, ...values)) {
    const id = String(row['id']);
    const pairs = async (table: string): Promise<Record<string, string>> => {
      const record: Record<string, string> = {};
      for (const pair of await sql.all(`SELECT key, value FROM ${table} WHERE model = ? ORDER BY key`, id)) {
        define(record, String(pair['key']), String(pair['value']));
      }
      return record;
    };
    const [tags, params] = [await pairs('logged_model_tags'), await pairs('logged_model_params')];
    const metrics = await sql.all(
      'SELECT * FROM logged_model_metrics WHERE model = ? ORDER BY key, timestamp_ms, step',
      id,
    );
    found.push({ ...loggedModelOf(row), tags, params, metrics: metrics.map(modelMetricOf) });
  }
  return found;
}

const modelMetricOf = (row: Row): LoggedModelMetric => ({
  ...metricOf(row),
  runId: String(row['run']),
  datasetName: String(row['dataset_name']) || undefined,
  datasetDigest: String(row['dataset_digest']) || undefined,
});

const loggedModelOf = (row: Row): Omit<LoggedModel, 'tags' | 'params' | 'metrics'> => ({
  modelId: String(row['id']),
  experimentId: String(row['experiment']),
  name: String(row['name']),
  modelType: String(row['model_type']),
  status: row['status'] as LoggedModelStatus,
  sourceRunId: String(row['source_run_id']),
  artifactUri: String(row['artifact_uri']),
  createdMs: Number(row['created_ms']),
  updatedMs: Number(row['updated_ms']),
});

const setTags = (sql: Sql, modelId: string, tags: readonly KeyValue[]): Promise<void> =>
  sql.runMany(
    'INSERT INTO logged_model_tags VALUES (?, ?, ?) ON CONFLICT (model, key) DO UPDATE SET value = excluded.value',
    tags.map(({ key, value }) => [modelId, key, value]),
  );

const insertParams = (sql: Sql, modelId: string, params: readonly KeyValue[]): Promise<void> =>
  sql.runMany(
    'INSERT INTO logged_model_params VALUES (?, ?, ?) ON CONFLICT (model, key) DO UPDATE SET value = excluded.value',
    params.map(({ key, value }) => [modelId, key, value]),
  );
