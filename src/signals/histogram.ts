import { assert } from '../base/index.ts';
import { histogramEntropyBits } from './entropy.ts';
import { HISTOGRAM_WASM } from './histogram-wasm.ts';
import { WasmModule } from './wasm.ts';

/** Memory map of assembly/histogram.ts, byte offsets. */
const COUNTS_AT = 0;
const INPUT_AT = 4096;

const BYTE_VALUES = 256;
const MAX_BUFFER_BYTES = 2 ** 30;

const histogramModule = new WasmModule<{ count(start: number, end: number): void }>(HISTOGRAM_WASM);

/**
 * Counts and entropy of every byte of a block, where `entropyBits` looks at a sample (WASM, about 4 GB/s: 16 µs for
 * 64 KiB). One instance a thread; a call allocates nothing.
 */
export class HistogramKernel {
  /** The input: put bytes here, then ask. Never detached or moved. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly #counts: Uint32Array<ArrayBuffer>;
  readonly #count: (start: number, end: number) => void;

  /** Room for `bufferBytes` of input, 1 byte to 1 GiB. */
  constructor(bufferBytes: number) {
    const isSize = Number.isInteger(bufferBytes) && bufferBytes >= 1 && bufferBytes <= MAX_BUFFER_BYTES;
    assert(isSize, 'histogram buffer length outside 1 byte to 1 GiB');
    const { memory, exports } = histogramModule.instantiate(INPUT_AT + bufferBytes);
    this.buffer = new Uint8Array(memory, INPUT_AT, bufferBytes);
    this.#counts = new Uint32Array(memory, COUNTS_AT, BYTE_VALUES);
    this.#count = exports.count;
  }

  /** How often each byte value occurs in `buffer[start]` to `buffer[end - 1]`; overwritten by the next call. */
  counts(start: number, end: number): Uint32Array {
    const isRange = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end;
    assert(isRange && end <= this.buffer.length, 'bytes outside the histogram buffer');
    this.#count(start, end);
    return this.#counts;
  }

  /** Shannon entropy of these bytes in bits per byte, 0 to 8, with the correction of `entropyBits`. */
  entropyBits(start: number, end: number): number {
    return histogramEntropyBits(this.counts(start, end));
  }
}
