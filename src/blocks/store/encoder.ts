import { Worker } from 'node:worker_threads';
import { type Clock, must, PilotfishError } from '../../base/index.ts';
import type { Arena } from './arena.ts';
import { type EncodedBatch, runJobs } from './encode.ts';

/** Encodes batches. Each answer resolves its own promise; which comes first is up to the threads. */
export interface Encoder {
  encode(jobs: Int32Array<ArrayBuffer>): Promise<EncodedBatch>;
  close(): Promise<void>;
}

/** Encodes on the calling thread: for small work and for tests. */
export class InlineEncoder implements Encoder {
  readonly #bytes: Uint8Array;
  readonly #clock: Clock;

  constructor(arena: Arena, clock: Clock) {
    this.#bytes = new Uint8Array(arena.shared);
    this.#clock = clock;
  }

  encode(jobs: Int32Array<ArrayBuffer>): Promise<EncodedBatch> {
    return Promise.resolve(runJobs(this.#bytes, jobs, this.#clock));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Waiter {
  resolve(batch: EncodedBatch): void;
  reject(error: unknown): void;
}

/** The entry beside this file: `.ts` in the checkout, `.js` in the package. */
const WORKER_URL = import.meta.url.endsWith('.ts')
  ? new URL('./encode-worker.ts', import.meta.url)
  : new URL('./encode-worker.js', import.meta.url);

/**
 * Small heaps: what a worker makes is garbage by the next batch, and a roomy heap collects it late. Measured: 50 MB less
 * resident memory per worker at the same CPU.
 */
const HEAP_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 48 };

/** One worker thread; batches are answered first in, first out. */
class EncodeThread {
  readonly #worker: Worker;
  readonly #waiting: Waiter[] = [];
  #failure: PilotfishError | undefined;

  constructor(shared: SharedArrayBuffer) {
    // An empty execArgv: a worker must not inherit flags such as --test or an inspector's port.
    this.#worker = new Worker(WORKER_URL, { workerData: shared, execArgv: [], resourceLimits: HEAP_LIMITS });
    this.#worker.on('message', (batch: EncodedBatch) => this.#waiting.shift()?.resolve(batch));
    this.#worker.on('error', (cause) => this.#fail(cause));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  get load(): number {
    return this.#waiting.length;
  }

  encode(jobs: Int32Array<ArrayBuffer>): Promise<EncodedBatch> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(jobs, [jobs.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(cause: unknown): void {
    this.#failure ??= new PilotfishError('INTERNAL', 'an encode worker stopped: run the command again', {
      cause,
    });
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#failure);
  }
}

/**
 * Worker threads, started when the first batches pile up: a small job never pays for them. The first
 * `inlineBatches` batches run on the calling thread.
 */
export class PoolEncoder implements Encoder {
  readonly #arena: Arena;
  readonly #inline: InlineEncoder;
  readonly #threads: EncodeThread[] = [];
  readonly #threadLimit: number;
  #inlineLeft: number;

  constructor(arena: Arena, options: { threads: number; inlineBatches: number; clock: Clock }) {
    this.#arena = arena;
    this.#inline = new InlineEncoder(arena, options.clock);
    this.#threadLimit = options.threads;
    this.#inlineLeft = options.inlineBatches;
  }

  encode(jobs: Int32Array<ArrayBuffer>): Promise<EncodedBatch> {
    if (this.#inlineLeft > 0) {
      this.#inlineLeft -= 1;
      return this.#inline.encode(jobs);
    }
    return this.#thread().encode(jobs);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #thread(): EncodeThread {
    const idle = this.#threads.find((thread) => thread.load === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.length < this.#threadLimit) {
      this.#threads.push(new EncodeThread(this.#arena.shared));
      return must(this.#threads.at(-1), 'a thread was just added');
    }
    return this.#threads.reduce((least, thread) => (thread.load < least.load ? thread : least));
  }
}
