import type { KeyValue, MetricDraft, RunStatus, TrackingStore } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { choice, viewTypeOf } from './experiments.ts';
import { filled, metricOf, runInfoOf, runOf } from './objects.ts';
import { missing, type Params } from './params.ts';
import { queryOf } from './registered-models.ts';
import { done, type MlflowRoute, NOTHING, read, write } from './route.ts';

const MAX_RESULTS = 50_000;
const DEFAULT_RESULTS = 1000;
const MAX_HISTORY = 25_000;
const DEFAULT_INTERVAL = 320;
const STATUSES: readonly RunStatus[] = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
/** `{"offset": 0}`: what MLflow's server answers to a history of no length. */
const FIRST_PAGE = 'eyJvZmZzZXQiOiAwfQ==';

/** runs/* without those that log. */
export function runRoutes({ runs }: TrackingStore): MlflowRoute[] {
  return [
    write('runs/create', async (params) => {
      const startMs = params.integer('start_time');
      const experimentId = params.text('experiment_id');
      const draft = {
        ...(experimentId ? { experimentId } : {}),
        ...(startMs ? { startMs } : {}),
        ...{
          userId: params.text('user_id') ?? '',
          runName: params.text('run_name'),
          tags: params.pairs('tags'),
        },
      };
      return { run: runOf(await runs.create(draft)) };
    }),
    read('runs/get', async (params) => ({
      run: runOf(await runs.get(params.runId()), { withOutputs: true }),
    })),
    write('runs/update', async (params) => {
      const [status, endMs] = [choice(params, 'status', STATUSES), params.integer('end_time')];
      const fields = {
        ...(status === undefined ? {} : { status }),
        ...(endMs === undefined ? {} : { endMs }),
        runName: params.text('run_name'),
      };
      return { run_info: runInfoOf(await runs.update(params.runId(), fields)) };
    }),
    write('runs/delete', (params, { change }) => done(runs.delete(params.runId(), change))),
    write('runs/restore', (params, { change }) => done(runs.restore(params.runId(), change))),
    {
      ...write('runs/search', async (params) => {
        const query = {
          ...queryOf(params, [MAX_RESULTS, DEFAULT_RESULTS]),
          experimentIds: params.texts('experiment_ids'),
          viewType: viewTypeOf(params, 'run_view_type'),
        };
        const page = await runs.search(query);
        return { runs: filled(page.items.map((run) => runOf(run))), next_page_token: page.nextPageToken };
      }),
      role: 'viewer',
    },
    write('runs/set-tag', (params) => {
      const tag = { key: params.requiredText('key'), value: params.text('value') ?? '' };
      return done(runs.setTag(params.runId(), tag));
    }),
    write('runs/delete-tag', (params) => done(runs.deleteTag(params.runId(), params.requiredText('key')))),
  ];
}

/** What runs log, and how it is read back. */
export function loggingRoutes({ log, inputs, runs }: TrackingStore): MlflowRoute[] {
  return [
    write('runs/log-metric', (params) => done(log.logMetric(params.runId(), draftOf(params)))),
    write('runs/log-parameter', (params) => {
      const param = { key: params.requiredText('key'), value: params.text('value') ?? '' };
      return done(log.logParam(params.runId(), param));
    }),
    write('runs/log-batch', (params) => {
      const [params_, tags] = [params.pairs('params'), params.pairs('tags')];
      return done(
        log.logBatch(params.runId(), { metrics: params.list('metrics').map(draftOf), params: params_, tags }),
      );
    }),
    write('runs/log-inputs', (params) => {
      const datasets = params
        .list('datasets')
        .map((input) => ({ tags: tagsOf(input), dataset: datasetOf(input) }));
      const models = params.list('models').map((model) => model.requiredText('model_id'));
      return done(inputs.logInputs(params.runId(), { datasets, models }));
    }),
    write('runs/outputs', (params) => {
      const models = params.list('models').map((model) => ({
        ...{ modelId: model.requiredText('model_id'), step: model.integer('step') ?? 0 },
      }));
      if (models.length === 0) throw missing('models');
      return done(inputs.logOutputs(params.runId(), models));
    }),
    write('runs/log-model', async (params) => {
      const [runId, text] = [params.runId(), params.requiredText('model_json')];
      const tags = (await runs.get(runId)).tags;
      await runs.setTag(runId, historyTag(tags['mlflow.log-model.history'], text));
      return NOTHING;
    }),
    read('metrics/get-history', async (params) => {
      const [runId, key, maxResults] = [
        params.runId(),
        params.requiredText('metric_key'),
        params.maxResults(MAX_RESULTS),
      ];
      // As MLflow's server does; its clients always say how many.
      if (maxResults === undefined) return { next_page_token: FIRST_PAGE };
      const page = await log.history(runId, key, { maxResults, pageToken: params.text('page_token') });
      return { metrics: filled(page.items.map(metricOf)), next_page_token: page.nextPageToken };
    }),
    read('metrics/get-history-bulk', async (params) => {
      const [runIds, key] = [idsOf(params, 'run_id'), params.requiredText('metric_key')];
      const limit = Math.min(params.integer('max_results') ?? MAX_HISTORY, MAX_HISTORY);
      const metrics: object[] = [];
      for (const runId of [...runIds].sort()) {
        if (metrics.length >= limit) break;
        const page = await log.history(runId, key, { maxResults: limit - metrics.length });
        metrics.push(...page.items.map((metric) => ({ ...metricOf(metric), run_id: runId })));
      }
      return { metrics };
    }),
    read('metrics/get-history-bulk-interval', async (params) => {
      const [startStep, endStep] = [params.integer('start_step'), params.integer('end_step')];
      const range = {
        ...(startStep === undefined ? {} : { startStep }),
        ...(endStep === undefined ? {} : { endStep }),
        maxResults: params.integer('max_results') ?? DEFAULT_INTERVAL,
      };
      const found = await log.historyInterval(
        idsOf(params, 'run_ids'),
        params.requiredText('metric_key'),
        range,
      );
      return { metrics: filled(found.map((metric) => ({ ...metricOf(metric), run_id: metric.runId }))) };
    }),
  ];
}

const MAX_BULK_RUNS = 100;

/** @throws PilotfishError `USAGE`. */
function idsOf(params: Params, name: string): string[] {
  const ids = params.texts(name);
  if (ids.length >= 1 && ids.length <= MAX_BULK_RUNS) return ids;
  const call = name === 'run_id' ? 'GetMetricHistoryBulk' : 'GetMetricHistoryBulkInterval';
  const what = ids.length === 0 ? 'at least one run_id' : `at most ${MAX_BULK_RUNS} run_ids`;
  throw usage(`${call} request must specify ${what}. Received ${ids.length} run_ids.`);
}

const draftOf = (params: Params): MetricDraft => ({
  ...{ key: params.requiredText('key'), value: params.requiredDouble('value') },
  ...{ timestampMs: params.requiredInteger('timestamp'), step: params.integer('step') },
  ...{ modelId: params.text('model_id') || undefined, datasetName: params.text('dataset_name') || undefined },
  datasetDigest: params.text('dataset_digest') || undefined,
});

const tagsOf = (input: Params): Record<string, string> => input.record('tags');

function datasetOf(input: Params) {
  const dataset = input.object('dataset');
  return {
    ...{ name: dataset.requiredText('name'), digest: dataset.requiredText('digest') },
    ...{ sourceType: dataset.requiredText('source_type'), source: dataset.requiredText('source') },
    ...{ schema: dataset.text('schema'), profile: dataset.text('profile') },
  };
}

const MANDATORY = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'];

/** The tag in which MLflow's older clients look for the models of a run. @throws PilotfishError `USAGE`. */
function historyTag(before: string | undefined, text: string): KeyValue {
  const model = parsed(text);
  if (typeof model !== 'object' || model === null) {
    throw usage(`Malformed model info. \n ${text} \n is not a valid JSON.`);
  }
  const lacking = MANDATORY.filter((name) => !Object.hasOwn(model, name));
  if (lacking.length > 0) {
    throw usage(`Model json is missing mandatory fields: {${lacking.map((name) => `'${name}'`).join(', ')}}`);
  }
  const history = parsed(before ?? '[]');
  const value = JSON.stringify([...(Array.isArray(history) ? history : []), model]);
  return { key: 'mlflow.log-model.history', value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
