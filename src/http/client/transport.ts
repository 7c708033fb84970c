import type { ErrorCode } from '../../base/index.ts';
import { PilotfishError } from '../../base/index.ts';

/** How to reach a server. */
export type ClientOptions = {
  /** Such as `http://127.0.0.1:5000`. */
  readonly url: string;
  /** An API key. */
  readonly key?: string;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
};

/** A version by name and number, text, or alias after `@`. */
export type ClientVersionRef = { readonly name: string; readonly version: string | number };

export type Parts = {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  /** In place of `body`: bytes as they are. */
  readonly file?: Uint8Array | ReadableStream<Uint8Array>;
  /** Of the file. `application/octet-stream`. */
  readonly type?: string;
  readonly signal?: AbortSignal;
};

/** Gives a value of the answer the form it has in the library: a moment for a text, say. */
export type Reviver = (key: string, value: unknown) => unknown;

/** A path of names that may hold any character. */
export const pathOf = (...names: readonly (string | number)[]): string =>
  names.map((name) => encodeURIComponent(name)).join('/');

/** Calls of the native API: JSON in, JSON out, and errors as the server threw them. */
export class Transport {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async json<T>(method: string, path: string, parts: Parts & { readonly revive?: Reviver } = {}): Promise<T> {
    const { revive, ...rest } = parts;
    return JSON.parse(await (await this.#send(method, path, rest)).text(), revive) as T;
  }

  /** The pieces of a text that goes on; the last is left out where it has no end. Until `signal` is aborted. */
  async *pieces(path: string, separator: string, parts: Parts): AsyncGenerator<string> {
    const response = await this.#send('GET', path, parts);
    let rest = '';
    try {
      for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        const pieces = `${rest}${text}`.split(separator);
        rest = pieces.pop() ?? '';
        yield* pieces;
      }
    } catch (error) {
      if (parts.signal?.aborted !== true) throw error;
    }
  }

  async #send(
    method: string,
    path: string,
    { query = {}, body, file, type, signal }: Parts,
  ): Promise<Response> {
    const { url, key, fetch: send = fetch } = this.#options;
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const target = `${url.replace(/\/+$/, '')}/api/v1/${path}?${new URLSearchParams(given)}`;
    const sent = file === undefined ? 'application/json' : (type ?? 'application/octet-stream');
    const content = file ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await send(target, {
      method,
      headers: {
        ...(content === undefined ? {} : { 'content-type': sent }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(content === undefined ? {} : { body: content, duplex: 'half' }),
      ...(signal === undefined ? {} : { signal }),
    } as RequestInit);
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

/** What the server said, as the error it was there. */
async function errorOf(response: Response): Promise<PilotfishError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; message: string } };
    return new PilotfishError(error.code, error.message);
  } catch {
    return new PilotfishError(
      'IO',
      `the server answered ${response.status}: see whether it is one of Pilotfish`,
    );
  }
}
