import type { z } from 'zod';
import { GIB, KIB, PilotfishError } from '../../../base/index.ts';
import {
  type IngestRow,
  type IngestSource,
  type IngestStore,
  linesOf,
  MAX_LINE_BYTES,
} from '../../../lifecycle/index.ts';

/** Rows of one transaction: others have their turn between two. */
const BATCH_ROWS = 200;
const BATCH_CHARACTERS = 512 * KIB;
const MAX_BODY_BYTES = GIB;
const MAX_ERRORS = 100;

type LineError = { readonly line: number; readonly message: string };

/** What became of a body. */
export type IntakeReport = {
  accepted: number;
  repeated: number;
  rejected: number;
  readonly errors: LineError[];
};

export type IntakeOptions = {
  readonly store: IngestStore;
  readonly source: IngestSource;
  readonly schema: z.ZodType<IngestRow>;
};

/**
 * Takes rows from a body as it comes. The sender waits while a batch goes to disk: no more than a batch and a chunk are
 * held. What was accepted before something goes wrong stays; sent again, it counts once.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #report: IntakeReport = { accepted: 0, repeated: 0, rejected: 0, errors: [] };
  #rows: IngestRow[] = [];
  /** Where they stand. */
  #lines: number[] = [];
  #characters = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @throws PilotfishError `LIMIT` beyond 1 GiB, or when too much waits; as the store. */
  async take(body: AsyncIterable<Uint8Array>): Promise<IntakeReport> {
    for await (const { number, text } of linesOf(bounded(body))) {
      if (text === null)
        this.#reject(number, `the line has more than ${MAX_LINE_BYTES} bytes, or is no UTF-8`);
      else this.#line(number, text);
      if (this.#rows.length >= BATCH_ROWS || this.#characters >= BATCH_CHARACTERS) await this.#flush();
    }
    await this.#flush();
    return this.#report;
  }

  #line(number: number, text: string): void {
    const row = this.#read(text);
    if (typeof row === 'string') {
      this.#reject(number, row);
      return;
    }
    this.#rows.push(row);
    this.#lines.push(number);
    this.#characters += text.length;
  }

  /** The row, or what is wrong with it. */
  #read(text: string): IngestRow | string {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return 'the line is no JSON';
    }
    const { success, data, error } = this.#options.schema.safeParse(value);
    if (success) return data;
    const [issue] = error.issues;
    return `${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'wrong'}`;
  }

  async #flush(): Promise<void> {
    if (this.#rows.length === 0) return;
    const [rows, lines] = [this.#rows, this.#lines];
    [this.#rows, this.#lines, this.#characters] = [[], [], 0];
    const { accepted, repeated, conflicts } = await this.#options.store.add(this.#options.source, rows);
    this.#report.accepted += accepted;
    this.#report.repeated += repeated;
    for (const at of conflicts)
      this.#reject(lines[at] as number, `id: ${rows[at]?.id} is that of another row`);
  }

  #reject(line: number, message: string): void {
    this.#report.rejected += 1;
    if (this.#report.errors.length < MAX_ERRORS) this.#report.errors.push({ line, message });
  }
}

async function* bounded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new PilotfishError(
        'LIMIT',
        `a body has at most ${MAX_BODY_BYTES} bytes: send the rest in another`,
      );
    }
    yield chunk;
  }
}
