import { assert } from '../../base/index.ts';
import { WasmModule } from '../wasm.ts';
import { SIM_HASH_WASM } from './simhash-wasm.ts';

/** Memory map of assembly/simhash.ts, byte offsets. */
const FINGERPRINT_AT = 0;
const INPUT_AT = 4096;

const MAX_BUFFER_BYTES = 2 ** 30;

const simHashModule = new WasmModule<{ simHash(end: number): void }>(SIM_HASH_WASM);

/**
 * SimHash of blocks (WASM, about 0.9 GB/s). Definition: ./parameters.ts; its twin for tests: ./oracle.ts. One instance
 * a thread.
 */
export class SimHashKernel {
  readonly #input: Uint8Array<ArrayBuffer>;
  readonly #fingerprint: BigUint64Array<ArrayBuffer>;
  readonly #simHash: (end: number) => void;

  /** For blocks of at most `maxBytes`, 1 byte to 1 GiB. */
  constructor(maxBytes: number) {
    const isSize = Number.isInteger(maxBytes) && maxBytes >= 1 && maxBytes <= MAX_BUFFER_BYTES;
    assert(isSize, 'SimHash buffer length outside 1 byte to 1 GiB');
    const { memory, exports } = simHashModule.instantiate(INPUT_AT + maxBytes);
    this.#input = new Uint8Array(memory, INPUT_AT, maxBytes);
    this.#fingerprint = new BigUint64Array(memory, FINGERPRINT_AT, 1);
    this.#simHash = exports.simHash;
  }

  /** The fingerprint of `bytes`; 0 for fewer than 4, which have no shingle. */
  of(bytes: Uint8Array): bigint {
    assert(bytes.length <= this.#input.length, 'a block longer than the SimHash buffer');
    this.#input.set(bytes);
    this.#simHash(bytes.length);
    return this.#fingerprint[0] as bigint;
  }
}
