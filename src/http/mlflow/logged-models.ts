import type { LoggedModelStatus, TrackingStore } from '../../lifecycle/index.ts';
import { artifactsBelow } from './artifacts.ts';
import { choice } from './experiments.ts';
import { filled, loggedModelOf } from './objects.ts';
import { missing } from './params.ts';
import { done, type MlflowRoute, read, write } from './route.ts';

const STATUSES: readonly LoggedModelStatus[] = [
  'LOGGED_MODEL_STATUS_UNSPECIFIED',
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
];
const ONE = 'logged-models/:model_id';

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
    {
      ...write('logged-models/search', async (params) => {
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
      }),
      role: 'viewer',
    },
    read(ONE, async (params) => ({
      model: loggedModelOf(await loggedModels.get(params.requiredText('model_id'))),
    })),
    {
      ...write(ONE, async (params) => {
        const status = choice(params, 'status', STATUSES, 0);
        if (status === undefined) throw missing('status');
        return { model: loggedModelOf(await loggedModels.finalize(params.requiredText('model_id'), status)) };
      }),
      methods: ['PATCH'],
    },
    {
      ...write(ONE, (params) => done(loggedModels.delete(params.requiredText('model_id')))),
      methods: ['DELETE'],
    },
    {
      ...write(`${ONE}/tags`, async (params) => ({
        model: loggedModelOf(
          await loggedModels.setTags(params.requiredText('model_id'), params.pairs('tags')),
        ),
      })),
      methods: ['PATCH'],
    },
    {
      ...write(`${ONE}/tags/:tag_key`, (params) =>
        done(loggedModels.deleteTag(params.requiredText('model_id'), params.requiredText('tag_key'))),
      ),
      methods: ['DELETE'],
    },
    write(`${ONE}/params`, (params) =>
      done(loggedModels.logParams(params.requiredText('model_id'), params.pairs('params'))),
    ),
    read(`${ONE}/artifacts/directories`, async (params) => {
      const { artifactUri } = await loggedModels.get(params.requiredText('model_id'));
      return artifactsBelow(artifacts, artifactUri, params.text('artifact_directory_path'));
    }),
  ];
}
