import { PilotfishError } from '../../base/index.ts';
import { KernelMemory } from './memory.ts';

/**
 * Where a kernel keeps its weights, twice. Plain data that can be posted to a worker: there the `loadInto` of the
 * kernel's class replaces the weights while this thread goes on with inference.
 */
export type WeightPort<Shape> = {
  readonly buffer: SharedArrayBuffer;
  /** Byte offset of the control block. */
  readonly control: number;
  /** Values in one copy. */
  readonly length: number;
  readonly shape: Shape;
};

/** How weights are loaded. */
export type LoadOptions = {
  /**
   * Load although another thread is said to be loading, default false. For when that thread ended in the middle of it,
   * say by `terminate`: wait for the `exit` event of the worker, since two threads that load at once mix their weights.
   */
  readonly takeOver?: boolean;
};

// The control block, read by assembly/weights.ts: 32-bit words. The word that every run writes has a cache line of
// its own.
const CONTROL_WORDS = 32;
const CURRENT = 0;
const COPIES = 1;
const LOADING = 3;
const READING = 16;
const NEVER_LOADED = -1;

const PATIENCE_MS = 1;
const MAX_WAITS = 1000;

const MOST_REHEARSALS = 2000;
const REHEARSED_WEIGHTS = 2 ** 26;
/** Weights times runs after which the optimised tier has taken over, also for kernels that are made later. */
const ENOUGH_WORK = 2 ** 24;

/** Bytes of kernel memory that `createWeights` takes. */
export function weightBytes(length: number): number {
  return KernelMemory.bytesOf(CONTROL_WORDS, CONTROL_WORDS, length, length);
}

/** Two empty copies, not to be used before the first load; `rehearsal` is a control block for dummy runs. */
export function createWeights<Shape>(memory: KernelMemory, length: number, shape: Shape) {
  const control = memory.ints(CONTROL_WORDS);
  const rehearsal = memory.ints(CONTROL_WORDS);
  const copies = [memory.floats(length).pointer, memory.floats(length).pointer];
  for (const block of [control, rehearsal]) block.view.set(copies, COPIES);
  control.view[CURRENT] = NEVER_LOADED;
  const port: WeightPort<Shape> = { buffer: memory.wasm.buffer, control: control.pointer, length, shape };
  return { port, rehearsal: rehearsal.pointer };
}

/**
 * Lets `fill` write the copy that no inference uses, then makes it the current one by one atomic store: a run sees the
 * old weights or the new ones, never a mixture, and never waits. If `fill` throws, the old ones stay; they stay too
 * when the thread ends while it loads, but then the next load must take over.
 * @throws PilotfishError `LOCKED` when another thread is loading, or an inference on the idle copy does not end.
 */
export function replaceWeights<Shape>(
  port: WeightPort<Shape>,
  fill: (idle: Float32Array) => void,
  { takeOver = false }: LoadOptions = {},
): void {
  const control = new Int32Array(port.buffer, port.control, CONTROL_WORDS);
  if (Atomics.exchange(control, LOADING, 1) !== 0 && !takeOver) {
    throw new PilotfishError(
      'LOCKED',
      'another thread is loading weights; load from one thread at a time, or takeOver if that one has ended',
    );
  }
  try {
    const idle = Atomics.load(control, CURRENT) === 0 ? 1 : 0;
    waitForReader(control, idle);
    fill(new Float32Array(port.buffer, control[COPIES + idle] as number, port.length));
    Atomics.store(control, CURRENT, idle);
  } finally {
    Atomics.store(control, LOADING, 0);
  }
}

/** A run that began before the latest load may still use what is now the idle copy; it takes microseconds. */
function waitForReader(control: Int32Array<SharedArrayBuffer>, idle: number): void {
  for (let waits = 0; Atomics.load(control, READING) === idle + 1; waits += 1) {
    if (waits === MAX_WAITS) {
      throw new PilotfishError(
        'LOCKED',
        'an inference has been running for a second; load again when it ends',
      );
    }
    Atomics.wait(control, READING, idle + 1, PATIENCE_MS);
  }
}

/** @throws PilotfishError `UNTRAINED` */
export function refuseUnloaded(kernel: string): never {
  throw new PilotfishError('UNTRAINED', `the ${kernel} kernel has no weights yet; call load first`);
}

/** Weights times runs that were rehearsed in this thread: all kernels of a kind run the same code, and share this. */
export type Rehearsed = { work: number };

/**
 * Runs a kernel for nothing, so that its first real runs are not those of the engine's baseline tier, two to four
 * times slower. Measured for 12,000 weights: the optimised tier takes over after 200 to 2000 runs. A larger model needs
 * fewer, since the engine counts loops: the work is bounded, so that 640,000 weights take 10 ms and not 200. Once the
 * thread has seen enough of the kind nothing is run, unless `calls` says how often.
 */
export function rehearse(
  run: () => void,
  { calls, weights, shared }: { calls: number | undefined; weights: number; shared: Rehearsed },
): void {
  if (calls === undefined && shared.work >= ENOUGH_WORK) return;
  const enough = calls ?? Math.min(MOST_REHEARSALS, Math.ceil(REHEARSED_WEIGHTS / weights));
  for (let call = 0; call < enough; call += 1) run();
  shared.work += enough * weights;
}
