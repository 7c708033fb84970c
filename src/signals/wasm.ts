/** The part of the WebAssembly API used here; the compiler's own description comes only with the DOM's. */
declare namespace WebAssembly {
  class Memory {
    constructor(limits: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: unknown;
  }
}

const PAGE_BYTES = 65536;

/** A committed module, compiled once a thread and only when first used. */
export class WasmModule<Exports> {
  readonly #base64: string;
  #compiled: WebAssembly.Module | undefined;

  constructor(base64: string) {
    this.#base64 = base64;
  }

  /** The exports, running on memory of their own of at least so many bytes. It never grows or moves. */
  instantiate(bytes: number): { readonly memory: ArrayBuffer; readonly exports: Exports } {
    this.#compiled ??= new WebAssembly.Module(
      Uint8Array.from(atob(this.#base64), (char) => char.charCodeAt(0)),
    );
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(this.#compiled, { env: { memory } });
    return { memory: memory.buffer, exports: exports as Exports };
  }
}
