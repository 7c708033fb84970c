import type { ErrorCode } from '../base/index.ts';
import { PilotfishError } from '../base/index.ts';
import type {
  AuditEntry,
  AuditReport,
  ModelMetadata,
  ModelStatus,
  ModelVersion,
  RegistryEvent,
  ScrubReport,
  StoredEvidence,
  VersionEvidence,
} from '../lifecycle/index.ts';

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

export type ClientPrediction = {
  readonly model: string;
  readonly version: string;
  readonly values: readonly number[];
  readonly label: string | null;
};

type Query = Readonly<Record<string, string | undefined>>;

/**
 * The native API of a server, typed. Errors have the codes that the library itself throws. It needs nothing but `fetch`.
 *
 * @example
 * const client = new PilotfishClient({ url: 'http://127.0.0.1:5000' });
 * await client.register({ name: 'trees', version: 'v1.0.0', algorithm: 'trees', framework: 'xgboost' }, bytes);
 * await client.promote({ name: 'trees', version: 'v1.0.0' }, 'testing');
 */
export class PilotfishClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Versions of a name, in a status, or all. */
  async list(
    filter: { readonly name?: string; readonly status?: ModelStatus } = {},
  ): Promise<ModelVersion[]> {
    const { models } = await this.#json<{ models: ModelVersion[] }>('GET', 'models', { query: filter });
    return models;
  }

  /** A version with its evidence. @throws PilotfishError `MISSING`. */
  show(ref: ClientVersionRef): Promise<{ version: ModelVersion; evidence: StoredEvidence[] }> {
    return this.#json('GET', pathOf(ref));
  }

  /** Sends the file of a new version. @throws PilotfishError `EXISTS`, `USAGE`, `DAMAGED`, `LIMIT`. */
  register(
    metadata: Omit<ModelMetadata, 'parameters' | 'trainingData' | 'lineage'>,
    file: Uint8Array | ReadableStream<Uint8Array>,
  ): Promise<ModelVersion> {
    const { name, version, algorithm, framework, description, filePath, fileHash, metrics, tags } = metadata;
    const query = {
      ...{ version, algorithm, framework, description, file: filePath, sha256: fileHash },
      ...{ metrics: metrics && JSON.stringify(metrics), tags: tags && JSON.stringify(tags) },
    };
    return this.#json('POST', `models/${encodeURIComponent(name)}/versions`, { query, file });
  }

  /** Moves a version through its life cycle. @throws PilotfishError `REFUSED`, with the steps that are missing. */
  promote(
    ref: ClientVersionRef,
    to: ModelStatus,
    { evidence, reason }: { readonly evidence?: readonly VersionEvidence[]; readonly reason?: string } = {},
  ): Promise<ModelVersion> {
    return this.#json('POST', `${pathOf(ref)}/promote`, { body: { to, evidence, reason } });
  }

  /** Puts the version before the present one back in production. @throws PilotfishError `REFUSED`, `MISSING`. */
  rollback(name: string, reason?: string): Promise<ModelVersion> {
    return this.#json('POST', `models/${encodeURIComponent(name)}/rollback`, { body: { reason } });
  }

  /** Asks the version in production, or the one that is named. */
  predict(
    name: string,
    features: readonly number[] | Readonly<Record<string, number>>,
    version?: string,
  ): Promise<ClientPrediction> {
    return this.#json('POST', `models/${encodeURIComponent(name)}/predict`, { body: { features, version } });
  }

  /** Reads every artefact, of a name or of all. */
  verify(name?: string): Promise<ScrubReport> {
    return this.#json('POST', 'verify', { body: { name } });
  }

  /** Entries of the audit log, oldest first. */
  async audit(
    query: { readonly after?: number; readonly subject?: string; readonly limit?: number } = {},
  ): Promise<AuditEntry[]> {
    const { after, subject, limit } = query;
    const asked = { after: after?.toString(), subject, limit: limit?.toString() };
    return (await this.#json<{ entries: AuditEntry[] }>('GET', 'audit', { query: asked })).entries;
  }

  /** @throws PilotfishError `TAMPERED`. */
  verifyAudit(): Promise<AuditReport> {
    return this.#json('POST', 'audit/verify');
  }

  /** What happens to models from now on, or after an event that was seen; until `signal` is aborted. */
  async *events({
    after,
    signal,
  }: {
    readonly after?: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<RegistryEvent> {
    const response = await this.#send('GET', 'events', { query: { after: after?.toString() }, signal });
    let rest = '';
    try {
      for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        const blocks = `${rest}${text}`.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = eventOf(block);
          if (event !== undefined) yield event;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #json<T>(method: string, path: string, parts: Parts = {}): Promise<T> {
    return (await (await this.#send(method, path, parts)).json()) as T;
  }

  async #send(method: string, path: string, { query = {}, body, file, signal }: Parts): Promise<Response> {
    const { url, key, fetch: send = fetch } = this.#options;
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const target = `${url.replace(/\/+$/, '')}/api/v1/${path}?${new URLSearchParams(given)}`;
    const type = file === undefined ? 'application/json' : 'application/octet-stream';
    const content = file ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await send(target, {
      method,
      headers: {
        ...(content === undefined ? {} : { 'content-type': type }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(content === undefined ? {} : { body: content, duplex: 'half' }),
      ...(signal === undefined ? {} : { signal }),
    } as RequestInit);
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}

type Parts = {
  readonly query?: Query;
  readonly body?: object;
  readonly file?: Uint8Array | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
};

const pathOf = ({ name, version }: ClientVersionRef): string =>
  `models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;

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

function eventOf(block: string): RegistryEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { ...(JSON.parse(data) as Omit<RegistryEvent, 'seq'>), seq: Number(fields.get('id')) };
}
