import { PilotfishError } from '../../base/index.ts';

/** The part of the WebAssembly API used here; the compiler's own description comes only with the DOM's. */
declare namespace WebAssembly {
  class Memory {
    constructor(limits: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory; abort: () => void } });
    readonly exports: unknown;
  }
}

/** A run of float32 values in kernel memory: what the kernels call it (a byte offset), and the view over it. */
export type KernelSlot = { readonly pointer: number; readonly view: Float32Array<SharedArrayBuffer> };

/** The same for 32-bit whole numbers: ids, counters. */
export type KernelIntSlot = { readonly pointer: number; readonly view: Int32Array<SharedArrayBuffer> };

// Below lies what the compiler put there: nothing, and the static data of both modules (scripts/build-kernels.ts).
const FIRST_FREE = 65_536;
const PAGE_BYTES = 65_536;
const ALIGNMENT = 64;
const MAX_BYTES = 2 ** 31;

/**
 * One shared WASM memory of fixed size, handed out once and never moved, so that views stay valid for good. Sharing
 * costs no measurable speed; the threads of a process see the same weights and buffers through `wasm.buffer`.
 */
export class KernelMemory {
  readonly wasm: WebAssembly.Memory;
  readonly #end: number;
  readonly #exports = new Map<KernelModule, unknown>();
  #next = FIRST_FREE;

  /** @throws PilotfishError `LIMIT` for more than 2 GiB of values, or more than the system has to give. */
  constructor(valueBytes: number) {
    const bytes = FIRST_FREE + Math.ceil(valueBytes / ALIGNMENT) * ALIGNMENT;
    if (!(valueBytes >= 0) || bytes > MAX_BYTES) {
      throw new PilotfishError('LIMIT', `kernel memory of ${valueBytes} bytes; at most 2 GiB can be had`);
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    this.wasm = makeMemory(pages);
    this.#end = bytes;
  }

  /** Bytes that `floats` values take here; sums of these are the argument of the constructor. */
  static bytesOf(...floats: number[]): number {
    return floats.reduce((sum, count) => sum + Math.ceil((count * 4) / ALIGNMENT) * ALIGNMENT, 0);
  }

  /** `count` zeros, aligned to 64 bytes. @throws PilotfishError `LIMIT` when the memory is used up. */
  floats(count: number): KernelSlot {
    const pointer = this.#take(count * 4);
    return { pointer, view: new Float32Array(this.wasm.buffer, pointer, count) };
  }

  /** As `floats`, for whole numbers. */
  ints(count: number): KernelIntSlot {
    const pointer = this.#take(count * 4);
    return { pointer, view: new Int32Array(this.wasm.buffer, pointer, count) };
  }

  /** @throws PilotfishError `LIMIT` when fewer than `bytes` are left: ask before taking several slots. */
  require(bytes: number): void {
    const missing = this.#next + bytes - this.#end;
    if (missing > 0)
      throw new PilotfishError('LIMIT', `${missing} bytes too few in kernel memory; make it larger`);
  }

  /** Exports of a committed module, running on this memory; the same object at every call. */
  run<Exports>(module: KernelModule): Exports {
    const known = this.#exports.get(module);
    if (known !== undefined) return known as Exports;
    const env = {
      memory: this.wasm,
      abort: () => {
        throw new PilotfishError('INTERNAL', `the ${module.name} kernels gave up; please report this`);
      },
    };
    const { exports } = new WebAssembly.Instance(module.compiled(), { env });
    this.#exports.set(module, exports);
    return exports as Exports;
  }

  #take(bytes: number): number {
    const aligned = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    this.require(aligned);
    this.#next += aligned;
    return this.#next - aligned;
  }
}

function makeMemory(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new PilotfishError(
      'LIMIT',
      `the system has no ${pages * PAGE_BYTES} bytes for kernels; use fewer`,
      { cause },
    );
  }
}

/** A committed WASM module, compiled once a thread and only when first used. */
export class KernelModule {
  readonly name: string;
  readonly #base64: string;
  #compiled: WebAssembly.Module | undefined;

  constructor(name: string, base64: string) {
    this.name = name;
    this.#base64 = base64;
  }

  compiled(): WebAssembly.Module {
    this.#compiled ??= new WebAssembly.Module(
      Uint8Array.from(atob(this.#base64), (char) => char.charCodeAt(0)),
    );
    return this.#compiled;
  }
}
