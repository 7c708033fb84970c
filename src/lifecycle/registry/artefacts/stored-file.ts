import { createHash } from 'node:crypto';
import {
  closeReader,
  type FileSystem,
  PilotfishError,
  type RandomSource,
  readAt,
  writeAll,
} from '../../../base/index.ts';
import { newSalt, RECORD_BYTES, RecordSealer, SALT_BYTES, SEALED_RECORD_BYTES } from './sealing.ts';

/** A file that is stored. */
export type StoredFile = { readonly sha256: string; readonly bytes: number };

/** Writes what it is given in records, hashing the plain bytes. */
export class FileSink {
  readonly #fs: FileSystem;
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #sealer: RecordSealer | undefined;
  readonly #record = Buffer.alloc(RECORD_BYTES);
  #filled = 0;
  #position = 0;
  #isOpen = true;
  bytes = 0;

  constructor(
    fs: FileSystem,
    path: string,
    sealing?: { readonly key: Uint8Array; readonly random: RandomSource },
  ) {
    this.#fs = fs;
    this.#fd = fs.open(path, 'create', 0o600);
    if (sealing === undefined) return;
    const salt = newSalt(sealing.random);
    this.#sealer = new RecordSealer(sealing.key, salt);
    this.#append(salt);
  }

  write(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      // A full record is kept back: only at the end it is known which one is the last.
      if (this.#filled === RECORD_BYTES) this.#flush(false);
      const part = chunk.subarray(at, at + RECORD_BYTES - this.#filled);
      this.#record.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
  }

  end(): StoredFile {
    this.#flush(true);
    this.#fs.fsync(this.#fd);
    this.close();
    return { sha256: this.#hash.digest('hex'), bytes: this.bytes };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#fs.close(this.#fd);
  }

  #flush(isLast: boolean): void {
    const plain = this.#record.subarray(0, this.#filled);
    this.#append(this.#sealer === undefined ? plain : this.#sealer.seal(plain, isLast));
    this.#filled = 0;
  }

  #append(bytes: Uint8Array): void {
    writeAll(this.#fs, this.#fd, bytes, this.#position);
    this.#position += bytes.length;
  }
}

/**
 * The plain bytes of a file, record by record; sealed ones with the key.
 * @throws PilotfishError `TAMPERED`; errors of the file system.
 */
export function* recordsIn(fs: FileSystem, path: string, key: Uint8Array | undefined): Generator<Uint8Array> {
  const fd = fs.open(path, 'read');
  try {
    const sealer = key && new RecordSealer(key, saltOf(readAt(fs, fd, 0, SALT_BYTES)));
    const step = sealer === undefined ? RECORD_BYTES : SEALED_RECORD_BYTES;
    const { sizeBytes } = fs.stat(fd);
    for (let position = sealer === undefined ? 0 : SALT_BYTES, isLast = false; !isLast; position += step) {
      const record = readAt(fs, fd, position, step);
      isLast = record.length < step || position + step >= sizeBytes;
      yield sealer === undefined ? record : sealer.open(record, isLast);
    }
  } finally {
    closeReader(fs, fd);
  }
}

function saltOf(bytes: Buffer): Buffer {
  if (bytes.length === SALT_BYTES) return bytes;
  throw new PilotfishError('TAMPERED', 'a sealed artefact was cut: register it again');
}

/** Copies a file to a name that is free, and syncs it. */
export function copyFile(fs: FileSystem, from: string, to: string): void {
  const [source, target] = [fs.open(from, 'read'), fs.open(to, 'create', 0o600)];
  try {
    for (let position = 0; ; ) {
      const chunk = readAt(fs, source, position, RECORD_BYTES);
      if (chunk.length === 0) break;
      writeAll(fs, target, chunk, position);
      position += chunk.length;
    }
    fs.fsync(target);
  } finally {
    closeReader(fs, source);
    fs.close(target);
  }
}
