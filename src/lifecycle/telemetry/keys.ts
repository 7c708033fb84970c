import { createHmac } from 'node:crypto';
import {
  asRepositoryError,
  exists,
  type FileSystem,
  PilotfishError,
  type RandomSource,
  readSmallFile,
  writeAll,
} from '../../base/index.ts';
import type { HashDomain } from './fields.ts';

/** A key and when it came into use. */
export type TelemetryKey = {
  /** From 1, never used twice. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  /** 32 bytes. */
  readonly secret: Uint8Array;
};

export type KeyRingOptions = {
  readonly fs: FileSystem;
  readonly path: string;
  readonly random: RandomSource;
  /** How long a key is used, in milliseconds. */
  readonly periodMs: number;
  /** How long a key is kept after its use ended: as long as events made with it may be there, in milliseconds. */
  readonly keepMs: number;
};

const KEY_BYTES = 32;
const MAX_FILE_BYTES = 256 * 1024;
const MAX_KEYS = 1024;
const OTHERS_MAY = 0o077;

/**
 * Keys that make identifiers unreadable for whoever has the database alone. A bare hash of content can be confirmed by
 * anyone who has the content; a keyed one only by the holder of the key, and for no longer than the key is kept.
 * The file is JSON, mode 0600: `{ format: 1, keys: [{ id, fromMs, secret }] }`, oldest first.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  #keys: readonly TelemetryKey[] = [];

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** All kept keys, oldest first; the last is in use. */
  get keys(): readonly TelemetryKey[] {
    return this.#keys;
  }

  /** Whether `refresh` must be called before hashing at this time: a key is used up, or has been kept for long enough. */
  isDue(nowMs: number): boolean {
    const inUse = this.#keys.at(-1);
    if (inUse === undefined || this.#isUsedUp(inUse, nowMs)) return true;
    return this.#keys.some((key) => this.#isOver(key, nowMs));
  }

  /**
   * Reads the file again, deletes keys whose time is over, and makes a new one when the last is used up. Call it under a
   * lock that every process with this file takes. `lastId` is the highest id that events are known to have.
   * @throws PilotfishError `REFUSED` when others may read the file, `DAMAGED` when it does not parse or ids have run
   * out, `IO`.
   */
  refresh(nowMs: number, lastId: number): void {
    const { fs, path, random } = this.#options;
    const found = exists(fs, path) ? this.#read() : [];
    const kept = found.filter((key) => !this.#isOver(key, nowMs));
    const last = kept.at(-1);
    if (last === undefined || this.#isUsedUp(last, nowMs)) {
      const id = Math.max(lastId, found.at(-1)?.id ?? 0) + 1;
      // Written all the same, it could never be read again.
      if (!Number.isSafeInteger(id)) {
        throw new PilotfishError(
          'DAMAGED',
          `no key can follow those of ${path}: move it and its database away`,
        );
      }
      kept.push({ id, fromMs: nowMs, secret: random(KEY_BYTES) });
    }
    if (kept.length !== found.length || kept.at(-1) !== found.at(-1)) this.#write(kept);
    this.#keys = kept;
  }

  /** HMAC-SHA-256 of an identifier, 32 bytes, under the key in use or the given one. */
  hash(domain: HashDomain, identifier: string, key = this.#keys.at(-1)): Buffer {
    if (key === undefined) throw new PilotfishError('INTERNAL', 'no telemetry key: refresh the ring first');
    // The domain ends with a byte no identifier holds, so that no two pairs run together.
    return createHmac('sha256', key.secret).update(`${domain}\0${identifier}`).digest();
  }

  /** A key from the future was made while the clock was wrong: it would serve until then, and is not used again. */
  #isUsedUp({ fromMs }: TelemetryKey, nowMs: number): boolean {
    return nowMs < fromMs || nowMs >= fromMs + this.#options.periodMs;
  }

  /** Events from further ahead than they are kept are deleted, so the keys they were made with are over as well. */
  #isOver({ fromMs }: TelemetryKey, nowMs: number): boolean {
    const { periodMs, keepMs } = this.#options;
    return nowMs >= fromMs + periodMs + keepMs || fromMs > nowMs + keepMs;
  }

  #read(): TelemetryKey[] {
    const { fs, path } = this.#options;
    let bytes: Buffer;
    try {
      const { kind, mode } = fs.lstat(path);
      if (kind !== 'file' || (mode & OTHERS_MAY) !== 0) {
        throw new PilotfishError('REFUSED', `${path} can be read by others: make it a file of mode 0600`, {
          path,
        });
      }
      bytes = readSmallFile(fs, path, MAX_FILE_BYTES);
    } catch (error) {
      throw asRepositoryError(error, path);
    }
    const keys = parseKeys(bytes);
    if (keys === undefined) {
      const advice = 'restore a copy, or delete it: names in older events can then no longer be looked up';
      throw new PilotfishError('DAMAGED', `${path} holds no telemetry keys; ${advice}`, { path });
    }
    return keys;
  }

  #write(keys: readonly TelemetryKey[]): void {
    const { fs, path } = this.#options;
    const listed = keys.map(({ id, fromMs, secret }) => {
      return { id, fromMs, secret: Buffer.from(secret).toString('hex') };
    });
    const temporary = `${path}.new`;
    try {
      if (exists(fs, temporary)) fs.unlink(temporary);
      const fd = fs.open(temporary, 'create', 0o600);
      try {
        writeAll(fs, fd, Buffer.from(`${JSON.stringify({ format: 1, keys: listed })}\n`), 0);
        fs.fsync(fd);
      } finally {
        fs.close(fd);
      }
      fs.rename(temporary, path);
      fs.fsyncDirectory(path.slice(0, path.lastIndexOf('/')) || '/');
    } catch (error) {
      throw asRepositoryError(error, path);
    }
  }
}

function parseKeys(bytes: Buffer): TelemetryKey[] | undefined {
  let file: unknown;
  try {
    file = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const { format, keys } = (file ?? {}) as { format?: unknown; keys?: unknown };
  if (format !== 1 || !Array.isArray(keys) || keys.length > MAX_KEYS) return undefined;
  const parsed = keys.map(parseKey);
  const inOrder = parsed.every((key, i) => key !== undefined && key.id > (parsed[i - 1]?.id ?? 0));
  return inOrder ? (parsed as TelemetryKey[]) : undefined;
}

function parseKey(value: unknown): TelemetryKey | undefined {
  const { id, fromMs, secret } = (value ?? {}) as Record<string, unknown>;
  const isCount = (number: unknown): number is number => Number.isSafeInteger(number);
  if (!isCount(id) || !isCount(fromMs) || typeof secret !== 'string') return undefined;
  if (!/^[0-9a-f]{64}$/.test(secret)) return undefined;
  return { id, fromMs, secret: Buffer.from(secret, 'hex') };
}
