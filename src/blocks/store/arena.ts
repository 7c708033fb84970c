import { assert } from '../../base/index.ts';

/**
 * The newest unique raw bytes, in shared memory, written as a ring: workers encode from it without a copy, and
 * a delta whose base was stored recently needs no read. Positions are absolute and only grow; a position is
 * alive until the ring comes round to it.
 */
export class Arena {
  readonly shared: SharedArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #capacity: number;
  #head = 0;

  constructor(capacityBytes: number) {
    this.shared = new SharedArrayBuffer(capacityBytes);
    this.#bytes = new Uint8Array(this.shared);
    this.#capacity = capacityBytes;
  }

  /** Takes `length` contiguous bytes; returns their absolute position. */
  take(length: number): number {
    assert(length <= this.#capacity / 4, 'an arena piece is small beside the arena');
    const room = this.#capacity - (this.#head % this.#capacity);
    if (room < length) this.#head += room;
    const position = this.#head;
    this.#head += length;
    return position;
  }

  /** Copies `bytes` in; returns their position. */
  put(bytes: Uint8Array): number {
    const position = this.take(bytes.length);
    this.#bytes.set(bytes, position % this.#capacity);
    return position;
  }

  /** The bytes at a position that is alive. */
  view(position: number, length: number): Uint8Array {
    assert(this.isAlive(position, 0), 'arena bytes are read while they are alive');
    const at = position % this.#capacity;
    return this.#bytes.subarray(at, at + length);
  }

  /** Whether the position survives another `marginBytes` of taking. */
  isAlive(position: number, marginBytes: number): boolean {
    return position >= this.#head + marginBytes - this.#capacity;
  }

  /** Offset in the shared buffer. */
  offsetOf(position: number): number {
    return position % this.#capacity;
  }
}
