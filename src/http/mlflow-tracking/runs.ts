import type { KeyValue, MetricDraft, RunStatus, TrackingStore } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { filled, runInfoOf, runOf } from '../mlflow/objects.ts';
import { missing, type Params } from '../mlflow/params.ts';
import { choice, queryOf, viewTypeOf } from '../mlflow/queries.ts';
import { done, type MlflowRoute, NOTHING, read, write } from '../mlflow/route.ts';

const MAX_RESULTS = 50_000;
const DEFAULT_RESULTS = 1000;
const STATUSES: readonly RunStatus[] = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

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
    write('runs/set-tag', (params) => done(runs.setTag(params.runId(), params.pair()))),
    write('runs/delete-tag', (params) => done(runs.deleteTag(params.runId(), params.requiredText('key')))),
  ];
}

/** What runs log. */
export function loggingRoutes({ log, inputs, runs }: TrackingStore): MlflowRoute[] {
  return [
    write('runs/log-metric', (params) => done(log.logMetric(params.runId(), draftOf(params)))),
    write('runs/log-parameter', (params) => done(log.logParam(params.runId(), params.pair()))),
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
  ];
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
