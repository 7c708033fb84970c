import type { RegistryDirectory, VersionFile } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { requireAllModels } from '../identity.ts';
import { filled, versionOf } from './objects.ts';
import type { Params } from './params.ts';
import { placeOf } from './places.ts';
import { queryOf } from './registered-models.ts';
import { done, type MlflowRoute, read, write } from './route.ts';

const MAX_VERSIONS = 200_000;
const DEFAULT_VERSIONS = 10_000;

/** MLflow counts versions; only numbers name one here. @throws PilotfishError `USAGE`. */
function refOf(params: Params): { name: string; version: string } {
  const [name, version] = [params.requiredText('name'), params.requiredVersion()];
  if (/^[0-9]{1,15}$/.test(version)) return { name, version: String(Number(version)) };
  throw usage(`Parameter 'version' must be an integer, got '${version}'.`);
}

/** Files of a source that were uploaded here: with them a version is verified, and can be served. */
async function filesAt(
  { tracking }: RegistryDirectory,
  source: string,
  modelId: string | undefined,
): Promise<{ readonly files?: readonly VersionFile[] }> {
  const uri =
    /^models:\/m-/.test(source) && modelId ? (await tracking.loggedModels.get(modelId)).artifactUri : source;
  const place = placeOf(uri);
  if (place === undefined) return {};
  const files = await tracking.artifacts.files(place.root, place.path);
  const skipped = place.path === '' ? 0 : place.path.length + 1;
  if (files.length === 0) return {};
  return { files: files.map(({ path, sha256, bytes }) => ({ name: path.slice(skipped), sha256, bytes })) };
}

/** model-versions/*: ten calls. `changed` is told after a stage may have changed. */
export function modelVersionRoutes(directory: RegistryDirectory, changed: () => void): MlflowRoute[] {
  const { registry } = directory;
  const { versions, transitions } = registry;
  const routes: MlflowRoute[] = [
    write('model-versions/create', async (params, { change }) => {
      const [source, runId, modelId] = [
        params.requiredText('source'),
        params.text('run_id'),
        params.text('model_id'),
      ];
      const description = params.text('description');
      const draft = {
        ...{
          source,
          runId: runId ?? '',
          runLink: params.text('run_link') ?? '',
          loggedModelId: modelId || undefined,
        },
        ...{ tags: params.record('tags'), ...(description ? { description } : {}) },
        ...(await filesAt(directory, source, modelId)),
      };
      return { model_version: versionOf(await versions.create(params.requiredText('name'), draft, change)) };
    }),
    {
      ...write('model-versions/update', async (params, { change }) => {
        const ref = refOf(params);
        const description = params.text('description');
        const version =
          description === undefined
            ? await versions.get(ref)
            : await versions.setDescription(ref, description, change);
        return { model_version: versionOf(version, { withAliases: true }) };
      }),
      methods: ['PATCH'],
    },
    {
      ...write('model-versions/transition-stage', async (params, { change }) => {
        const ref = refOf(params);
        const stage = params.requiredText('stage');
        const archiveExisting = params.boolean('archive_existing_versions') ?? false;
        const version = await transitions.transitionStage(ref, { stage, archiveExisting }, change);
        changed();
        return { model_version: versionOf(version, { withAliases: true }) };
      }),
      role: 'approver',
    },
    {
      ...write('model-versions/delete', async (params, { change }) => {
        await versions.delete(refOf(params), change);
        changed();
        return {};
      }),
      ...{ methods: ['DELETE'], role: 'approver' },
    },
    read('model-versions/get', async (params) => ({
      model_version: versionOf(await versions.get(refOf(params)), { withAliases: true }),
    })),
    read('model-versions/search', async (params, { identity }) => {
      requireAllModels(identity);
      const page = await versions.search(queryOf(params, [MAX_VERSIONS, DEFAULT_VERSIONS]));
      return {
        model_versions: filled(page.items.map((version) => versionOf(version))),
        next_page_token: page.nextPageToken,
      };
    }),
    read('model-versions/get-download-uri', async (params) => ({
      artifact_uri: (await versions.get(refOf(params))).downloadUri,
    })),
    write('model-versions/set-tag', (params, { change }) => {
      const tag = { key: params.requiredText('key'), value: params.text('value') ?? '' };
      return done(versions.setTag(refOf(params), tag, change));
    }),
    {
      ...write('model-versions/delete-tag', (params, { change }) =>
        done(versions.deleteTag(refOf(params), params.requiredText('key'), change)),
      ),
      methods: ['DELETE'],
    },
  ];
  return routes.map((route) => (route.path.endsWith('/search') ? route : { ...route, isOfModel: true }));
}
