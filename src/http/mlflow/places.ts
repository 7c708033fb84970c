import { hasCode } from '../../base/index.ts';
import { checkArtifactPath } from '../../lifecycle/index.ts';

/** Where a file lies in the store of artifacts: the root of a run or logged model, and the path below. */
export type Place = { readonly root: string; readonly path: string };

const SCHEME = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*/;
const FOLDER = '/artifacts';
/** What is uploaded outside of runs and logged models. */
const LOOSE = '_';

/** The place a URI names; undefined for one that is not of this server, or names no place. */
export function placeOf(uri: string): Place | undefined {
  const found = SCHEME.exec(uri);
  if (found === null) return undefined;
  try {
    return placeAt(uri.slice(found[0].length).replaceAll(/\/+/g, '/').replace(/\/$/, ''));
  } catch (error) {
    if (hasCode(error, 'USAGE')) return undefined;
    throw error;
  }
}

/** The place at a path of the proxy: `1/RUN/artifacts/model.onnx`. @throws PilotfishError `USAGE`. */
export function placeAt(given: string): Place {
  // MLflow's clients name the root of a run by a dot.
  const path = given
    .split('/')
    .filter((part) => part !== '.')
    .join('/');
  if (path !== '') checkArtifactPath(path);
  const at = `${path}/`.indexOf(`${FOLDER}/`);
  if (at < 0) return { root: LOOSE, path };
  return { root: path.slice(0, at + FOLDER.length), path: path.slice(at + FOLDER.length + 1) };
}
