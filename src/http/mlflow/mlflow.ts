import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Log, MIB } from '../../base/index.ts';
import type { RegistryDirectory } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { requireModel } from '../identity.ts';
import { artifactRoutes } from './artifacts.ts';
import { mlflowErrorOf } from './errors.ts';
import { experimentRoutes } from './experiments.ts';
import { loggedModelRoutes } from './logged-models.ts';
import { modelVersionRoutes } from './model-versions.ts';
import { Params } from './params.ts';
import { addDownloads, addProxy } from './proxy.ts';
import { registeredModelRoutes } from './registered-models.ts';
import type { MlflowRoute } from './route.ts';
import { loggingRoutes, runRoutes } from './runs.ts';
import { webhookRoutes } from './webhooks.ts';

export type MlflowOptions = {
  readonly directory: RegistryDirectory;
  readonly log: Log;
  /** Called after the stage of a version may have changed. */
  readonly stagesChanged: () => void;
};

const API = ['/api/2.0', '/ajax-api/2.0'] as const;
/** Room for the profile of a data set. */
const MAX_BODY_BYTES = 32 * MIB;

/** Adds MLflow's REST interface: registry, tracking, logged models, webhooks, artifacts. */
export function addMlflow(app: FastifyInstance, { directory, log, stagesChanged }: MlflowOptions): void {
  const { tracking, webhooks } = directory;
  const routes = [
    ...registeredModelRoutes(directory),
    ...modelVersionRoutes(directory, stagesChanged),
    ...experimentRoutes(tracking),
    ...runRoutes(tracking),
    ...loggingRoutes(tracking),
    ...artifactRoutes(tracking),
    ...loggedModelRoutes(tracking),
    ...webhookRoutes(webhooks),
  ];
  const onError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { status, body } = mlflowErrorOf(log, error, request);
    void reply.code(status).send(body);
  };
  void app.register((scope, _options, done) => {
    scope.setErrorHandler(onError);
    takeJson(scope);
    for (const api of API) for (const route of routes) addRoute(scope, `${api}/mlflow/${route.path}`, route);
    done();
  });
  void app.register((scope, _options, done) => {
    scope.setErrorHandler(onError);
    takeStreams(scope);
    for (const api of API) addProxy(scope, directory, api);
    for (const prefix of ['', ...API]) addDownloads(scope, directory, prefix);
    done();
  });
}

function addRoute(
  scope: FastifyInstance,
  url: string,
  { methods, role, isOfModel, answer }: MlflowRoute,
): void {
  scope.route({
    method: [...methods],
    url,
    config: { role },
    bodyLimit: MAX_BODY_BYTES,
    handler: (request) => {
      const { identity } = request;
      const params = new Params(valuesOf(request));
      if (isOfModel === true) requireModel(identity, params.text('name') ?? '');
      return answer(params, { identity, change: { actor: identity?.actor } });
    },
  });
}

/** The query of a call that looks, the body of one that changes; what the path names counts in both. */
function valuesOf({ method, query, body, params }: FastifyRequest): unknown {
  const values = method === 'GET' ? query : body;
  const isNamed = typeof params === 'object' && params !== null && Object.keys(params).length > 0;
  return isNamed ? { ...(values as object | undefined), ...params } : values;
}

/** JSON, whatever its type is called; that of old clients is JSON within JSON. */
function takeJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, bodyFrom(text.toString()));
    } catch {
      done(usage('the body is no JSON: send an object'));
    }
  });
}

function bodyFrom(text: string): unknown {
  if (text === '') return undefined;
  const body: unknown = JSON.parse(text);
  return typeof body === 'string' ? JSON.parse(body) : body;
}

/** Files, as they come. */
function takeStreams(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}
