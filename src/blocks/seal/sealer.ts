import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { PilotfishError, type RandomSource } from '../../base/index.ts';

/** What a sealed piece is; authenticated with it, so that one piece cannot be passed off as another. */
export type SealContext = 'record' | 'footer' | 'snapshot' | 'index-row' | 'fingerprints' | 'key-check';

/**
 * Turns plain bytes into what lies on disk and back. A repository without encryption uses the identity, so
 * that one code path serves both.
 */
export interface Sealer {
  readonly encrypted: boolean;
  /** Bytes that sealing adds to each piece. */
  readonly overheadBytes: number;
  seal(plain: Uint8Array, context: SealContext): Buffer;
  /** Throws TAMPERED when the piece does not authenticate. */
  open(sealed: Uint8Array, context: SealContext): Buffer;
  /** The name a logical id (64 hex digits) goes by on disk: itself, or HMAC-SHA-256(key, id). */
  diskId(id: string): string;
  /** Seed of the gear table: public, or derived from the key (a public table makes lengths a fingerprint). */
  readonly gearSeed: Uint8Array;
}

/** Seed of every unencrypted repository's gear table. Frozen: it decides block boundaries. */
const PUBLIC_GEAR_SEED = Buffer.from('pilotfish gear table 1', 'ascii');

/** No encryption: bytes and ids lie on disk as they are. */
export const plainSealer: Sealer = {
  encrypted: false,
  overheadBytes: 0,
  seal: (plain) => Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength),
  open: (sealed) => Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength),
  diskId: (id) => id,
  gearSeed: PUBLIC_GEAR_SEED,
};

export const MASTER_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sub-key for one purpose (HKDF-SHA-256, RFC 5869; the purpose is the info). */
function subKey(master: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `pilotfish 1 ${purpose}`, 32));
}

/**
 * AES-256-GCM (NIST SP 800-38D). A sealed piece is nonce (12) ‖ ciphertext ‖ tag (16); the context is the
 * additional data. Nonces are random: keep a repository below 2^32 pieces.
 */
export class AesGcmSealer implements Sealer {
  readonly encrypted = true;
  readonly overheadBytes = NONCE_BYTES + TAG_BYTES;
  readonly gearSeed: Uint8Array;
  readonly #key: Buffer;
  readonly #idKey: Buffer;
  readonly #random: RandomSource;

  constructor(masterKey: Uint8Array, random: RandomSource) {
    this.#key = subKey(masterKey, 'records');
    this.#idKey = subKey(masterKey, 'ids');
    this.gearSeed = subKey(masterKey, 'gear');
    this.#random = random;
  }

  seal(plain: Uint8Array, context: SealContext): Buffer {
    const nonce = this.#random(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(Buffer.from(context, 'ascii'));
    const body = cipher.update(plain);
    return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
  }

  open(sealed: Uint8Array, context: SealContext): Buffer {
    if (sealed.length < this.overheadBytes) throw tampered(context);
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const tag = sealed.subarray(sealed.length - TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context, 'ascii'));
    decipher.setAuthTag(tag);
    try {
      const plain = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
      decipher.final();
      return plain;
    } catch (cause) {
      throw tampered(context, cause);
    }
  }

  diskId(id: string): string {
    return createHmac('sha256', this.#idKey).update(Buffer.from(id, 'hex')).digest('hex');
  }
}

function tampered(context: SealContext, cause?: unknown): PilotfishError {
  return new PilotfishError(
    'TAMPERED',
    `a sealed ${context} does not authenticate: it was altered or sealed with another key; run \`pilotfish verify\``,
    cause === undefined ? {} : { cause },
  );
}
