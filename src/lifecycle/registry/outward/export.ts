import { PilotfishError } from '../../../base/index.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { ModelVersion, VersionRef } from '../models/types.ts';
import { VERSION_TEXT_TAG } from '../search/specs.ts';
import type { MlflowClient } from './mlflow-client.ts';

export type ExportOptions = {
  readonly client: MlflowClient;
  /** The experiment of the run; the name of the model when undefined. */
  readonly experimentName?: string | undefined;
};

/** A version as it is in the other registry. */
export type ExportedVersion = {
  readonly name: string;
  /** The number it has there. */
  readonly version: string;
  /** False for one that was there already. */
  readonly isNew: boolean;
};

const ID_TAG = 'pilotfish.model_id';

/**
 * Pushes a version into an MLflow server: a run with its parameters, metrics and files, and a version of a registered model
 * of the same name. What has no place there are tags: our version, hash, life cycle and lineage. A version that is there
 * already is not sent again.
 * @throws PilotfishError `MISSING`; `REFUSED` for an artefact that lies elsewhere; `DAMAGED`, `TAMPERED`, both before anything
 * is sent; as `MlflowClient`.
 */
export async function exportVersion(
  registry: ModelRegistry,
  ref: VersionRef,
  { client, experimentName }: ExportOptions,
): Promise<ExportedVersion> {
  const version = await registry.versions.get(ref);
  const { name, modelId, number, files, description } = version;
  if (files.length === 0) {
    throw new PilotfishError(
      'REFUSED',
      `the artefact of ${name} ${number} lies at ${version.source}: export it from there`,
    );
  }
  for (const { sha256 } of files) await registry.store.verify(sha256);
  const known = await client.findVersion(name, { key: ID_TAG, value: modelId });
  if (known !== undefined) return { name, version: known, isNew: false };
  const tags = tagsOf(version);
  const run = {
    experimentName: experimentName ?? name,
    runName: version.version ?? `${name} ${number}`,
    ...{ metrics: version.metrics, parameters: version.parameters, tags },
  };
  const uploads = files.map((file) => ({
    ...{ name: file.name, bytes: file.bytes, open: () => registry.store.read(file.sha256) },
  }));
  const { runId, modelUri: source } = await client.logFiles(run, uploads);
  const made = await client.registerVersion({ name, source, runId, description, tags });
  return { name, version: made, isNew: true };
}

function tagsOf(version: ModelVersion): Record<string, string> {
  const { algorithm, framework, lineage, trainingData, status, fileHash, modelId } = version;
  const own: Readonly<Record<string, string | undefined>> = {
    [ID_TAG]: modelId,
    ...{ [VERSION_TEXT_TAG]: version.version, 'pilotfish.sha256': fileHash, 'pilotfish.status': status },
    ...{ 'pilotfish.algorithm': algorithm, 'pilotfish.framework': framework },
    'pilotfish.lineage': lineage === undefined ? undefined : JSON.stringify(lineage),
    'pilotfish.training': trainingData === undefined ? undefined : JSON.stringify(trainingData),
  };
  const said = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...version.tags, ...Object.fromEntries(said) };
}
