import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { type Clock, KIB, type Log, MIB, type RandomSource } from '../../base/index.ts';
import { answerOf, type ErrorAnswer, TurnedAway } from '../errors.ts';
import { type Demand, type Identity, requireRole } from '../identity.ts';
import type { Access } from './access.ts';
import { RateLimit } from './rate-limit.ts';
import type { Tuned } from './tuning.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. Admins, unless it says otherwise. */
    role?: Demand;
  }
  interface FastifyRequest {
    identity: Identity | undefined;
    startedMs: number;
  }
}

/** Is told of every answer. */
export interface RequestObserver {
  observe(request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
}

export type FrameOptions = {
  readonly access: Access;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly observer?: RequestObserver;
  /** What holds now; asked at every request. */
  readonly tuned?: Tuned;
  /** Requests that may be under way at once. 1024. */
  readonly maxRequests?: number;
};

/** Time for the whole of a request: an upload may be long, its headers may not (Node: a minute). */
const REQUEST_TIMEOUT_MS = 1_800_000;
const KEEP_ALIVE_MS = 72_000;
const MAX_HEADER_BYTES = 32 * KIB;
const MAX_PARAM_LENGTH = 4096;
const REQUEST_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const RETRY_SECONDS = '1';

/** The server without its routes: who calls, how much, how long; what goes wrong; what is logged of it. */
export function makeFrame(options: FrameOptions): FastifyInstance {
  const { random, maxRequests = 1024, clock } = options;
  const prefix = random(6).toString('hex');
  let count = 0;
  const app = fastify({
    logger: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
      count += 1;
      return `${prefix}-${count.toString(36)}`;
    },
    bodyLimit: MIB,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'remove',
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: {
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      maxParamLength: MAX_PARAM_LENGTH,
    },
  });
  app.decorateRequest('identity');
  app.decorateRequest('startedMs', 0);
  const limit = new RateLimit(clock);
  let running = 0;
  app.addHook('onRequest', (request, reply, done) => {
    request.startedMs = clock.monotonicMs();
    running += 1;
    // Comes also when the caller hangs up, which the hook for answers does not.
    reply.raw.once('close', () => {
      running -= 1;
    });
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    try {
      admit(options, request, running > maxRequests ? 'busy' : limit);
      done();
    } catch (error) {
      if (error instanceof TurnedAway) headersOf(error, reply);
      done(error as Error);
    }
  });
  app.addHook('onResponse', (request, reply, done) => {
    tell(options, request, reply);
    done();
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = explain(options, error, request);
    void reply.code(answer.status).send({ error: { code: answer.code, message: answer.message } });
  });
  app.setNotFoundHandler({}, notFound);
  return app;
}

/** Lets a request in. @throws TurnedAway for who may not, or not now. */
function admit({ access, tuned }: FrameOptions, request: FastifyRequest, limit: RateLimit | 'busy'): void {
  const demand = request.routeOptions.config.role ?? (request.is404 ? 'anyone' : 'admin');
  if (limit === 'busy' && demand !== 'anyone')
    throw new TurnedAway(503, 'too many requests at once: try again');
  request.identity = access.identify(request);
  const rate = tuned?.current.requestsPerSecond;
  const client = request.identity?.actor ?? request.ip;
  if (limit instanceof RateLimit && rate !== undefined && !limit.take(client, rate)) {
    throw new TurnedAway(429, 'too many requests a second: slow down');
  }
  requireRole(request.identity, demand);
}

function headersOf({ statusCode }: TurnedAway, reply: FastifyReply): void {
  if (statusCode === 401) void reply.header('www-authenticate', 'Bearer');
  if (statusCode === 429 || statusCode === 503) void reply.header('retry-after', RETRY_SECONDS);
}

/** What the caller is told of an error; the log has all of it. */
export function explain(
  { log }: Pick<FrameOptions, 'log'>,
  error: unknown,
  request: FastifyRequest,
): ErrorAnswer {
  const answer = answerOf(error, request.id);
  // A body that broke off because its sender hung up is no trouble of ours.
  const isCutOff = request.raw.destroyed && !request.raw.complete;
  if (answer.status >= 500 && !isCutOff) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.write('error', answer.message, { requestId: request.id, code: answer.code, stack });
  }
  return answer;
}

function tell(
  { log, tuned, observer, clock }: FrameOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { method, id: requestId, identity } = request;
  const { statusCode: status } = reply;
  const durationMs = clock.monotonicMs() - request.startedMs;
  observer?.observe({ method, route: request.routeOptions.url ?? '(none)', status, durationMs });
  if (tuned?.current.logsRequests !== true && status < 400) return;
  // Without the query: a key may have been put there by mistake.
  const path = request.url.split('?', 1)[0] ?? '';
  const actor = identity?.actor ?? '';
  const level = status >= 500 ? 'error' : 'info';
  log.write(level, 'request', {
    requestId,
    method,
    path,
    status,
    durationMs: Math.round(durationMs * 1000) / 1000,
    actor,
  });
}

/** As MLflow's server says it: clients look at the type to tell a route that is not there from a thing that is not. */
const NOT_FOUND_PAGE =
  '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n';

function notFound(_request: FastifyRequest, reply: FastifyReply): void {
  void reply.code(404).type('text/html; charset=utf-8').send(NOT_FOUND_PAGE);
}
