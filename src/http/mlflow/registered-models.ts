import { type RegistryDirectory, stageOf, statusOfStage } from '../../lifecycle/index.ts';
import { requireAllModels, requireModel } from '../identity.ts';
import { filled, modelOf, versionOf } from './objects.ts';
import type { Params } from './params.ts';
import { done, type MlflowRoute, read, write } from './route.ts';

const MAX_MODELS = 1000;
const DEFAULT_MODELS = 100;

/**
 * Python clients add it to every search: nothing that is a prompt. A model without the tag is none, which no comparison
 * says; there are no prompts here, so it is left out.
 */
const NO_PROMPTS =
  /(\s+AND\s+)?\btags?\.`mlflow\.prompt\.is_prompt`\s*(?:!=\s*'true'|=\s*'false')(\s+AND\s+)?/i;

/** The filter without what is always so. */
const withoutPrompts = (filter: string): string =>
  filter.replace(NO_PROMPTS, (_, before?: string, after?: string) => (before && after ? ' AND ' : '')).trim();

/** What a search asks for. */
export const queryOf = (params: Params, [most, usual]: readonly [number, number]) => ({
  filter: withoutPrompts(params.text('filter') ?? ''),
  maxResults: params.maxResults(most) ?? usual,
  orderBy: params.texts('order_by'),
  pageToken: params.text('page_token'),
});

/** registered-models/*: eleven calls, twelve routes. */
export function registeredModelRoutes({ registry }: RegistryDirectory): MlflowRoute[] {
  const { models, versions } = registry;
  const routes: MlflowRoute[] = [
    write('registered-models/create', async (params, { change }) => {
      const draft = {
        name: params.requiredText('name'),
        policy: 'open' as const,
        tags: params.record('tags'),
        description: params.text('description') || undefined,
        deploymentJobId: params.text('deployment_job_id') || undefined,
      };
      return { registered_model: modelOf(await models.create(draft, change)) };
    }),
    write('registered-models/rename', async (params, { identity, change }) => {
      const newName = params.requiredText('new_name');
      requireModel(identity, newName);
      return { registered_model: modelOf(await models.rename(params.requiredText('name'), newName, change)) };
    }),
    {
      ...write('registered-models/update', async (params, { change }) => {
        const [description, deploymentJobId] = [params.text('description'), params.text('deployment_job_id')];
        const fields = {
          ...(description === undefined ? {} : { description }),
          ...(deploymentJobId === undefined ? {} : { deploymentJobId }),
        };
        return {
          registered_model: modelOf(await models.update(params.requiredText('name'), fields, change)),
        };
      }),
      methods: ['PATCH'],
    },
    {
      ...write('registered-models/delete', (params, { change }) =>
        done(models.delete(params.requiredText('name'), change)),
      ),
      ...{ methods: ['DELETE'], role: 'approver' },
    },
    read('registered-models/get', async (params) => ({
      registered_model: modelOf(await models.get(params.requiredText('name'))),
    })),
    read('registered-models/search', async (params, { identity }) => {
      requireAllModels(identity);
      const page = await models.search(queryOf(params, [MAX_MODELS, DEFAULT_MODELS]));
      return { registered_models: filled(page.items.map(modelOf)), next_page_token: page.nextPageToken };
    }),
    {
      ...read('registered-models/get-latest-versions', async (params) => {
        const latest = await models.latestVersions(params.requiredText('name'));
        const stages = params.texts('stages').map((stage) => stageOf(statusOfStage(stage)));
        const wanted = latest.filter(({ status }) => stages.length === 0 || stages.includes(stageOf(status)));
        return { model_versions: filled(wanted.map((version) => versionOf(version, { withAliases: true }))) };
      }),
      methods: ['GET', 'POST'],
    },
    write('registered-models/set-tag', (params, { change }) => {
      const tag = { key: params.requiredText('key'), value: params.text('value') ?? '' };
      return done(models.setTag(params.requiredText('name'), tag, change));
    }),
    {
      ...write('registered-models/delete-tag', (params, { change }) =>
        done(models.deleteTag(params.requiredText('name'), params.requiredText('key'), change)),
      ),
      methods: ['DELETE'],
    },
    {
      ...write('registered-models/alias', (params, { change }) => {
        const [alias, version] = [params.requiredText('alias'), params.requiredVersion()];
        return done(models.setAlias(params.requiredText('name'), alias, version, change));
      }),
      role: 'approver',
    },
    {
      ...write('registered-models/alias', (params, { change }) =>
        done(models.deleteAlias(params.requiredText('name'), params.requiredText('alias'), change)),
      ),
      ...{ methods: ['DELETE'], role: 'approver' },
    },
    read('registered-models/alias', async (params) => {
      const ref = { name: params.requiredText('name'), alias: params.requiredText('alias') };
      return { model_version: versionOf(await versions.get(ref), { withAliases: true }) };
    }),
  ];
  return routes.map((route) => (route.path.endsWith('/search') ? route : { ...route, isOfModel: true }));
}
