import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto';
import { PilotfishError, type RandomSource } from '../../base/index.ts';
import { MASTER_KEY_BYTES } from './sealer.ts';

/**
 * A key slot wraps the master key under a password: scrypt (RFC 7914) gives the wrapping key, AES-256-GCM
 * wraps. Several slots may hold the same master key.
 */
export interface KeySlot {
  readonly kdf: 'scrypt';
  /** scrypt cost parameters; memory is 128 · costN · blockR bytes. */
  readonly costN: number;
  readonly blockR: number;
  readonly parallelP: number;
  /** Hexadecimal. */
  readonly salt: string;
  /** Hexadecimal: nonce ‖ wrapped key ‖ tag. */
  readonly wrapped: string;
}

const DEFAULT_COST_N = 2 ** 16;
/** 256 MiB at r = 8: a forged cost must not take more memory than the whole store may. */
const MAX_COST_N = 2 ** 18;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

type Cost = Pick<KeySlot, 'costN' | 'blockR' | 'parallelP' | 'salt'>;

function wrappingKey(password: string, cost: Cost): Buffer {
  return scryptSync(password.normalize('NFC'), Buffer.from(cost.salt, 'hex'), 32, {
    N: cost.costN,
    r: cost.blockR,
    p: cost.parallelP,
    maxmem: 256 * cost.costN * cost.blockR,
  });
}

/** Wraps `masterKey` under `password`. `costN` is lowered only by tests. */
export function makeKeySlot(
  masterKey: Uint8Array,
  password: string,
  options: { random: RandomSource; costN?: number },
): KeySlot {
  const cost: Cost = {
    costN: options.costN ?? DEFAULT_COST_N,
    blockR: 8,
    parallelP: 1,
    salt: options.random(16).toString('hex'),
  };
  const nonce = options.random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(password, cost), nonce);
  const body = Buffer.concat([cipher.update(masterKey), cipher.final()]);
  const wrapped = Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('hex');
  return { kdf: 'scrypt', ...cost, wrapped };
}

/** The master key, or undefined when the password does not fit this slot. */
export function openKeySlot(slot: KeySlot, password: string): Buffer | undefined {
  const wrapped = Buffer.from(slot.wrapped, 'hex');
  if (wrapped.length !== NONCE_BYTES + MASTER_KEY_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(
    'aes-256-gcm',
    wrappingKey(password, slot),
    wrapped.subarray(0, NONCE_BYTES),
  );
  decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
  try {
    const body = decipher.update(wrapped.subarray(NONCE_BYTES, wrapped.length - TAG_BYTES));
    return Buffer.concat([body, decipher.final()]);
  } catch {
    // The tag does not fit: another password made this slot. The caller tries the next one.
    return undefined;
  }
}

/** Checks a slot read from disk; its cost is bounded so that a forged file cannot exhaust memory. */
export function parseKeySlot(value: unknown): KeySlot {
  const slot = value as KeySlot;
  const legal =
    typeof slot === 'object' &&
    slot !== null &&
    slot.kdf === 'scrypt' &&
    Number.isInteger(slot.costN) &&
    slot.costN >= 2 &&
    slot.costN <= MAX_COST_N &&
    (slot.costN & (slot.costN - 1)) === 0 &&
    slot.blockR === 8 &&
    slot.parallelP === 1 &&
    /^[0-9a-f]{32}$/.test(slot.salt) &&
    /^[0-9a-f]+$/.test(slot.wrapped);
  if (!legal) {
    throw new PilotfishError(
      'CONFIG_DAMAGED',
      'a key slot of this repository cannot be read: restore the config file from a copy of the repository',
    );
  }
  return slot;
}
