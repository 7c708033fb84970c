import * as crypto from 'node:crypto';

/** SHA-256 of `bytes` as 64 hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return crypto.hash('sha256', bytes, 'hex');
}

/** SHA-256 of `bytes`, 32 bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return crypto.hash('sha256', bytes, 'buffer');
}
