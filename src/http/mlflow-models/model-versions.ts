import type { ModelRegistry, RegistryDirectory, VersionFile } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { requireAllModels } from '../identity.ts';
import { filled, versionOf } from '../mlflow/objects.ts';
import type { Params } from '../mlflow/params.ts';
import { placeOf } from '../mlflow/places.ts';
import { queryOf } from '../mlflow/queries.ts';
import { approved, done, type MlflowRoute, patch, read, remove, write } from '../mlflow/route.ts';

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

/** model-versions/*: ten calls. */
export function modelVersionRoutes(directory: RegistryDirectory): MlflowRoute[] {
  const { registry } = directory;
  const ofOne = [createRoute(directory), ...changeRoutes(registry), ...readRoutes(registry)];
  return [...ofOne.map((route): MlflowRoute => ({ ...route, isOfModel: true })), searchRoute(registry)];
}

function createRoute(directory: RegistryDirectory): MlflowRoute {
  return write('model-versions/create', async (params, { change }) => {
    const source = params.requiredText('source');
    const [modelId, description] = [params.text('model_id') || undefined, params.text('description')];
    const draft = {
      ...{ source, runId: params.text('run_id') ?? '', runLink: params.text('run_link') ?? '' },
      ...{ loggedModelId: modelId, tags: params.record('tags') },
      ...(description ? { description } : {}),
      ...(await filesAt(directory, source, modelId)),
    };
    const made = await directory.registry.versions.create(params.requiredText('name'), draft, change);
    return { model_version: versionOf(made) };
  });
}

function changeRoutes({ versions, transitions }: ModelRegistry): MlflowRoute[] {
  return [
    patch('model-versions/update', async (params, { change }) => {
      const [ref, text] = [refOf(params), params.text('description')];
      const kept = text === undefined ? versions.get(ref) : versions.setDescription(ref, text, change);
      return { model_version: versionOf(await kept, { withAliases: true }) };
    }),
    approved(
      write('model-versions/transition-stage', async (params, { change }) => {
        const [ref, stage] = [refOf(params), params.requiredText('stage')];
        const archiveExisting = params.boolean('archive_existing_versions') ?? false;
        const version = await transitions.transitionStage(ref, { stage, archiveExisting }, change);
        return { model_version: versionOf(version, { withAliases: true }) };
      }),
    ),
    approved(
      remove('model-versions/delete', (params, { change }) => done(versions.delete(refOf(params), change))),
    ),
    write('model-versions/set-tag', (params, { change }) =>
      done(versions.setTag(refOf(params), params.pair(), change)),
    ),
    remove('model-versions/delete-tag', (params, { change }) =>
      done(versions.deleteTag(refOf(params), params.requiredText('key'), change)),
    ),
  ];
}

function readRoutes({ versions }: ModelRegistry): MlflowRoute[] {
  return [
    read('model-versions/get', async (params) => ({
      model_version: versionOf(await versions.get(refOf(params)), { withAliases: true }),
    })),
    read('model-versions/get-download-uri', async (params) => ({
      artifact_uri: (await versions.get(refOf(params))).downloadUri,
    })),
  ];
}

function searchRoute({ versions }: ModelRegistry): MlflowRoute {
  return read('model-versions/search', async (params, { identity }) => {
    requireAllModels(identity);
    const query = queryOf(params, [MAX_VERSIONS, DEFAULT_VERSIONS]);
    const page = await versions.search(query);
    const found = page.items.map((version) => versionOf(version));
    return { model_versions: filled(found), next_page_token: page.nextPageToken };
  });
}
