import type { IngestDefinition, IngestRow, IngestSource, SampleOptions } from '../../lifecycle/index.ts';
import { pathOf, type Transport } from './transport.ts';

/** What became of rows; an id counts once. */
export type ClientIngestReport = {
  /** New, and on disk. */
  readonly accepted: number;
  /** Sent before. */
  readonly repeated: number;
  readonly rejected: number;
  /** The first hundred of those that were rejected; lines count from 1. */
  readonly errors: readonly { readonly line: number; readonly message: string }[];
};

/** A sample of a source as it is read back; a missing value is null. */
export type ClientSample = SampleOptions & {
  readonly features: Readonly<Record<string, number | null>>;
  readonly label: string | number;
};

const JSON_LINES = 'application/x-ndjson';
/** Rows of one piece of a body. */
const CHUNK_ROWS = 100;

/** Rows in bulk, on a server, and what they are. */
export class IngestClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Says what the rows of a source are. @throws PilotfishError `USAGE`, `REFUSED`. */
  define(
    source: string,
    definition: Pick<IngestDefinition, 'features'> & Partial<IngestDefinition>,
  ): Promise<IngestSource> {
    return this.#transport.json('PUT', pathOf('sources', source), { body: definition });
  }

  async sources(): Promise<IngestSource[]> {
    return (await this.#transport.json<{ sources: IngestSource[] }>('GET', 'sources')).sources;
  }

  /**
   * Sends rows, as many as there are, or JSON lines as bytes. What is reported is on disk; after trouble send all again.
   * @throws PilotfishError `MISSING` for a source that was not defined; `LIMIT` beyond 1 GiB, or when too much waits.
   */
  send(
    source: string,
    rows: Iterable<IngestRow> | AsyncIterable<IngestRow> | Uint8Array | ReadableStream<Uint8Array>,
  ): Promise<ClientIngestReport> {
    const file = rows instanceof Uint8Array || rows instanceof ReadableStream ? rows : streamOf(rows);
    return this.#transport.json('POST', pathOf('ingest', source), { file, type: JSON_LINES });
  }

  /** The samples of a source: features with their outcome. @throws PilotfishError `MISSING`. */
  async *samples(
    source: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ClientSample> {
    const parts = signal === undefined ? {} : { signal };
    for await (const line of this.#transport.pieces(pathOf('sources', source, 'samples'), '\n', parts))
      yield JSON.parse(line) as ClientSample;
  }
}

/** Rows are read as they are sent: the server sets the pace. */
function streamOf(rows: Iterable<IngestRow> | AsyncIterable<IngestRow>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let lines: string[] = [];
    for await (const row of rows) {
      lines.push(`${JSON.stringify(row)}\n`);
      if (lines.length < CHUNK_ROWS) continue;
      yield encoder.encode(lines.join(''));
      lines = [];
    }
    yield encoder.encode(lines.join(''));
  }
  return ReadableStream.from(chunks());
}
