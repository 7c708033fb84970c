import { type ModelRegistry, stageOf, statusOfStage } from '../../lifecycle/index.ts';
import { requireAllModels, requireModel } from '../identity.ts';
import { filled, modelOf, versionOf } from '../mlflow/objects.ts';
import type { Params } from '../mlflow/params.ts';
import { queryOf } from '../mlflow/queries.ts';
import { approved, done, type MlflowRoute, patch, read, remove, write } from '../mlflow/route.ts';

const MAX_MODELS = 1000;
const DEFAULT_MODELS = 100;

const nameOf = (params: Params): string => params.requiredText('name');

/** registered-models/*: eleven calls, twelve routes. */
export function registeredModelRoutes(registry: ModelRegistry): MlflowRoute[] {
  const ofOne = [...nameRoutes(registry), ...markRoutes(registry)];
  return [...ofOne.map((route): MlflowRoute => ({ ...route, isOfModel: true })), searchRoute(registry)];
}

function nameRoutes({ models }: ModelRegistry): MlflowRoute[] {
  return [
    write('registered-models/create', async (params, { change }) => {
      const draft = {
        name: nameOf(params),
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
      return { registered_model: modelOf(await models.rename(nameOf(params), newName, change)) };
    }),
    patch('registered-models/update', async (params, { change }) => {
      const [description, deploymentJobId] = [params.text('description'), params.text('deployment_job_id')];
      const fields = {
        ...(description === undefined ? {} : { description }),
        ...(deploymentJobId === undefined ? {} : { deploymentJobId }),
      };
      return { registered_model: modelOf(await models.update(nameOf(params), fields, change)) };
    }),
    approved(
      remove('registered-models/delete', (params, { change }) => done(models.delete(nameOf(params), change))),
    ),
    read('registered-models/get', async (params) => ({
      registered_model: modelOf(await models.get(nameOf(params))),
    })),
    {
      ...read('registered-models/get-latest-versions', async (params) => {
        const latest = await models.latestVersions(nameOf(params));
        const stages = params.texts('stages').map((stage) => stageOf(statusOfStage(stage)));
        const wanted = latest.filter(({ status }) => stages.length === 0 || stages.includes(stageOf(status)));
        return { model_versions: filled(wanted.map((version) => versionOf(version, { withAliases: true }))) };
      }),
      methods: ['GET', 'POST'],
    },
  ];
}

function searchRoute({ models }: ModelRegistry): MlflowRoute {
  return read('registered-models/search', async (params, { identity }) => {
    requireAllModels(identity);
    const page = await models.search(queryOf(params, [MAX_MODELS, DEFAULT_MODELS]));
    return { registered_models: filled(page.items.map(modelOf)), next_page_token: page.nextPageToken };
  });
}

/** Tags and aliases. */
function markRoutes({ models, versions }: ModelRegistry): MlflowRoute[] {
  return [
    write('registered-models/set-tag', (params, { change }) =>
      done(models.setTag(nameOf(params), params.pair(), change)),
    ),
    remove('registered-models/delete-tag', (params, { change }) =>
      done(models.deleteTag(nameOf(params), params.requiredText('key'), change)),
    ),
    approved(
      write('registered-models/alias', (params, { change }) => {
        const [alias, version] = [params.requiredText('alias'), params.requiredVersion()];
        return done(models.setAlias(nameOf(params), alias, version, change));
      }),
    ),
    approved(
      remove('registered-models/alias', (params, { change }) =>
        done(models.deleteAlias(nameOf(params), params.requiredText('alias'), change)),
      ),
    ),
    read('registered-models/alias', async (params) => {
      const ref = { name: nameOf(params), alias: params.requiredText('alias') };
      return { model_version: versionOf(await versions.get(ref), { withAliases: true }) };
    }),
  ];
}
