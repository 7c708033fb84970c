import type { LoggedModelStatus, LoggedModels, TrackingStore } from '../../lifecycle/index.ts';
import { filled, loggedModelOf } from '../mlflow/objects.ts';
import { missing, type Params } from '../mlflow/params.ts';
import { choice } from '../mlflow/queries.ts';
import { done, type MlflowRoute, patch, read, remove, write } from '../mlflow/route.ts';
import { artifactsBelow } from './artifacts.ts';

const STATUSES: readonly LoggedModelStatus[] = [
  'LOGGED_MODEL_STATUS_UNSPECIFIED',
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
];
const ONE = 'logged-models/:model_id';

const idOf = (params: Params): string => params.requiredText('model_id');

/** logged-models/* */
export function loggedModelRoutes({ loggedModels, artifacts }: TrackingStore): MlflowRoute[] {
  return [
    write('logged-models', async (params) => {
      const draft = {
        ...{ experimentId: params.requiredText('experiment_id'), name: params.text('name') },
        ...{ modelType: params.text('model_type') ?? '', sourceRunId: params.text('source_run_id') ?? '' },
        ...{ params: params.pairs('params'), tags: params.pairs('tags') },
      };
      return { model: loggedModelOf(await loggedModels.create(draft)) };
    }),
    searchRoute(loggedModels),
    read(ONE, async (params) => ({ model: loggedModelOf(await loggedModels.get(idOf(params))) })),
    patch(ONE, async (params) => {
      const status = choice(params, 'status', STATUSES, 0);
      if (status === undefined) throw missing('status');
      return { model: loggedModelOf(await loggedModels.finalize(idOf(params), status)) };
    }),
    remove(ONE, (params) => done(loggedModels.delete(idOf(params)))),
    patch(`${ONE}/tags`, async (params) => ({
      model: loggedModelOf(await loggedModels.setTags(idOf(params), params.pairs('tags'))),
    })),
    remove(`${ONE}/tags/:tag_key`, (params) =>
      done(loggedModels.deleteTag(idOf(params), params.requiredText('tag_key'))),
    ),
    write(`${ONE}/params`, (params) => done(loggedModels.logParams(idOf(params), params.pairs('params')))),
    read(`${ONE}/artifacts/directories`, async (params) => {
      const { artifactUri } = await loggedModels.get(idOf(params));
      return artifactsBelow(artifacts, artifactUri, params.text('artifact_directory_path'));
    }),
  ];
}

function searchRoute(loggedModels: LoggedModels): MlflowRoute {
  const search = async (params: Params): Promise<object> => {
    const experimentIds = params.texts('experiment_ids');
    if (experimentIds.length === 0) throw missing('experiment_ids');
    const maxResults = params.integer('max_results');
    const query = {
      ...{
        experimentIds,
        filter: params.text('filter') ?? '',
        pageToken: params.text('page_token') || undefined,
      },
      datasets: params.list('datasets').map((dataset) => ({
        datasetName: dataset.requiredText('dataset_name'),
        datasetDigest: dataset.text('dataset_digest') || undefined,
      })),
      orderBy: params.list('order_by').map((order) => ({
        fieldName: order.requiredText('field_name'),
        isAscending: order.boolean('ascending') ?? true,
      })),
      ...(maxResults ? { maxResults } : {}),
    };
    const page = await loggedModels.search(query);
    return { models: filled(page.items.map(loggedModelOf)), next_page_token: page.nextPageToken };
  };
  return { ...write('logged-models/search', search), role: 'viewer' };
}
