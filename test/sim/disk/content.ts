const EMPTY = Buffer.alloc(0);

/**
 * The bytes of a file. Grows by doubling; `snapshot` shares the buffer and costs nothing, and whoever then
 * overwrites a shared byte copies first. Appending to what a snapshot shares copies nothing.
 */
export class Content {
  #buffer = EMPTY;
  /** Bytes held in the buffer; from here to `sizeBytes` the file reads as zeros. */
  #stored = 0;
  #sizeBytes = 0;
  /** Bytes below this are shared with a snapshot and never overwritten in place. */
  #shared = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get storedBytes(): number {
    return this.#stored;
  }

  /** Copies what there is at `position` into `into`; the count is 0 at the end. */
  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.#sizeBytes - position));
    const stored = Math.max(0, Math.min(count, this.#stored - position));
    into.set(this.#buffer.subarray(position, position + stored));
    into.fill(0, stored, count);
    return count;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    this.#own(Math.min(position, this.#stored), end);
    if (position > this.#stored) this.#buffer.fill(0, this.#stored, position);
    this.#buffer.set(bytes, position);
    this.#stored = Math.max(this.#stored, end);
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
  }

  truncate(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#stored = Math.min(this.#stored, sizeBytes);
  }

  /** The same bytes as of now, whatever is written to either afterwards. */
  snapshot(): Content {
    const copy = new Content();
    copy.#buffer = this.#buffer;
    copy.#stored = this.#stored;
    copy.#sizeBytes = this.#sizeBytes;
    copy.#shared = Number.POSITIVE_INFINITY;
    this.#shared = Math.max(this.#shared, this.#stored);
    return copy;
  }

  /** Makes `[from, end)` writable in place. */
  #own(from: number, end: number): void {
    if (from >= this.#shared && end <= this.#buffer.length) return;
    const grown = end <= this.#buffer.length ? this.#buffer.length : Math.max(end, this.#buffer.length * 2);
    const buffer = Buffer.allocUnsafe(grown);
    this.#buffer.copy(buffer, 0, 0, this.#stored);
    this.#buffer = buffer;
    this.#shared = 0;
  }
}
