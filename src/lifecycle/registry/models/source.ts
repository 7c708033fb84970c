import { posix } from 'node:path';
import { PilotfishError } from '../../../base/index.ts';

/** A path of this machine: no scheme, or `file:`. */
const LOCAL = /^(?:file:(?:\/\/(?:localhost)?)?)?(?<path>(?![A-Za-z][A-Za-z0-9+.-]*:).*)$/is;

/**
 * Checks where a version is said to lie: nothing of this machine outside the artifact folder of the run or of the logged
 * model it was made of, and nothing that becomes another path when it is decoded or resolved.
 * @param artifactUri of the run or the logged model; undefined without one
 * @param parameter what names it
 * @throws PilotfishError `USAGE`, in MLflow's words.
 */
export function checkVersionSource(
  source: string,
  artifactUri: string | undefined,
  parameter: 'run_id' | 'model_id' = 'run_id',
): void {
  const decoded = decodedFully(source);
  const local = LOCAL.exec(decoded)?.groups?.['path'];
  const folder = artifactUri === undefined ? undefined : LOCAL.exec(artifactUri)?.groups?.['path'];
  if (local !== undefined) {
    const path = posix.normalize(local);
    const isWithin =
      folder !== undefined && folder !== '' && `${path}/`.startsWith(`${posix.normalize(folder)}/`);
    if (isWithin && !decoded.includes('\u0000')) return;
    throw new PilotfishError(
      'USAGE',
      `Invalid model version source: '${source}'. To use a local path as a model version source, the ${parameter} request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the ${parameter}.`,
    );
  }
  if (!decoded.includes('\u0000') && !decoded.split(/[/\\?#]/).some((part) => part === '..' || part === '.'))
    return;
  throw new PilotfishError(
    'USAGE',
    `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`,
  );
}

/** However often it was percent-encoded; each round makes it shorter, or is the last. */
function decodedFully(text: string): string {
  const once = text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return once === text ? text : decodedFully(once);
}
