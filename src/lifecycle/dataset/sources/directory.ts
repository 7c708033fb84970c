import { asRepositoryError, type FileSystem, MIB, PilotfishError, readAt } from '../../../base/index.ts';
import { samplesOfLines } from './sample-line.ts';
import type { DataSource, SourcedSample } from './source.ts';

const ENDING = '.jsonl';
const CHUNK_BYTES = MIB;
const MAX_FILES = 10_000;

/** Files of JSON lines: one, or all `*.jsonl` of a directory by name. */
export class DirectorySamples implements DataSource {
  readonly url: string;
  readonly #fs: FileSystem;

  constructor(path: string, fs: FileSystem) {
    this.url = path;
    this.#fs = fs;
  }

  async *samples({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SourcedSample> {
    for (const path of this.#paths()) yield* samplesOfLines(this.#chunks(path, signal), path);
  }

  #paths(): string[] {
    try {
      if (this.#fs.lstat(this.url).kind !== 'directory') return [this.url];
      const names = this.#fs
        .readDirectory(this.url)
        .map(String)
        .filter((name) => name.endsWith(ENDING));
      if (names.length === 0) {
        throw new PilotfishError(
          'EMPTY',
          `${this.url} has no file whose name ends in ${ENDING}: put some there`,
        );
      }
      if (names.length > MAX_FILES)
        throw new PilotfishError('LIMIT', `${this.url} has more than ${MAX_FILES} files`);
      return names.sort().map((name) => `${this.url}/${name}`);
    } catch (error) {
      throw asRepositoryError(error, this.url);
    }
  }

  async *#chunks(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    let fd: number;
    try {
      fd = this.#fs.open(path, 'read');
    } catch (error) {
      throw asRepositoryError(error, path);
    }
    try {
      for (let position = 0; ; position += CHUNK_BYTES) {
        if (signal?.aborted === true) throw new PilotfishError('INTERRUPTED', `reading ${path} was stopped`);
        const chunk = readAt(this.#fs, fd, position, CHUNK_BYTES);
        if (chunk.length > 0) yield chunk;
        if (chunk.length < CHUNK_BYTES) return;
      }
    } finally {
      this.#fs.close(fd);
    }
  }
}
