import { Readable } from 'node:stream';
import type { ModelStatus, ModelVersion } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { requireModel } from '../identity.ts';
import * as schemas from './schemas.ts';
import { changeOf, type NativeOptions, type NativeScope, refOf } from './scope.ts';

const tags = ['models'];
const viewer = { role: 'viewer' } as const;
const contributor = { role: 'contributor' } as const;
const approver = { role: 'approver' } as const;

/** Adds what is about models and their versions. */
export function addModels(scope: NativeScope, options: NativeOptions): void {
  addReading(scope, options);
  addRegistering(scope, options);
  addMoving(scope, options);
  addPredicting(scope, options);
}

/** As JSON has it: no field that is undefined, no list that cannot be changed. */
const shown = (version: ModelVersion) => ({
  ...version,
  ...{ aliases: [...version.aliases], files: [...version.files] },
  ...{ metrics: { ...version.metrics }, parameters: { ...version.parameters }, tags: { ...version.tags } },
});

function addReading(scope: NativeScope, { directory }: NativeOptions): void {
  const { registry } = directory;
  scope.get(
    '/models',
    {
      config: viewer,
      schema: {
        tags,
        summary: 'Versions',
        querystring: schemas.listQuery,
        response: { 200: schemas.versions },
      },
    },
    async ({ query, identity }) => {
      const { name, status } = query;
      const filter = {
        ...(name === undefined ? {} : { name }),
        ...(status === undefined ? {} : { status: status as ModelStatus }),
      };
      const found = await registry.listModels(filter);
      const allowed = found.filter((version) => identity?.models?.includes(version.name) ?? true);
      return { models: allowed.map(shown) };
    },
  );
  scope.get(
    '/models/:name/versions/:version',
    {
      config: viewer,
      schema: {
        ...{ tags, summary: 'A version with its evidence' },
        ...{ params: schemas.versionPath, response: { 200: schemas.shown } },
      },
    },
    async ({ params, identity }) => {
      requireModel(identity, params.name);
      const found = await registry.versions.get(refOf(params));
      return {
        version: shown(found),
        evidence: await registry.transitions.evidenceOf({ modelId: found.modelId }),
      };
    },
  );
}

function addRegistering(scope: NativeScope, { directory }: NativeOptions): void {
  scope.post(
    '/models/:name/versions',
    {
      config: contributor,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        ...{ tags, summary: 'Register a version; the body is its file' },
        description: 'A name that is new is made, with the guarded life cycle.',
        consumes: ['application/octet-stream'],
        ...{
          params: schemas.modelPath,
          querystring: schemas.registerQuery,
          response: { 201: schemas.version },
        },
      },
    },
    async (request, reply) => {
      const { params, query, body, identity } = request;
      requireModel(identity, params.name);
      if (!(body instanceof Readable)) throw usage('send the file as the body, as application/octet-stream');
      const { reason, file, sha256, description, metrics, tags: given, ...rest } = query;
      const metadata = {
        ...{ ...rest, name: params.name },
        ...(file === undefined ? {} : { filePath: file }),
        ...(sha256 === undefined ? {} : { fileHash: sha256 }),
        ...(description === undefined ? {} : { description }),
        ...(metrics === undefined ? {} : { metrics }),
        ...(given === undefined ? {} : { tags: given }),
      };
      const modelId = await directory.registry.registerModel(metadata, body, changeOf(request, reason));
      return reply.code(201).send(shown(await directory.registry.getModel(modelId)));
    },
  );
}

function addMoving(scope: NativeScope, { directory, follow }: NativeOptions): void {
  const { registry } = directory;
  scope.post(
    '/models/:name/versions/:version/promote',
    {
      config: approver,
      schema: {
        ...{ tags, summary: 'Move a version through its life cycle', params: schemas.versionPath },
        ...{ body: schemas.promoteBody, response: { 200: schemas.version } },
      },
    },
    async (request) => {
      const { params, body } = request;
      requireModel(request.identity, params.name);
      const moved = await registry.transitions.promote(refOf(params), body.to as ModelStatus, {
        ...(body.evidence === undefined ? {} : { evidence: body.evidence }),
        ...changeOf(request, body.reason),
      });
      await follow();
      return shown(moved);
    },
  );
  scope.post(
    '/models/:name/rollback',
    {
      config: approver,
      schema: {
        ...{ tags, summary: 'Put the version before the present one back in production' },
        ...{ params: schemas.modelPath, body: schemas.reasonBody, response: { 200: schemas.version } },
      },
    },
    async (request) => {
      requireModel(request.identity, request.params.name);
      const restored = await registry.rollbackModel(
        request.params.name,
        changeOf(request, request.body?.reason),
      );
      await follow();
      return shown(restored);
    },
  );
}

function addPredicting(scope: NativeScope, { models }: NativeOptions): void {
  scope.post(
    '/models/:name/predict',
    {
      config: viewer,
      schema: {
        ...{ tags, summary: 'Ask the version in production; features by name, or in order' },
        ...{ params: schemas.modelPath, body: schemas.predictBody, response: { 200: schemas.prediction } },
      },
    },
    async ({ params, body, identity }) => {
      requireModel(identity, params.name);
      const { features, version } = body;
      const { values, ...rest } = await models.predict(
        params.name,
        features,
        version === undefined ? {} : { version },
      );
      return { ...rest, values: [...values] };
    },
  );
}
