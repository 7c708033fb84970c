import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import {
  asRepositoryError,
  type Clock,
  exists,
  type FileSystem,
  hasCode,
  MIB,
  makeDirectories,
  need,
  PilotfishError,
  type RandomSource,
} from '../../../base/index.ts';
import { Owners } from './owners.ts';
import { checkEncryptionKey, RECORD_BYTES } from './sealing.ts';
import { copyFile, FileSink, recordsIn, type StoredFile } from './stored-file.ts';
import { Uploads } from './uploads.ts';

/** Bytes of an artefact: at once, or piece by piece, as a Node or web stream gives them. */
export type ArtefactSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export type ArtefactStoreOptions = {
  readonly directory: string;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** 32 bytes: files are sealed with AES-256-GCM. */
  readonly encryptionKey?: Uint8Array | undefined;
  /** Largest file. */
  readonly maxFileBytes: number;
  /** Id of the registry whose files lie here. */
  readonly owner?: string | undefined;
};

const SHA256 = /^[0-9a-f]{64}$/;
const SEALED = '.sealed';
/** Bytes between two turns of the event loop. */
const BYTES_PER_TURN = 16 * MIB;
const RECORDS_PER_TURN = BYTES_PER_TURN / RECORD_BYTES;
/** Never in a file's way: names are made of hashes. */
const OBJECTS = 'objects';
const TEMPORARY = 'tmp';
const OWNERS = 'owners';

/**
 * Files by the SHA-256 of their content, below one directory. A file is written aside, synced, and then given its name;
 * one that is there is never written again. Every reader hashes what it reads.
 */
export class ArtefactStore {
  /** What is on its way. */
  readonly uploads: Uploads;
  /** Whose files lie here. */
  readonly owners: Owners;
  readonly #options: ArtefactStoreOptions;

  /** @throws PilotfishError `USAGE` for a key of another size, `IO`. */
  constructor(options: ArtefactStoreOptions) {
    if (options.encryptionKey !== undefined) checkEncryptionKey(options.encryptionKey);
    this.#options = options;
    this.uploads = new Uploads({ ...options, directory: `${options.directory}/${TEMPORARY}` });
    this.owners = new Owners({ ...options, directory: `${options.directory}/${OWNERS}` });
    const isNew = !exists(options.fs, options.directory);
    this.#files(() => {
      for (const name of [OBJECTS, TEMPORARY]) makeDirectories(options.fs, `${options.directory}/${name}`);
      options.fs.fsyncDirectory(options.directory);
      if (isNew) options.fs.fsyncDirectory(dirname(options.directory));
    });
    this.owners.claim();
  }

  /**
   * Stores a file, reading its source to the end. The same content again costs a check of what is there.
   * @throws PilotfishError `LIMIT` for more than `maxBytes`, `INTERRUPTED`, `NO_SPACE`, `IO`, and what the source throws;
   * nothing is left then.
   */
  async put(
    source: ArtefactSource,
    {
      maxBytes = this.#options.maxFileBytes,
      signal,
    }: { maxBytes?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<StoredFile> {
    need(isSource(source), 'the content of a file is bytes: give a Buffer, or a stream of them');
    const { fs, random, encryptionKey } = this.#options;
    const temporary = this.uploads.next();
    const sink = this.#files(
      () => new FileSink(fs, temporary, encryptionKey && { key: encryptionKey, random }),
    );
    const limit = Math.min(maxBytes, this.#options.maxFileBytes);
    try {
      for await (const chunk of piecesOf(source)) {
        if (signal?.aborted === true)
          throw new PilotfishError('INTERRUPTED', 'the upload was stopped: send it again');
        if (sink.bytes + chunk.length > limit) {
          throw new PilotfishError(
            'LIMIT',
            `the file has more than ${limit} bytes: raise the limit, or send less`,
          );
        }
        const before = Math.floor(sink.bytes / BYTES_PER_TURN);
        this.#files(() => sink.write(chunk));
        // A source that is all there at once gives nobody else a turn.
        if (Math.floor(sink.bytes / BYTES_PER_TURN) > before) await this.#options.clock.turn();
      }
      const stored = this.#files(() => sink.end());
      await this.#publish(temporary, stored.sha256);
      return stored;
    } finally {
      sink.close();
      if (exists(fs, temporary)) fs.unlink(temporary);
    }
  }

  /** Whether a file of that hash is there; says nothing of its content. */
  has(sha256: string): boolean {
    return this.#find(sha256) !== undefined;
  }

  /** Bytes on disk and when it was last stored; undefined when it is not there. */
  stat(sha256: string): { readonly bytes: number; readonly storedMs: number } | undefined {
    const path = this.#find(sha256);
    if (path === undefined) return undefined;
    const { sizeBytes, mtimeNs } = this.#files(() => this.#options.fs.lstat(path));
    return { bytes: sizeBytes, storedMs: Number(mtimeNs / 1_000_000n) };
  }

  /**
   * The content of a file, in pieces of at most 64 KiB. Whoever takes them before the end takes them unverified.
   * @throws PilotfishError `MISSING`, `DAMAGED` at the end of what is another content, `TAMPERED`, `IO`.
   */
  async *read(sha256: string): AsyncGenerator<Uint8Array> {
    const path = this.#find(sha256);
    if (path === undefined) throw missing(sha256);
    const hash = createHash('sha256');
    let count = 0;
    for (const chunk of this.#chunks(path)) {
      hash.update(chunk);
      yield chunk;
      count += 1;
      if (count % RECORDS_PER_TURN === 0) await this.#options.clock.turn();
    }
    if (hash.digest('hex') !== sha256) {
      throw new PilotfishError(
        'DAMAGED',
        `the artefact ${sha256} is not what was stored: register it again`,
        { path },
      );
    }
  }

  /** The whole of a file, verified. @throws PilotfishError as `read`; `LIMIT` for more than `maxBytes`. */
  async load(sha256: string, maxBytes: number = this.#options.maxFileBytes): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of this.read(sha256)) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new PilotfishError('LIMIT', `the artefact ${sha256} has more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  }

  /** @returns its size @throws PilotfishError as `read`. */
  async verify(sha256: string): Promise<number> {
    let bytes = 0;
    for await (const chunk of this.read(sha256)) bytes += chunk.length;
    return bytes;
  }

  /** Copies the file as it lies on disk, sealed or not, into another store's directory; linked where the device allows it. */
  copyTo(directory: string, sha256: string): void {
    const { fs } = this.#options;
    const path = this.#find(sha256);
    if (path === undefined) throw missing(sha256);
    const target = `${directory}${path.slice(this.#options.directory.length)}`;
    this.#files(() => {
      makeDirectories(fs, target.slice(0, target.lastIndexOf('/')));
      if (exists(fs, target)) return;
      try {
        fs.link(path, target);
      } catch {
        copyFile(fs, path, target);
      }
      fs.fsyncDirectory(target.slice(0, target.lastIndexOf('/')));
    });
  }

  /** Deletes a file, if it is there. Only for one that nothing names any more. */
  remove(sha256: string): void {
    for (let path = this.#find(sha256); path !== undefined; path = this.#find(sha256)) {
      const { fs } = this.#options;
      const found = path;
      this.#files(() => fs.unlink(found));
    }
  }

  /** Hashes of all files, in order. */
  list(): string[] {
    const { fs, directory } = this.#options;
    const names = (path: string): string[] => fs.readDirectory(path).map(String);
    const found = this.#files(() =>
      names(`${directory}/${OBJECTS}`).flatMap((prefix) =>
        names(`${directory}/${OBJECTS}/${prefix}`).map((rest) => `${prefix}${rest.replace(SEALED, '')}`),
      ),
    );
    return [...new Set(found)].sort();
  }

  /** Where a file lies; undefined when it is not there. */
  #find(sha256: string): string | undefined {
    if (!SHA256.test(sha256))
      throw new PilotfishError('USAGE', 'an artefact is named by 64 hexadecimal digits');
    const path = this.#pathOf(sha256);
    return [path, `${path}${SEALED}`].find((candidate) => exists(this.#options.fs, candidate));
  }

  #pathOf(sha256: string): string {
    return `${this.#options.directory}/${OBJECTS}/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
  }

  /** Gives a file that is written and synced its name. One that is there stays, unless it is damaged. */
  async #publish(temporary: string, sha256: string): Promise<void> {
    const { fs, clock, directory, encryptionKey } = this.#options;
    const target = `${this.#pathOf(sha256)}${encryptionKey === undefined ? '' : SEALED}`;
    const folder = target.slice(0, target.lastIndexOf('/'));
    const isSound = this.has(sha256) && (await this.#isSound(sha256));
    const known = isSound ? this.#find(sha256) : undefined;
    this.#files(() => {
      if (known !== undefined) {
        // As good as stored now: nothing collects it before it is named.
        fs.setMtime(known, BigInt(clock.nowMs()) * 1_000_000n);
        // Whoever stored it may not have come so far yet.
        return fs.fsyncDirectory(folder);
      }
      const isNew = !exists(fs, folder);
      makeDirectories(fs, folder);
      fs.rename(temporary, target);
      // A damaged one may lie there in the other form.
      const other = this.#pathOf(sha256) + (encryptionKey === undefined ? SEALED : '');
      if (exists(fs, other)) fs.unlink(other);
      fs.fsyncDirectory(folder);
      if (isNew) fs.fsyncDirectory(`${directory}/${OBJECTS}`);
    });
  }

  async #isSound(sha256: string): Promise<boolean> {
    try {
      await this.verify(sha256);
      return true;
    } catch (error) {
      if (hasCode(error, 'DAMAGED', 'TAMPERED', 'MISSING')) return false;
      throw error;
    }
  }

  *#chunks(path: string): Generator<Uint8Array> {
    const { fs, encryptionKey } = this.#options;
    const isSealed = path.endsWith(SEALED);
    if (isSealed && encryptionKey === undefined) {
      throw new PilotfishError('WRONG_PASSWORD', 'the artefact is sealed: give the key of the artefacts', {
        path,
      });
    }
    try {
      yield* recordsIn(fs, path, isSealed ? encryptionKey : undefined);
    } catch (error) {
      throw asRepositoryError(error, path);
    }
  }

  /** Gives what a file call throws a code. */
  #files<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asRepositoryError(error, this.#options.directory);
    }
  }
}

const isSource = (source: unknown): boolean =>
  typeof source === 'object' &&
  source !== null &&
  (Symbol.iterator in source || Symbol.asyncIterator in source);

function piecesOf(source: ArtefactSource): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return source instanceof Uint8Array ? [source] : source;
}

const missing = (sha256: string): PilotfishError =>
  new PilotfishError(
    'MISSING',
    `the artefact ${sha256} is not there: restore a backup, or register it again`,
  );
