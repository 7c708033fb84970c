import { KIB } from '../../../base/index.ts';

/** A line of a text; null where it was too long to be kept, or no UTF-8. */
export type Line = { readonly number: number; readonly text: string | null };

/** Longer lines are passed over. */
export const MAX_LINE_BYTES: number = 256 * KIB;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * The lines of a stream of bytes that are not blank, counted from 1; at most one line is held, of at most
 * `maxBytes`, whatever comes. The next chunk is asked for when the lines before it were taken.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  const splitter = new LineSplitter(maxBytes);
  for await (const chunk of chunks) yield* splitter.split(chunk);
  yield* splitter.end();
}

/** `linesOf` for who has the chunks at hand. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #number = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in the chunk, which belongs to the splitter from then on. */
  *split(chunk: Uint8Array): Generator<Line> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      this.#hold(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      yield* this.end();
      start = end + 1;
    }
  }

  /** What is held of a line, unless it is blank, as its last part. */
  *end(): Generator<Line> {
    const line = this.#take();
    if (line !== undefined) yield line;
  }

  #hold(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** Undefined for a blank one. */
  #take(): Line | undefined {
    this.#number += 1;
    const isTooLong = this.#bytes > this.#maxBytes;
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    if (isTooLong) return { number: this.#number, text: null };
    const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
    try {
      const text = this.#decoder.decode(bytes.subarray(0, end));
      return text.trim() === '' ? undefined : { number: this.#number, text };
    } catch {
      return { number: this.#number, text: null };
    }
  }
}
