import { assert } from '../../base/index.ts';
import { WasmModule } from '../wasm.ts';
import { KERNEL_WASM } from './kernel-wasm.ts';
import { ADDENDS, AVERAGE_BYTES, FEATURE_COUNT, MAX_SAMPLE_BITS, MULTIPLIERS } from './parameters.ts';

/** Memory map of assembly/kernel.ts, byte offsets. */
const FEATURES_AT = 0;
const MULTIPLIERS_AT = 64;
const ADDENDS_AT = 128;
const GEAR_AT = 1024;
const INPUT_AT = 4096;

const GEAR_ENTRIES = 256;
const MAX_BUFFER_BYTES = 2 ** 30;

type KernelExports = {
  setup(averageBytes: number): void;
  next(start: number, end: number, sampleBits: number): number;
};

const chunkModule = new WasmModule<KernelExports>(KERNEL_WASM);

export type ChunkKernelOptions = {
  /** Average block length: 16, 32, 64, 128 or 256 KiB, in bytes. */
  readonly averageBytes: number;
  /** 256 random 64-bit numbers, one per byte value; they decide where blocks end. */
  readonly gear: BigUint64Array;
  /** Length of the input buffer, in bytes; a block can be four averages long. */
  readonly bufferBytes: number;
};

/**
 * Content-defined block boundaries and 12 resemblance features in one pass (WASM SIMD, about 3 GB/s
 * at one sample per 128 bytes). Definition: ./parameters.ts. One instance per thread; a call
 * allocates nothing. Its twin for tests: ./oracle.ts.
 */
export class ChunkKernel {
  /** The input: put bytes here, then call `next`. Never detached or moved. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** The 12 features of the block found by the latest `next`; overwritten by the following call. */
  readonly features: Uint32Array<ArrayBuffer>;
  readonly #next: KernelExports['next'];

  constructor(options: ChunkKernelOptions) {
    const { averageBytes, gear, bufferBytes } = options;
    assert(AVERAGE_BYTES.includes(averageBytes), 'average block length outside the allowed five');
    assert(gear.length === GEAR_ENTRIES, 'gear table without 256 entries');
    assert(isCount(bufferBytes, 1, MAX_BUFFER_BYTES), 'chunk buffer length outside 1 byte to 1 GiB');
    const { memory, exports } = chunkModule.instantiate(INPUT_AT + bufferBytes);
    this.buffer = new Uint8Array(memory, INPUT_AT, bufferBytes);
    this.features = new Uint32Array(memory, FEATURES_AT, FEATURE_COUNT);
    new Uint32Array(memory, MULTIPLIERS_AT, FEATURE_COUNT).set(MULTIPLIERS);
    new Uint32Array(memory, ADDENDS_AT, FEATURE_COUNT).set(ADDENDS);
    new BigUint64Array(memory, GEAR_AT, GEAR_ENTRIES).set(gear);
    exports.setup(averageBytes);
    this.#next = exports.next;
  }

  /**
   * Length in bytes of the block that begins at `buffer[start]`, seeing only bytes before `end`; fills
   * `features`. `end - start` when no boundary lies before `end`: whether the block really ends there
   * only the caller knows. Samples are taken about every `2^sampleBits` bytes (1 to 12).
   */
  next(start: number, end: number, sampleBits: number): number {
    assert(
      isCount(end, 1, this.buffer.length) && isCount(start, 0, end - 1),
      'block outside the chunk buffer',
    );
    assert(isCount(sampleBits, 1, MAX_SAMPLE_BITS), 'sampleBits outside 1 to 12');
    return this.#next(start, end, sampleBits);
  }
}

function isCount(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
