import { assert, MIB, SMALL_FILE_BYTES } from '../../base/index.ts';
import { ChunkKernel, FEATURE_COUNT, maxBlockBytes } from '../../signals/index.ts';
import { gearTable } from './parameters.ts';

/** Samples are taken every 2^n bytes: densely in small files, which would otherwise give too few. */
const SMALL_FILE_SAMPLE_BITS = 3;
const SAMPLE_BITS = 7;
const BUFFER_BYTES = 4 * MIB;

/** A block as the chunker sees it: views that are valid until the next call. */
export interface Chunk {
  /** Raw bytes, a view into the chunker's buffer. */
  raw: Uint8Array;
  /** 12 resemblance features, a view. */
  features: Uint32Array;
}

/** Fills `into` from `offset`; returns the number of bytes, 0 at the end of the source, negative for `later`. */
export type ReadInto = (into: Uint8Array, offset: number, length: number) => number;

/** Cuts byte streams into blocks (FastCDC, normalised) through one buffer in WASM memory. */
export class Chunker {
  readonly #kernel: ChunkKernel;
  readonly #maxBytes: number;
  readonly #chunk: Chunk;
  readonly #best = new Uint32Array(FEATURE_COUNT);

  constructor(averageBytes: number, gearSeed: Uint8Array) {
    this.#kernel = new ChunkKernel({ averageBytes, gear: gearTable(gearSeed), bufferBytes: BUFFER_BYTES });
    this.#maxBytes = maxBlockBytes(averageBytes);
    assert(this.#maxBytes * 2 <= BUFFER_BYTES, 'the chunk buffer holds two blocks');
    this.#chunk = { raw: this.#kernel.buffer.subarray(0, 0), features: this.#kernel.features };
  }

  /**
   * The blocks of one stream in order. `read` is called until it returns 0. A chunk is valid only until the
   * next one is asked for.
   */
  blocks(read: ReadInto): Generator<Chunk, void> {
    return this.blocksAsTheyCome(read) as Generator<Chunk, void>;
  }

  /** As `blocks`, for a source that may have to wait: undefined whenever `read` says `later`. */
  *blocksAsTheyCome(read: ReadInto): Generator<Chunk | undefined, void> {
    const buffer = this.#kernel.buffer;
    let start = 0;
    let end = 0;
    let ended = false;
    let first = true;
    for (;;) {
      while (!ended && end - start < this.#maxBytes) {
        if (buffer.length - end < this.#maxBytes) {
          buffer.copyWithin(0, start, end);
          end -= start;
          start = 0;
        }
        const got = read(buffer, end, buffer.length - end);
        if (got < 0) yield undefined;
        else if (got === 0) ended = true;
        else end += got;
      }
      if (start === end) return;
      // A small file is one block, whatever the average, and is sampled densely.
      const small = first && end <= SMALL_FILE_BYTES;
      first = false;
      const length = small ? this.#scanWhole(end) : this.#kernel.next(start, end, SAMPLE_BITS);
      yield this.#view(start, length);
      start += length;
    }
  }

  /** The features and bytes of a block that is not to be cut: a tree node. */
  whole(bytes: Uint8Array): Chunk {
    this.#kernel.buffer.set(bytes, 0);
    return this.#view(0, this.#scanWhole(bytes.length));
  }

  /** Runs the kernel over the first `length` bytes as one block: cuts are joined by taking maxima. */
  #scanWhole(length: number): number {
    const bits = length <= SMALL_FILE_BYTES ? SMALL_FILE_SAMPLE_BITS : SAMPLE_BITS;
    const { features } = this.#kernel;
    this.#best.fill(0);
    for (let at = 0; at < length; ) {
      at += this.#kernel.next(at, length, bits);
      for (let i = 0; i < features.length; i++) {
        this.#best[i] = Math.max(this.#best[i] as number, features[i] as number);
      }
    }
    features.set(this.#best);
    return length;
  }

  #view(start: number, length: number): Chunk {
    this.#chunk.raw = this.#kernel.buffer.subarray(start, start + length);
    return this.#chunk;
  }
}
