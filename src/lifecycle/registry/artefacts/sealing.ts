import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { assert, PilotfishError, type RandomSource } from '../../../base/index.ts';

/** Plain bytes of a record; only the last of a file may have fewer. */
export const RECORD_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** At the start of every sealed file: makes its own key of the common one. */
export const SALT_BYTES = 32;
export const SEALED_RECORD_BYTES: number = RECORD_BYTES + TAG_BYTES;
export const ENCRYPTION_KEY_BYTES = 32;

/**
 * Seals the records of one file with AES-256-GCM, as the STREAM construction does (Hoang, Reyhanitabar, Rogaway, Vizár
 * 2015): the nonce counts and marks the last record, so that none can be cut off, swapped or taken from another file.
 */
export class RecordSealer {
  readonly #key: Buffer;
  #count = 0;

  /** `purpose`: what is sealed for one opens for no other. */
  constructor(masterKey: Uint8Array, salt: Uint8Array, purpose: 'artefact' | 'secret' = 'artefact') {
    assert(salt.length === SALT_BYTES, 'a salt of another size');
    this.#key = Buffer.from(
      hkdfSync('sha256', masterKey, salt, `pilotfish ${purpose} 1`, ENCRYPTION_KEY_BYTES),
    );
  }

  seal(plain: Uint8Array, isLast: boolean): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonce(isLast));
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws PilotfishError `TAMPERED`. */
  open(sealed: Uint8Array, isLast: boolean): Buffer {
    const at = Math.max(sealed.length - TAG_BYTES, 0);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#nonce(isLast), {
      authTagLength: TAG_BYTES,
    });
    try {
      decipher.setAuthTag(sealed.subarray(at));
      return Buffer.concat([decipher.update(sealed.subarray(0, at)), decipher.final()]);
    } catch (cause) {
      const message = 'a sealed artefact does not open: it was changed, or the key is another one';
      throw new PilotfishError('TAMPERED', message, { cause });
    }
  }

  #nonce(isLast: boolean): Buffer {
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUIntBE(this.#count, NONCE_BYTES - 1 - 6, 6);
    nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
    this.#count += 1;
    return nonce;
  }
}

/** @throws PilotfishError `USAGE` for a key of another size. */
export function checkEncryptionKey(key: Uint8Array): Uint8Array {
  if (key.length === ENCRYPTION_KEY_BYTES) return key;
  throw new PilotfishError(
    'USAGE',
    `the key of the artefacts has ${key.length} bytes: give ${ENCRYPTION_KEY_BYTES}`,
  );
}

/** A new salt. */
export const newSalt = (random: RandomSource): Buffer => random(SALT_BYTES);

/** A secret that is kept in the database: salt, then one record. */
export function sealSecret(secret: string, key: Uint8Array, random: RandomSource): Buffer {
  const salt = newSalt(random);
  return Buffer.concat([salt, new RecordSealer(key, salt, 'secret').seal(Buffer.from(secret), true)]);
}

/** @throws PilotfishError `TAMPERED`; `WRONG_PASSWORD` without a key. */
export function openSecret(sealed: Uint8Array, key: Uint8Array | undefined): string {
  if (key === undefined)
    throw new PilotfishError('WRONG_PASSWORD', 'the secret is sealed: give the key of the artefacts');
  const salt = sealed.subarray(0, SALT_BYTES);
  assert(salt.length === SALT_BYTES, 'a salt of another size');
  return new RecordSealer(key, salt, 'secret').open(sealed.subarray(SALT_BYTES), true).toString();
}
