import { PilotfishError } from '../../../base/index.ts';
import { samplesOfLines } from './sample-line.ts';
import type { DataSource, SourcedSample } from './source.ts';

const JSON_LINES = 'application/x-ndjson';

export type AddressOptions = { readonly key?: string | undefined; readonly fetch: typeof fetch };

/** JSON lines that an address answers with, such as `/api/v1/sources/NAME/samples` of `pilotfish serve`. */
export class AddressSamples implements DataSource {
  readonly url: string;
  readonly #options: AddressOptions;

  /** @throws PilotfishError `USAGE` for an address with a password in it. */
  constructor(url: string, options: AddressOptions) {
    const { username, password } = new URL(url);
    if (`${username}${password}` !== '') {
      throw new PilotfishError('USAGE', 'an address holds no password: give the key by itself');
    }
    this.url = url;
    this.#options = options;
  }

  async *samples({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SourcedSample> {
    const { key, fetch: ask } = this.#options;
    const headers = { accept: JSON_LINES, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) };
    // Another address has no business with the key.
    const asked = { headers, redirect: 'error', ...(signal === undefined ? {} : { signal }) } as const;
    const answer = await this.#reached(() => ask(this.url, asked), signal);
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel();
      const code = answer.status === 404 ? 'MISSING' : answer.status < 500 ? 'REFUSED' : 'IO';
      throw new PilotfishError(
        code,
        `${this.url} answers with status ${answer.status}: check address and key`,
      );
    }
    yield* samplesOfLines(this.#chunks(answer.body, signal), this.url);
  }

  async *#chunks(
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const chunks = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#reached(() => chunks.next(), signal);
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await chunks.return?.();
    }
  }

  async #reached<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (signal?.aborted === true)
        throw new PilotfishError('INTERRUPTED', `reading ${this.url} was stopped`);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PilotfishError('IO', `${this.url} cannot be read (${reason}): check that it is there`, {
        cause,
      });
    }
  }
}
