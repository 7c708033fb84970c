import { PilotfishError } from '../../base/index.ts';
import { type Artifacts, checkArtifactPath, type TrackingStore } from '../../lifecycle/index.ts';
import { filled } from '../mlflow/objects.ts';
import { type Place, placeOf } from '../mlflow/places.ts';
import { type MlflowRoute, read } from '../mlflow/route.ts';

/** The files below a URI, as MLflow lists them. @throws PilotfishError `USAGE` for a path that leaves it. */
export async function artifactsBelow(
  artifacts: Artifacts,
  rootUri: string,
  path: string | undefined,
): Promise<object> {
  if (path !== undefined && path !== '') checkArtifactPath(path);
  const place = placeOf(rootUri);
  // What lies elsewhere is for the client to list.
  const entries = place === undefined ? [] : await artifacts.list(...within(place, path ?? ''));
  const skipped = place === undefined || place.path === '' ? 0 : place.path.length + 1;
  const files = entries.map((entry) => ({
    ...{ path: entry.path.slice(skipped), is_dir: entry.isDirectory, file_size: entry.bytes },
  }));
  return { root_uri: rootUri, files: filled(files) };
}

/** The root and the path below it. */
export const within = ({ root, path: above }: Place, path: string): [string, string] => [
  root,
  [above, path].filter((part) => part !== '').join('/'),
];

/** Where a file below a URI lies. @throws PilotfishError `USAGE`, `MISSING` for a URI of another server. */
export function fileAt(rootUri: string, path: string): [string, string] {
  checkArtifactPath(path);
  const place = placeOf(rootUri);
  if (place !== undefined) return within(place, path);
  throw new PilotfishError('MISSING', `the artifacts lie at ${rootUri}: ask there`);
}

/** artifacts/list */
export function artifactRoutes({ runs, artifacts }: TrackingStore): MlflowRoute[] {
  return [
    read('artifacts/list', async (params) => {
      const [runId, path] = [params.runId(), params.text('path')];
      if (path !== undefined && path !== '') checkArtifactPath(path);
      const { artifactUri } = await runs.get(runId);
      return artifactsBelow(artifacts, artifactUri, path);
    }),
  ];
}
