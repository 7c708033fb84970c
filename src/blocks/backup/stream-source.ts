import { PilotfishError } from '../../base/index.ts';
import type { ReadInto } from '../chunk/index.ts';

/**
 * A stream of bytes as the chunker reads: synchronously, from the piece that has arrived. Between pieces the caller
 * awaits `fill`, so that signals and timers are served while the producer takes its time.
 */
export class StreamSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;

  constructor(stream: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
    this.#pieces = stream[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Bytes copied; 0 at the end; negative when `fill` has to be awaited first. */
  readonly read: ReadInto = (into, offset, length) => {
    if (this.#ended) return 0;
    const got = Math.min(length, this.#piece.length - this.#at);
    if (got === 0) return -1;
    into.set(this.#piece.subarray(this.#at, this.#at + got), offset);
    this.#at += got;
    return got;
  };

  /** Waits for the next piece or the end. Throws INTERRUPTED, UNREADABLE. */
  async fill(): Promise<void> {
    const next = await this.#nextOrAbort();
    if (next.done === true) this.#ended = true;
    else this.#piece = next.value;
    this.#at = 0;
  }

  /** One listener a piece, taken off again: a race against one lasting promise would keep every piece alive. */
  #nextOrAbort(): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(interrupted());
      const done = (): void => this.#signal?.removeEventListener('abort', stop);
      if (this.#signal?.aborted) stop();
      this.#signal?.addEventListener('abort', stop, { once: true });
      this.#next().then(resolve, reject).finally(done);
    });
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#pieces.next();
    } catch (cause) {
      throw new PilotfishError('UNREADABLE', 'the stream cannot be read: nothing was committed', { cause });
    }
  }
}

function interrupted(): PilotfishError {
  return new PilotfishError('INTERRUPTED', 'interrupted: nothing was committed; run the command again');
}
