import { PilotfishError } from '../../base/index.ts';
import type { TrackingStore } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { experimentOf, filled } from '../mlflow/objects.ts';
import type { Params } from '../mlflow/params.ts';
import { queryOf, viewTypeOf } from '../mlflow/queries.ts';
import { done, type MlflowRoute, read, write } from '../mlflow/route.ts';
import { artifactLocation } from './locations.ts';

const MAX_RESULTS = 50_000;
const DEFAULT_RESULTS = 1000;

/** experiments/* */
export function experimentRoutes({ experiments }: TrackingStore): MlflowRoute[] {
  const idOf = (params: Params): string => params.requiredText('experiment_id');
  const search = async (params: Params): Promise<object> => {
    const viewType = viewTypeOf(params, 'view_type');
    const page = await experiments.search({ ...queryOf(params, [MAX_RESULTS, DEFAULT_RESULTS]), viewType });
    return { experiments: filled(page.items.map(experimentOf)), next_page_token: page.nextPageToken };
  };
  return [
    write('experiments/create', async (params, { change }) => {
      const location = params.text('artifact_location');
      const draft = {
        name: params.requiredText('name'),
        ...(location ? { artifactLocation: artifactLocation(location) } : {}),
        tags: params.record('tags'),
      };
      return { experiment_id: await experiments.create(draft, change) };
    }),
    read('experiments/get', async (params) => ({
      experiment: experimentOf(await experiments.get(idOf(params))),
    })),
    read('experiments/get-by-name', async (params) => {
      const name = params.requiredText('experiment_name');
      const found = await experiments.findByName(name);
      if (found === undefined)
        throw new PilotfishError('MISSING', `Could not find experiment with name '${name}'`);
      return { experiment: experimentOf(found) };
    }),
    { ...read('experiments/search', search), methods: ['GET', 'POST'] },
    // As clients of MLflow 1 ask for it.
    read('experiments/list', search),
    write('experiments/delete', (params, { change }) => done(experiments.delete(idOf(params), change))),
    write('experiments/restore', (params, { change }) => done(experiments.restore(idOf(params), change))),
    write('experiments/update', (params, { change }) =>
      done(experiments.rename(idOf(params), params.requiredText('new_name'), change)),
    ),
    write('experiments/set-experiment-tag', (params) =>
      done(experiments.setTag(idOf(params), params.pair())),
    ),
    write('experiments/delete-experiment-tag', (params) =>
      done(experiments.deleteTag(idOf(params), params.requiredText('key'))),
    ),
  ];
}

const MAX_EXPERIMENTS = 20;
const MAX_SUMMARIES = 1000;
const CONTEXT_TAG = 'mlflow.data.context';

/** experiments/search-datasets: what MLflow's pages offer to filter runs by. */
export function datasetRoutes({ runs }: TrackingStore): MlflowRoute[] {
  const search = async (params: Params): Promise<object> => {
    const experimentIds = params.texts('experiment_ids');
    if (experimentIds.length === 0)
      throw usage('SearchDatasets request must specify at least one experiment_id.');
    if (experimentIds.length > MAX_EXPERIMENTS) {
      throw usage(
        `SearchDatasets request cannot specify more than ${MAX_EXPERIMENTS} experiment_ids. Received ${experimentIds.length} experiment_ids.`,
      );
    }
    const summaries = new Map<string, object>();
    for (const run of (await runs.search({ experimentIds, maxResults: MAX_SUMMARIES })).items) {
      for (const { dataset, tags } of run.datasetInputs) {
        const { name, digest } = dataset;
        const summary = { experiment_id: run.experimentId, name, digest, context: tags[CONTEXT_TAG] };
        summaries.set(JSON.stringify(summary), summary);
      }
    }
    return { dataset_summaries: filled([...summaries.values()].slice(0, MAX_SUMMARIES)) };
  };
  return [{ ...write('experiments/search-datasets', search), role: 'viewer' }];
}
