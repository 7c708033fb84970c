import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PilotfishError } from '../../base/index.ts';
import { checkArtifactPath, type RegistryDirectory } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { requireModel } from '../identity.ts';
import { filled } from '../mlflow/objects.ts';
import { missing, Params } from '../mlflow/params.ts';
import { placeAt, placeOf } from '../mlflow/places.ts';
import { fileAt } from '../mlflow-tracking/artifacts.ts';

const PROXY = '/mlflow-artifacts/artifacts';

type Wild = { readonly '*': string };

/** Adds the artifact proxy: files go to and come from the store of this server. `prefix` as in `/api/2.0`. */
export function addProxy(app: FastifyInstance, directory: RegistryDirectory, prefix: string): void {
  const { artifacts } = directory.tracking;
  const [viewer, contributor] = [{ role: 'viewer' } as const, { role: 'contributor' } as const];
  app.get<{ Querystring: { path?: string } }>(`${prefix}${PROXY}`, { config: viewer }, async ({ query }) => {
    const { root, path } = placeAt((query.path ?? '').replace(/^\/+|\/+$/g, ''));
    const entries = await artifacts.list(root, path);
    const files = entries.map((entry) => ({
      ...{ path: basename(entry.path), is_dir: entry.isDirectory, file_size: entry.bytes },
    }));
    return { files: filled(files) };
  });
  app.get<{ Params: Wild }>(`${prefix}${PROXY}/*`, { config: viewer }, (request, reply) => {
    const { root, path } = placeAt(request.params['*']);
    return send(directory, [root, path], reply);
  });
  app.put<{ Params: Wild }>(
    `${prefix}${PROXY}/*`,
    { config: contributor, bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request) => {
      const { root, path } = placeAt(request.params['*']);
      await artifacts.put(root, path, bodyOf(request));
      return {};
    },
  );
  app.delete<{ Params: Wild }>(`${prefix}${PROXY}/*`, { config: contributor }, async (request) => {
    const { root, path } = placeAt(request.params['*']);
    await artifacts.remove(root, path);
    return {};
  });
}

/** Adds how MLflow's pages upload a file, and what its clients try with a large one before they send it whole. */
export function addUploads(app: FastifyInstance, { tracking }: RegistryDirectory, prefix: string): void {
  const config = { role: 'contributor' } as const;
  const route = { config, bodyLimit: Number.MAX_SAFE_INTEGER };
  app.post<{ Querystring: { run_uuid?: string; path?: string } }>(
    `${prefix}/mlflow/upload-artifact`,
    route,
    async (request) => {
      const { run_uuid: runId, path } = request.query;
      if (!runId) throw usage('Request must specify run_uuid.');
      if (!path) throw usage('Request must specify path.');
      checkArtifactPath(path);
      const { artifactUri } = await tracking.runs.get(runId);
      if (!(request.body instanceof Readable)) throw usage('Request must specify data.');
      await tracking.artifacts.put(...fileAt(artifactUri, path), request.body);
      return {};
    },
  );
  app.post(`${prefix}/mlflow-artifacts/mpu/*`, { config }, () => {
    // Word for word what clients look for, to send it whole then.
    throw new PilotfishError(
      'UNSUPPORTED',
      'Multipart upload is not supported for the current artifact repository',
    );
  });
}

const bodyOf = ({ body }: FastifyRequest): Readable | Uint8Array =>
  body instanceof Readable ? body : new Uint8Array();

/** Adds the ways to a file by its run, logged model or version. */
export function addDownloads(app: FastifyInstance, directory: RegistryDirectory, prefix: string): void {
  const { registry, tracking } = directory;
  const config = { role: 'viewer' } as const;
  const byRun = async (request: FastifyRequest, reply: FastifyReply) => {
    const params = new Params(request.query);
    const path = checkArtifactPath(params.text('path') ?? '');
    const { artifactUri } = await tracking.runs.get(params.runId());
    return send(directory, fileAt(artifactUri, path), reply);
  };
  const byVersion = async (request: FastifyRequest, reply: FastifyReply) => {
    const params = new Params(request.query);
    const [name, version, path] = [
      params.requiredText('name'),
      params.requiredVersion(),
      params.text('path') ?? '',
    ];
    requireModel(request.identity, name);
    checkArtifactPath(path);
    const { downloadUri, files } = await registry.versions.get({ name, version });
    const file = files.find((each) => each.name === path);
    if (placeOf(downloadUri) !== undefined || file === undefined)
      return send(directory, fileAt(downloadUri, path), reply);
    return stream(directory, file, reply);
  };
  app.get(`${prefix}/get-artifact`, { config }, byRun);
  app.get(`${prefix}/model-versions/get-artifact`, { config }, byVersion);
  app.get<{ Params: { model_id: string }; Querystring: { artifact_file_path?: string } }>(
    `${prefix}/mlflow/logged-models/:model_id/artifacts/files`,
    { config },
    async ({ params, query }, reply) => {
      const { artifactUri } = await tracking.loggedModels.get(params.model_id);
      if (query.artifact_file_path === undefined) throw missing('artifact_file_path');
      return send(directory, fileAt(artifactUri, query.artifact_file_path), reply);
    },
  );
}

async function send(
  directory: RegistryDirectory,
  [root, path]: readonly [string, string],
  reply: FastifyReply,
) {
  const { sha256, bytes } = await directory.tracking.artifacts.file(root, path);
  return stream(directory, { name: path, sha256, bytes }, reply);
}

type Stored = { readonly name: string; readonly sha256: string; readonly bytes: number };

/** As an attachment, so that no browser shows it as a page of this server. */
export function stream(
  { registry }: RegistryDirectory,
  { name, sha256, bytes }: Stored,
  reply: FastifyReply,
) {
  return reply
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(basename(name))}`)
    .header('content-length', bytes)
    .type('application/octet-stream')
    .send(Readable.from(soundOf(registry.store.read(sha256)), { objectMode: false }));
}

/** Holds the last piece back until the hash was right: a file that was changed on disk breaks off, and is never whole. */
async function* soundOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    if (held !== undefined) yield held;
    held = piece;
  }
  if (held !== undefined) yield held;
}
