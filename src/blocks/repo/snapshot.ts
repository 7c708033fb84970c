import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import {
  asRepositoryError,
  type FileSystem,
  hasCode,
  type Log,
  PilotfishError,
  readSmallFile,
  sha256Hex,
  silentLog,
} from '../../base/index.ts';
import type { Sealer } from '../seal/index.ts';
import type { Layout } from './layout.ts';
import { publish } from './publish.ts';

/** What was stored, when and from where. Its file's appearance is the commit of a `pack`. */
export interface Snapshot {
  readonly version: 1;
  /** The root directory node. */
  readonly root: CID;
  readonly timeMs: number;
  readonly host: string;
  readonly tags: readonly string[];
  /** Absolute paths as given, raw bytes. */
  readonly paths: readonly Uint8Array[];
  readonly files: number;
  readonly bytes: number;
  /** Files that could not be read. */
  readonly errors: number;
}

/** A snapshot with its id: the SHA-256 of its canonical DAG-CBOR, 64 hex digits. */
export interface StoredSnapshot extends Snapshot {
  readonly id: string;
}

const MAX_SNAPSHOT_BYTES = 4 * 1024 * 1024;
/** The last time ECMAScript can tell. */
const MAX_TIME_MS = 8.64e15;
const MIN_PREFIX_DIGITS = 4;

/** Snapshots as files under `snapshots/`. */
export class SnapshotStore {
  readonly #fs: FileSystem;
  readonly #layout: Layout;
  readonly #sealer: Sealer;
  readonly #log: Log;

  constructor(fs: FileSystem, layout: Layout, sealer: Sealer, log: Log = silentLog) {
    this.#fs = fs;
    this.#layout = layout;
    this.#sealer = sealer;
    this.#log = log;
  }

  /** Publishes a snapshot: the commit point. Every block it needs must be durable by now. */
  add(snapshot: Snapshot, writerId: string): StoredSnapshot {
    const bytes = dagCbor.encode(snapshot);
    const id = sha256Hex(bytes);
    publish(this.#fs, this.#sealer.seal(bytes, 'snapshot'), {
      temporary: this.#layout.temporary(writerId, 'snapshot'),
      final: this.#layout.snapshot(this.#sealer.diskId(id)),
    });
    return { ...snapshot, id };
  }

  /** File names under `snapshots/` that can be snapshots. */
  diskIds(): string[] {
    try {
      const names = this.#fs.readDirectory(this.#layout.snapshots).map((name) => name.toString());
      return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).sort();
    } catch (error) {
      throw asRepositoryError(error, this.#layout.snapshots);
    }
  }

  /** Reads one snapshot file. Throws DAMAGED or TAMPERED. */
  read(diskId: string): StoredSnapshot {
    const path = this.#layout.snapshot(diskId);
    let sealed: Buffer;
    try {
      sealed = readSmallFile(this.#fs, path, MAX_SNAPSHOT_BYTES);
    } catch (error) {
      throw asRepositoryError(error, path);
    }
    const bytes = this.#open(sealed, path);
    const id = sha256Hex(bytes);
    if (this.#sealer.diskId(id) !== diskId) {
      throw new PilotfishError('DAMAGED', `snapshot file ${path} does not hash to its name: it is damaged`, {
        path,
      });
    }
    return { ...parseSnapshot(bytes, path), id };
  }

  /** Sealed bytes do not know which file they are from; whoever reads the error has to. */
  #open(sealed: Buffer, path: string): Buffer {
    try {
      return this.#sealer.open(sealed, 'snapshot');
    } catch (error) {
      if (!hasCode(error)) throw error;
      throw new PilotfishError(error.code, `${path}: ${error.message}`, { cause: error, path });
    }
  }

  /** All readable snapshots, oldest first; damaged ones go to `onDamage`. */
  list(onDamage: (error: PilotfishError) => void): StoredSnapshot[] {
    const snapshots: StoredSnapshot[] = [];
    for (const diskId of this.diskIds()) {
      try {
        snapshots.push(this.read(diskId));
      } catch (error) {
        if (!hasCode(error)) throw error;
        onDamage(error);
      }
    }
    return snapshots.sort((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1));
  }

  /**
   * The snapshot named by `latest`, an id or a unique prefix of at least 4 digits. Warns where `latest` may not be the
   * newest: of a snapshot that cannot be read nobody knows the time.
   */
  resolve(name: string): StoredSnapshot {
    let damage: PilotfishError | undefined;
    const all = this.list((error) => {
      damage = error;
    });
    const fits = name === 'latest' ? all.slice(-1) : matching(all, name);
    const [only, another] = fits;
    if (another !== undefined) {
      throw new PilotfishError(
        'AMBIGUOUS',
        `${name} fits ${fits.length} snapshots: give more digits, see \`pilotfish snapshots\``,
      );
    }
    if (only === undefined && damage !== undefined) throw damage;
    if (only !== undefined) {
      if (name === 'latest' && damage !== undefined) this.#log.write('warn', passedOver(only, damage));
      return only;
    }
    throw new PilotfishError(
      'NO_SNAPSHOT',
      `no snapshot ${name} here: see \`pilotfish snapshots\` for what there is`,
    );
  }
}

function passedOver({ id }: StoredSnapshot, { code, message }: PilotfishError): string {
  return `latest is ${id.slice(0, 12)}, the newest that can be read; another one cannot: ${code}: ${message}`;
}

function matching(all: readonly StoredSnapshot[], prefix: string): StoredSnapshot[] {
  if (prefix.length < MIN_PREFIX_DIGITS || !/^[0-9a-f]+$/.test(prefix)) return [];
  return all.filter((snapshot) => snapshot.id.startsWith(prefix));
}

function parseSnapshot(bytes: Uint8Array, path: string): Snapshot {
  const damaged = (cause?: unknown): PilotfishError =>
    new PilotfishError('DAMAGED', `snapshot file ${path} does not parse: it is damaged`, { path, cause });
  let value: Snapshot;
  try {
    value = dagCbor.decode<Snapshot>(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
  if (typeof value !== 'object' || value === null) throw damaged();
  if (typeof value.version === 'number' && value.version > 1) {
    throw new PilotfishError(
      'NEWER_VERSION',
      `snapshot ${path} was written by a newer Pilotfish: update Pilotfish`,
      { path },
    );
  }
  const legal =
    value.version === 1 &&
    CID.asCID(value.root) !== null &&
    Number.isSafeInteger(value.timeMs) &&
    Math.abs(value.timeMs) <= MAX_TIME_MS &&
    typeof value.host === 'string' &&
    isListOf(value.tags, (tag) => typeof tag === 'string') &&
    isListOf(value.paths, (item) => item instanceof Uint8Array) &&
    [value.files, value.bytes, value.errors].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!legal) throw damaged();
  return value;
}

function isListOf(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}
