import { fileURLToPath } from 'node:url';
import {
  type handleUnaryCall,
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServiceDefinition,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { FastifyInstance } from 'fastify';
import { type Log, MIB, PilotfishError } from '../../base/index.ts';
import { answerOf, usage } from '../errors.ts';
import { bodyOf, type InferAnswer, type InferRequest, messageOf } from './grpc-tensors.ts';

export type GrpcOptions = {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  /** Throws for a caller who may ask nothing at all; what else they may, the routes say. */
  readonly admit: (headers: Readonly<Record<string, string>>) => void;
};

/** A door for gRPC that is open. */
export type GrpcDoor = {
  /** Host and port. */
  readonly address: string;
  /** Takes no more calls; resolves when those under way are answered. */
  close(): Promise<void>;
  /** Ends those under way. */
  cut(): void;
};

/** As many FP64 as fit, written as JSON, the body that the route takes. */
const MAX_MESSAGE_BYTES = 16 * MIB;
const MAX_NAME_LENGTH = 1024;
/** The status goes with the headers, which are small. */
const MAX_DETAILS_LENGTH = 1024;
const PROTO = fileURLToPath(new URL('open_inference.proto', import.meta.url));
const SERVICE = 'inference.GRPCInferenceService';
/** Whom anyone may ask. */
const OPEN = ['ServerLive', 'ServerReady', 'ServerMetadata'].map((method) => `/${SERVICE}/${method}`);
/** What is told of the caller to the routes. */
const HEADERS = ['authorization', 'x-request-id'];

type Asked = { readonly method?: 'POST'; readonly url: string; readonly payload?: object };
type Named = { readonly name: string; readonly version: string };
type Listed = { readonly model_name: string };

/** A call, as the same question by REST. */
type Way<Request, Body> = {
  readonly ask: (request: Request) => Asked;
  readonly answer: (body: Body, request: Request) => object;
};

function wayOf<Request, Body = object>(
  ask: (request: Request) => Asked,
  answer: (body: Body, request: Request) => object = (body) => body as object,
): Way<unknown, unknown> {
  return { ask: ask as Way<unknown, unknown>['ask'], answer: answer as Way<unknown, unknown>['answer'] };
}

const WAYS: Readonly<Record<string, Way<unknown, unknown>>> = {
  ServerLive: wayOf(() => ({ url: '/v2/health/live' })),
  ServerReady: wayOf(() => ({ url: '/v2/health/ready' })),
  ServerMetadata: wayOf(() => ({ url: '/v2' })),
  ModelReady: wayOf(({ name, version }: Named) => ({ url: `${pathOf(name, version)}/ready` })),
  ModelMetadata: wayOf(({ name, version }: Named) => ({ url: pathOf(name, version) })),
  ModelInfer: wayOf<InferRequest, InferAnswer>(
    (request) => ({
      method: 'POST',
      url: `${pathOf(request.model_name, request.model_version)}/infer`,
      payload: bodyOf(request),
    }),
    (body, request) => messageOf(body, request.raw_input_contents.length > 0),
  ),
  RepositoryIndex: wayOf(
    () => ({ method: 'POST', url: '/v2/repository/index', payload: {} }),
    (models: readonly { readonly state: string }[], { ready }: { readonly ready: boolean }) => ({
      models: ready ? models.filter(({ state }) => state === 'READY') : models,
    }),
  ),
  RepositoryModelLoad: wayOf(({ model_name }: Listed) => repository(model_name, 'load')),
  RepositoryModelUnload: wayOf(({ model_name }: Listed) => repository(model_name, 'unload')),
};

/** A name as a part of a path, which it may not leave. */
const segment = (name: string): string => {
  if (name === '' || name === '.' || name === '..' || name.length > MAX_NAME_LENGTH) {
    throw usage(`give the name of a model, in at most ${MAX_NAME_LENGTH} characters`);
  }
  return encodeURIComponent(name.toWellFormed());
};
const pathOf = (name: string, version: string): string =>
  `/v2/models/${segment(name)}${version === '' ? '' : `/versions/${segment(version)}`}`;
const repository = (name: string, verb: string): Asked => ({
  ...{ method: 'POST', url: `/v2/repository/models/${segment(name)}/${verb}`, payload: {} },
});

/** Codes of gRPC for those of HTTP. */
const CODES: Readonly<Record<number, status>> = {
  ...{ 400: status.INVALID_ARGUMENT, 401: status.UNAUTHENTICATED, 403: status.PERMISSION_DENIED },
  ...{ 404: status.NOT_FOUND, 409: status.FAILED_PRECONDITION, 413: status.RESOURCE_EXHAUSTED },
  ...{ 429: status.RESOURCE_EXHAUSTED, 501: status.UNIMPLEMENTED, 503: status.UNAVAILABLE },
  507: status.RESOURCE_EXHAUSTED,
};

/**
 * Opens the Open Inference Protocol, version 2, for gRPC, without TLS: every call is put to the route for REST, so that
 * keys, roles, limits, metrics and the log are the same. Of a caller without a key no message is read.
 * @throws PilotfishError `IO` for a port that is taken.
 */
export async function openGrpc(
  app: FastifyInstance,
  { host, port, log, admit }: GrpcOptions,
): Promise<GrpcDoor> {
  // What goes wrong comes as an error: the log is no place for lines of another form.
  setLogVerbosity(logVerbosity.NONE);
  const interceptors = [guard(admit, log)];
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES, interceptors });
  const read = { keepCase: true, longs: Number, defaults: true, arrays: true } as const;
  const service = loadSync(PROTO, read)[SERVICE] as ServiceDefinition;
  server.addService(
    service,
    Object.fromEntries(Object.entries(WAYS).map(([name, way]) => [name, handlerOf(app, log, way)])),
  );
  const name = host.includes(':') ? `[${host}]` : host;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (error, at) => {
      if (error === null) return resolve(at);
      const message = `cannot listen on ${name}:${port} (${error.message}): choose another --grpc-port`;
      reject(new PilotfishError('IO', message, { cause: error }));
    });
  });
  return {
    address: `${name}:${bound}`,
    close: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
    cut: () => server.forceShutdown(),
  };
}

const headersOf = (metadata: Metadata, host: string): Record<string, string> => {
  const given = HEADERS.flatMap((name) => metadata.get(name).map((value) => [name, String(value)]));
  return { host, ...Object.fromEntries(given) };
};

/** Ends calls of who may not call when their headers are there: what they send after those is not waited for. */
function guard(admit: GrpcOptions['admit'], log: Log): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, received) => {
            try {
              if (!OPEN.includes(path)) admit(headersOf(metadata, call.getHost()));
            } catch (error) {
              call.sendStatus(failure(error, path, log));
              return;
            }
            received(metadata);
          },
        }),
    });
}

function handlerOf(
  app: FastifyInstance,
  log: Log,
  { ask, answer }: Way<unknown, unknown>,
): handleUnaryCall<unknown, object> {
  const answered = async (call: ServerUnaryCall<unknown, object>): Promise<object> => {
    const headers = headersOf(call.metadata, call.getHost());
    const remoteAddress = call.getPeer().replace(/:[0-9]+$/, '');
    const response = await app.inject({ ...ask(call.request), headers, remoteAddress });
    if (response.statusCode === 200) return answer(response.json(), call.request);
    const { error } = response.json<{ error: string }>();
    throw refusal(response.statusCode, error);
  };
  return (call, callback) => {
    answered(call).then(
      (message) => callback(null, message),
      (error: unknown) => callback(isRefusal(error) ? error : failure(error, call.getPath(), log)),
    );
  };
}

type Refusal = ReturnType<typeof refusal>;

const refusal = (code: number, message: string) => ({
  code: CODES[code] ?? status.INTERNAL,
  details: message.slice(0, MAX_DETAILS_LENGTH).toWellFormed(),
  metadata: new Metadata(),
});

const isRefusal = (error: unknown): error is Refusal =>
  (error as Partial<Refusal>).metadata instanceof Metadata;

/** For what went wrong before or after the route, which tells the log itself. */
function failure(error: unknown, path: string, log: Log): Refusal {
  const { status: code, message } = answerOf(error, path);
  if (code >= 500)
    log.write('error', message, { stack: error instanceof Error ? (error.stack ?? '') : String(error) });
  return refusal(code, message);
}
