import { MessageChannel } from 'node:worker_threads';
import { type Clock, type ErrorCode, errnoOf, hasCode, PilotfishError } from '../../../base/index.ts';
import { type HttpAnswer, type HttpRequest, sendHttp } from './http.ts';

/** What opens an MLflow server: a token, or a user with a password. */
export type MlflowCredentials = {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
};

/** A file to be uploaded. */
export type Upload = {
  readonly bytes: number;
  /** Called once an attempt. */
  readonly open: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
};

export type MlflowServerOptions = {
  readonly credentials: MlflowCredentials;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/** What is asked of it. A call that may be made twice is tried again after a failure that may have come after the deed. */
type Call = Pick<HttpRequest, 'method'> & {
  /** Below the address of the server. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly upload: Upload;
  readonly type?: string;
  readonly isRepeatable: boolean;
};

type Json = Readonly<Record<string, unknown>>;

const API = 'api/2.0/mlflow';
const PROXY = 'api/2.0/mlflow-artifacts/artifacts';
const ARTIFACTS = /^mlflow-artifacts:(?:\/\/(?<host>[^/]*))?\/*(?<path>.*)$/;
const ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;
const CALL_MS = 60_000;
/** The slowest upload that is waited for: 64 KiB/s. */
const BYTES_PER_MS = 65.536;
const MAX_MESSAGE = 500;
/** The server did nothing and says so: as good as never sent. */
const UNDONE = [429, 503];
/** Nobody took the request. */
const UNSENT = ['ECONNREFUSED', 'EAI_AGAIN'];

const CODES: Readonly<Record<string, ErrorCode>> = {
  ...{ INVALID_PARAMETER_VALUE: 'USAGE', BAD_REQUEST: 'USAGE', RESOURCE_CONFLICT: 'REFUSED' },
  ...{ RESOURCE_ALREADY_EXISTS: 'EXISTS', ALREADY_EXISTS: 'EXISTS', NOT_IMPLEMENTED: 'UNSUPPORTED' },
  ...{ RESOURCE_DOES_NOT_EXIST: 'MISSING', NOT_FOUND: 'MISSING', ENDPOINT_NOT_FOUND: 'MISSING' },
  ...{ REQUEST_LIMIT_EXCEEDED: 'LIMIT', RESOURCE_EXHAUSTED: 'LIMIT' },
};

const NO_BODY: Upload = { bytes: 0, open: () => [] };

/**
 * Calls of MLflow's REST interface, version 2.0, to any server that speaks it. What fails by the moment is tried three times
 * more, at 0.5, 1 and 2 s or when `Retry-After` says; no credential is in a message.
 */
export class MlflowServer {
  readonly #base: URL;
  readonly #options: MlflowServerOptions;

  /** @throws PilotfishError `USAGE` for what is no http address, or one with a password in it. */
  constructor(url: string, options: MlflowServerOptions) {
    this.#base = checkedUrl(url);
    this.#options = options;
  }

  /** A call that looks. @throws PilotfishError as `post`. */
  get(path: string, query: Readonly<Record<string, string>>): Promise<Json> {
    return this.#json({ method: 'GET', path: `${API}/${path}`, query, upload: NO_BODY, isRepeatable: true });
  }

  /**
   * A call that changes something; `isRepeatable` says that twice is as good as once.
   * @throws PilotfishError `USAGE`, `EXISTS`, `MISSING`, `LIMIT`, `UNSUPPORTED` as the server says; `REFUSED` when it does not
   * let in or sends elsewhere; `IO` when it does not answer as MLflow does; `INTERRUPTED`.
   */
  post(path: string, values: object, { isRepeatable }: { readonly isRepeatable: boolean }): Promise<Json> {
    const body = Buffer.from(JSON.stringify(values, finite));
    const upload = { bytes: body.length, open: () => [body] };
    const type = 'application/json';
    return this.#json({ method: 'POST', path: `${API}/${path}`, upload, type, isRepeatable });
  }

  /**
   * Uploads a file to a place below a root such as `mlflow-artifacts:/0/RUN/artifacts`.
   * @throws PilotfishError as `post`; `UNSUPPORTED` for a root that is not behind this server; what the file throws.
   */
  async put(rootUri: string, path: string, upload: Upload): Promise<void> {
    const below = [...this.#placeOf(rootUri).split('/'), ...path.split('/')].filter((part) => part !== '');
    const target = `${PROXY}/${below.map(encodeURIComponent).join('/')}`;
    const type = 'application/octet-stream';
    await this.#json({ method: 'PUT', path: target, upload, type, isRepeatable: true });
  }

  #placeOf(rootUri: string): string {
    const { host = '', path = '' } = ARTIFACTS.exec(rootUri)?.groups ?? {};
    if (path !== '' && (host === '' || host === this.#base.host)) return path;
    throw new PilotfishError(
      'UNSUPPORTED',
      `${this.#base.origin} keeps artifacts at ${rootUri.slice(0, MAX_MESSAGE)}, not behind itself: start it with --serve-artifacts`,
    );
  }

  async #json(call: Call): Promise<Json> {
    const { body } = await this.#ask(call);
    // An upload may be answered with nothing.
    const answer = body.length === 0 ? {} : parsed(body);
    if (answer !== undefined) return answer;
    throw new PilotfishError(
      'IO',
      `${this.#base.href} does not answer as MLflow does: give the address of its tracking server`,
    );
  }

  async #ask(call: Call): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= ATTEMPTS;
      const delayMs = FIRST_DELAY_MS * 2 ** (attempt - 1);
      try {
        const answer = await this.#send(call);
        if (answer.status >= 200 && answer.status < 300) return answer;
        const isPassing = UNDONE.includes(answer.status) || (call.isRepeatable && answer.status >= 500);
        if (isLast || !isPassing || answer.status === 501) throw this.#refusal(answer);
        await this.#pause(Math.max(delayMs, waitMs(answer)));
      } catch (error) {
        if (hasCode(error)) throw error;
        this.#checkSignal();
        const isPassing = call.isRepeatable || UNSENT.includes(errnoOf(error) ?? '');
        if (isLast || !isPassing) throw this.#silence(error);
        await this.#pause(delayMs);
      }
    }
  }

  #send({ method, path, query = {}, upload, type }: Call): Promise<HttpAnswer> {
    this.#checkSignal();
    const url = new URL(path, this.#base);
    url.search = new URLSearchParams(query).toString();
    const limit = AbortSignal.timeout(Math.ceil(CALL_MS + upload.bytes / BYTES_PER_MS));
    const { signal } = this.#options;
    return sendHttp({
      ...{ method, url, body: upload.open() },
      headers: {
        ...{ ...this.#authorization(), accept: 'application/json', 'content-length': String(upload.bytes) },
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  }

  #authorization(): Record<string, string> {
    const { token, username = '', password = '' } = this.#options.credentials;
    if (token !== undefined) return { authorization: `Bearer ${token}` };
    if (username === '' && password === '') return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  #checkSignal(): void {
    if (this.#options.signal?.aborted === true)
      throw new PilotfishError('INTERRUPTED', 'the export was stopped: run it again');
  }

  #silence(cause: unknown): PilotfishError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new PilotfishError(
      'IO',
      `${this.#base.href} does not answer (${reason}): see whether it runs there, then run the command again`,
      { cause },
    );
  }

  /** What an answer that is none of success means. */
  #refusal({ status, headers, body }: HttpAnswer): PilotfishError {
    const at = this.#base.origin;
    if (status >= 300 && status < 400) {
      const target = String(headers.location ?? '').slice(0, MAX_MESSAGE);
      return new PilotfishError(
        'REFUSED',
        `${at} sends elsewhere (${target}): give that address, if you trust it`,
      );
    }
    if (status === 401 || status === 403) {
      return new PilotfishError(
        'REFUSED',
        `${at} does not let you in (status ${status}): set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`,
      );
    }
    const { error_code: word, message } = parsed(body) ?? {};
    const code = status === 413 ? 'LIMIT' : (CODES[String(word)] ?? 'IO');
    const said = typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : 'no reason given';
    return new PilotfishError(code, `${at} refused with status ${status}: ${said}`);
  }

  /** Keeps the process, which the clock alone does not. @throws PilotfishError `INTERRUPTED`. */
  async #pause(delayMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    const { port1: hold } = new MessageChannel();
    hold.on('message', () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = clock.every(delayMs, resolve);
    const onAbort = (): void => resolve();
    signal?.addEventListener('abort', onAbort, { once: true });
    await promise;
    signal?.removeEventListener('abort', onAbort);
    stop();
    hold.close();
    this.#checkSignal();
  }
}

/** Milliseconds of `Retry-After` in seconds, up to a minute. */
function waitMs({ headers }: HttpAnswer): number {
  const seconds = Number(headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, MAX_DELAY_MS) : 0;
}

/** Numbers that JSON has no words for, as MLflow's own JSON writes them. */
const finite = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

function parsed(body: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Ends in a slash, so that paths are below it. What was given is not repeated: there may be a password in it. */
function checkedUrl(text: string): URL {
  if (!URL.canParse(text)) throw usage('that is no address of a server');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw usage(
      'the address of MLflow has a password in it; use MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD',
    );
  }
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw usage('that is no address of a server');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

const usage = (message: string): PilotfishError =>
  new PilotfishError('USAGE', `${message}: give one such as https://mlflow.example.org`);
