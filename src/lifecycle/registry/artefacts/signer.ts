import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import {
  asRepositoryError,
  exists,
  type FileSystem,
  makeDirectories,
  PilotfishError,
  type RandomSource,
  readSmallFile,
  sha256Hex,
  writeAll,
} from '../../../base/index.ts';

const KEY_FILE = 'signing-key.pem';
const MAX_KEY_BYTES = 4096;
/** What stands before the 32 secret bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_ID_DIGITS = 16;

/** Signs manifests and the head of the audit log with the Ed25519 key (RFC 8032) of the registry. */
export class Signer {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  /** First digits of the hash of the public key. */
  readonly keyId: string;

  constructor(privateKey: KeyObject) {
    this.#private = privateKey;
    this.#public = createPublicKey(privateKey);
    this.keyId = sha256Hex(this.#public.export({ format: 'der', type: 'spki' })).slice(0, KEY_ID_DIGITS);
  }

  /** 64 bytes. */
  sign(message: string): Buffer {
    return sign(null, Buffer.from(message), this.#private);
  }

  verify(message: string, signature: Uint8Array): boolean {
    return verify(null, Buffer.from(message), this.#public, signature);
  }

  /** The public key, for those who check without us. */
  publicPem(): string {
    return this.#public.export({ format: 'pem', type: 'spki' }).toString();
  }
}

/**
 * Opens the key of a directory, or makes one, mode 0600. Several processes that make it at once get the same.
 * @throws PilotfishError `DAMAGED` for a file that holds no such key, `REFUSED` for one that others may read, `IO`.
 */
export function openSigner(fs: FileSystem, directory: string, random: RandomSource): Signer {
  const path = `${directory}/${KEY_FILE}`;
  try {
    if (!exists(fs, path)) makeKey(fs, directory, random);
    if ((fs.lstat(path).mode & 0o077) !== 0) {
      throw new PilotfishError('REFUSED', `others may read ${path}: make it private with chmod 600`, {
        path,
      });
    }
    return new Signer(parseKey(readSmallFile(fs, path, MAX_KEY_BYTES), path));
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}

function parseKey(pem: Buffer, path: string): KeyObject {
  let cause: unknown;
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    cause = error;
  }
  throw new PilotfishError('DAMAGED', `${path} holds no Ed25519 key: restore it from a backup`, {
    cause,
    path,
  });
}

function makeKey(fs: FileSystem, directory: string, random: RandomSource): void {
  makeDirectories(fs, directory);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, random(32)]),
    format: 'der',
    type: 'pkcs8',
  });
  const temporary = `${directory}/${KEY_FILE}.${random(6).toString('hex')}`;
  const fd = fs.open(temporary, 'create', 0o600);
  try {
    writeAll(fs, fd, Buffer.from(key.export({ format: 'pem', type: 'pkcs8' })), 0);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
  try {
    fs.link(temporary, `${directory}/${KEY_FILE}`);
  } catch (error) {
    // Another process was first: its key counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.unlink(temporary);
  }
  fs.fsyncDirectory(directory);
}

/** Copies the key of one directory to another, mode 0600. */
export function copyKey(fs: FileSystem, from: string, to: string): void {
  const fd = fs.open(`${to}/${KEY_FILE}`, 'create', 0o600);
  try {
    writeAll(fs, fd, readSmallFile(fs, `${from}/${KEY_FILE}`, MAX_KEY_BYTES), 0);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
  fs.fsyncDirectory(to);
}
