import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RegistryDirectory } from '../../lifecycle/index.ts';
import { requireModel } from '../identity.ts';
import { fileAt } from './artifacts.ts';
import { filled } from './objects.ts';
import { missing, Params } from './params.ts';
import { placeAt, placeOf } from './places.ts';

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

const bodyOf = ({ body }: FastifyRequest): Readable | Uint8Array =>
  body instanceof Readable ? body : new Uint8Array();

/** Adds the ways to a file by its run, logged model or version. */
export function addDownloads(app: FastifyInstance, directory: RegistryDirectory, prefix: string): void {
  const { registry, tracking } = directory;
  const config = { role: 'viewer' } as const;
  const byRun = async (request: FastifyRequest, reply: FastifyReply) => {
    const params = new Params(request.query);
    const path = params.text('path') ?? '';
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
    .send(Readable.from(registry.store.read(sha256), { objectMode: false }));
}
