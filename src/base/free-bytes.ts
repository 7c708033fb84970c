/**
 * Gives the memory of a buffer back at once, for callers who know that nobody else holds any of it. Left to the
 * collector, decoded blocks make it run every few hundred of them: a fifth of the time of a restore. Pieces
 * small enough for Node's pool, and memory between threads, are shared with others and stay.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < Buffer.poolSize >>> 1 || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
}
