import { dirname } from 'node:path';
import {
  asRepositoryError,
  exists,
  type FileSystem,
  isoTime,
  makeDirectories,
  writeAll,
} from '../../../base/index.ts';

/** A line of the shadow log: what the model would have said beside what was done. */
export type ShadowLine = {
  /** Milliseconds since the epoch; ISO 8601 in the file. */
  readonly timeMs: number;
  readonly room: string;
  readonly region: string;
  /** `name@version`. */
  readonly model: string;
  readonly decisionId: number;
  /** What was done. */
  readonly choice: unknown;
  /** What the model would have said; absent where it failed. */
  readonly prediction?: unknown;
  readonly correct: boolean;
  /** Why there is no prediction. */
  readonly error?: string;
};

/** Text that waits to be written, at most. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Appends to a shadow log. Lines are gathered, and written when asked to: never while someone waits for a decision. */
export class ShadowLog {
  /** Lines that found no place, or no disk. */
  dropped = 0;
  readonly #fs: FileSystem;
  readonly #path: string;
  #lines: string[] = [];
  #bytes = 0;

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  add({ timeMs, ...line }: ShadowLine): void {
    if (this.#bytes >= MAX_WAITING_BYTES) {
      this.dropped += 1;
      return;
    }
    const text = `${JSON.stringify({ time: isoTime(timeMs), ...line })}\n`;
    this.#lines.push(text);
    this.#bytes += text.length;
  }

  /** Writes what was gathered, whole lines only. @throws PilotfishError `NO_SPACE`, `IO`; what waits is counted as dropped. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const [text, count] = [this.#lines.join(''), this.#lines.length];
    this.#lines = [];
    this.#bytes = 0;
    try {
      this.#append(Buffer.from(text));
    } catch (error) {
      this.dropped += count;
      throw asRepositoryError(error, this.#path);
    }
  }

  #append(bytes: Buffer): void {
    const fs = this.#fs;
    const isThere = exists(fs, this.#path);
    if (!isThere) makeDirectories(fs, dirname(this.#path));
    const fd = fs.open(this.#path, isThere ? 'update' : 'create', 0o600);
    const { sizeBytes } = fs.stat(fd);
    try {
      writeAll(fs, fd, bytes, sizeBytes);
    } catch (error) {
      // Half a line would be a bad line for whoever reads.
      fs.truncate(fd, sizeBytes);
      throw error;
    } finally {
      fs.close(fd);
    }
  }
}
