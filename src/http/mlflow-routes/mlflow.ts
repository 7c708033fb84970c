import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Log, MIB } from '../../base/index.ts';
import type { RegistryDirectory, WebhookDispatcher } from '../../lifecycle/index.ts';
import { takeJson } from '../frame/json-body.ts';
import { requireModel } from '../identity.ts';
import { mlflowErrorOf } from '../mlflow/errors.ts';
import { Params } from '../mlflow/params.ts';
import type { MlflowRoute } from '../mlflow/route.ts';
import { modelVersionRoutes } from '../mlflow-models/model-versions.ts';
import { registeredModelRoutes } from '../mlflow-models/registered-models.ts';
import { webhookRoutes } from '../mlflow-models/webhooks.ts';
import { artifactRoutes } from '../mlflow-tracking/artifacts.ts';
import { datasetRoutes, experimentRoutes } from '../mlflow-tracking/experiments.ts';
import { historyRoutes } from '../mlflow-tracking/history.ts';
import { loggedModelRoutes } from '../mlflow-tracking/logged-models.ts';
import { promptlabRoutes } from '../mlflow-tracking/promptlab.ts';
import { loggingRoutes, runRoutes } from '../mlflow-tracking/runs.ts';
import { addDownloads, addProxy, addUploads } from './proxy.ts';

const API = ['/api/2.0', '/ajax-api/2.0'] as const;
/** Room for the profile of a data set. */
const MAX_BODY_BYTES = 32 * MIB;

export type MlflowOptions = {
  readonly directory: RegistryDirectory;
  /** Tests webhooks. */
  readonly dispatcher: WebhookDispatcher;
  readonly log: Log;
};

/** Adds MLflow's REST interface: registry, tracking, logged models, webhooks, artifacts. */
export function addMlflow(app: FastifyInstance, { directory, dispatcher, log }: MlflowOptions): void {
  const { tracking, webhooks } = directory;
  const routes = [
    ...registeredModelRoutes(directory.registry),
    ...modelVersionRoutes(directory),
    ...experimentRoutes(tracking),
    ...datasetRoutes(tracking),
    ...runRoutes(tracking),
    ...promptlabRoutes(tracking),
    ...loggingRoutes(tracking),
    ...historyRoutes(tracking.log),
    ...artifactRoutes(tracking),
    ...loggedModelRoutes(tracking),
    ...webhookRoutes(webhooks, dispatcher),
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
    for (const api of API) {
      addProxy(scope, directory, api);
      addUploads(scope, directory, api);
    }
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
      const params = new Params(valuesOf(request), { source: request.source });
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

/** Files, as they come. */
function takeStreams(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}
