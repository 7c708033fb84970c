import { PilotfishError } from '../base/index.ts';
import type { Stream } from './world.ts';

/** Small writes are gathered up to this size. */
const GATHER_BYTES = 64 * 1024;

/** The reader of stdout went away (`… | head`): no failure, and nobody left to tell. */
export class OutputClosed extends Error {
  constructor(cause: unknown) {
    super('the reader of standard output is gone', { cause });
  }
}

/** Stdout: the result and nothing else, at the speed of its reader. */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: Stream;
  readonly #signal: AbortSignal;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  /** `signal` ends the wait for a reader that does not read. */
  constructor(stream: Stream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    this.isTerminal = stream.isTTY === true;
    // Failures are reported by the write that meets them; without a listener they would end the process.
    stream.on('error', () => undefined);
  }

  /** True while the reader has not taken what was handed over. */
  get isStalled(): boolean {
    return this.#stream.writableLength > 0;
  }

  /** Takes text or bytes; waits for the reader now and then. The bytes must not change afterwards. */
  async write(part: string | Uint8Array): Promise<void> {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= GATHER_BYTES) await this.flush();
  }

  /** Hands over everything taken so far. Throws OutputClosed, NO_SPACE, IO. */
  async flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const bytes = this.#gathered.length === 1 ? this.#gathered[0] : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await this.#handOver(bytes as Uint8Array);
  }

  #handOver(bytes: Uint8Array): Promise<void> {
    const signal = this.#signal;
    return new Promise<void>((resolve, reject) => {
      const stop = (): void =>
        reject(new PilotfishError('INTERRUPTED', 'interrupted: the result is not complete'));
      signal.addEventListener('abort', stop, { once: true });
      this.#stream.write(bytes, (error) => {
        signal.removeEventListener('abort', stop);
        if (error) reject(outputError(error));
        else resolve();
      });
    });
  }
}

function outputError(error: Error): Error {
  const errno = (error as NodeJS.ErrnoException).code;
  if (errno === 'EPIPE' || errno === 'ECONNRESET' || errno === 'ERR_STREAM_DESTROYED')
    return new OutputClosed(error);
  const code = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'NO_SPACE' : 'IO';
  return new PilotfishError(code, `cannot write the result (${errno}): check where standard output goes`, {
    cause: error,
  });
}
