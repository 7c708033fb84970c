import { freeBytes, sha256 } from '../../base/index.ts';
import { CODEC_IDS, type CodecName, codecName, decode, zstdDecode } from '../codec/index.ts';

/** Records under way at most. */
export const SLOTS = 512;
/** What becomes of a slot: the reader queues, the worker begins and ends; a record not begun can be taken back. */
export const STATE = { free: 0, queued: 1, begun: 2, done: 3, failed: 4 } as const;

/** What the two threads share: words for what is to be done and how far it is, and the bytes it is done with. */
export interface SharedBoard {
  readonly words: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/** One record to decode. Positions are offsets in the shared bytes. */
export interface DecodeJob {
  readonly codec: CodecName;
  readonly payloadAt: number;
  readonly payloadLength: number;
  readonly rawLength: number;
  /** Of a delta; negative: the record stands alone. */
  readonly baseAt: number;
  readonly baseLength: number;
  readonly outAt: number;
  /** What the bytes must hash to, 64 hex digits; undefined for a group, whose members are checked one by one. */
  readonly id: string | undefined;
}

const POSTED = 0;
const READY = 1;
const HEAD_WORDS = 2;
const SLOT_WORDS = 9;
const ID_BYTES = 32;
const WORDS = HEAD_WORDS + SLOTS * SLOT_WORDS;

/** Either thread's view of the shared memory. */
export class Board {
  readonly shared: SharedBoard;
  readonly #words: Int32Array;
  readonly #ids: Buffer;
  readonly #bytes: Uint8Array;

  constructor(shared: SharedBoard) {
    this.shared = shared;
    this.#words = new Int32Array(shared.words, 0, WORDS);
    this.#ids = Buffer.from(shared.words, 4 * WORDS, SLOTS * ID_BYTES);
    this.#bytes = new Uint8Array(shared.bytes);
  }

  static allocate(bytes: SharedArrayBuffer): Board {
    return new Board({ words: new SharedArrayBuffer(4 * WORDS + SLOTS * ID_BYTES), bytes });
  }

  /** Whether the worker runs. */
  get isReady(): boolean {
    return Atomics.load(this.#words, READY) === 1;
  }

  state(slot: number): number {
    return Atomics.load(this.#words, at(slot));
  }

  /** Queues a job; the worker is woken by `wake`. */
  post(slot: number, job: DecodeJob): void {
    if (job.id !== undefined) this.#ids.write(job.id, slot * ID_BYTES, 'hex');
    const fields = at(slot) + 1;
    this.#words[fields] = CODEC_IDS[job.codec];
    this.#words[fields + 1] = job.payloadAt;
    this.#words[fields + 2] = job.payloadLength;
    this.#words[fields + 3] = job.rawLength;
    this.#words[fields + 4] = job.baseAt;
    this.#words[fields + 5] = job.baseLength;
    this.#words[fields + 6] = job.outAt;
    this.#words[fields + 7] = job.id === undefined ? 0 : 1;
    // Last: whoever sees the state sees the fields.
    Atomics.store(this.#words, at(slot), STATE.queued);
    Atomics.add(this.#words, POSTED, 1);
  }

  wake(): void {
    Atomics.notify(this.#words, POSTED);
  }

  /** Takes a job back that the worker has not begun. */
  takeBack(slot: number): boolean {
    return Atomics.compareExchange(this.#words, at(slot), STATE.queued, STATE.free) === STATE.queued;
  }

  /** Waits for a job that was begun; false when it has not ended in time. */
  waitFor(slot: number, timeoutMs: number): boolean {
    if (this.state(slot) === STATE.begun) Atomics.wait(this.#words, at(slot), STATE.begun, timeoutMs);
    return this.state(slot) !== STATE.begun;
  }

  /** The worker says that it runs. */
  open(): void {
    Atomics.store(this.#words, READY, 1);
  }

  /** The worker's whole life: job after job in the order of the slots. */
  work(): never {
    // The count wraps round as the words do; slots are a power of two, so that they go on in step.
    for (let next = 0; ; next = (next + 1) | 0) {
      while (Atomics.load(this.#words, POSTED) === next) Atomics.wait(this.#words, POSTED, next);
      this.#run(next & (SLOTS - 1));
    }
  }

  #run(slot: number): void {
    const state = at(slot);
    if (Atomics.compareExchange(this.#words, state, STATE.queued, STATE.begun) !== STATE.queued) return;
    Atomics.store(this.#words, state, this.#decode(slot) ? STATE.done : STATE.failed);
    Atomics.notify(this.#words, state);
  }

  /** False for whatever is wrong: the reader then reads the block itself and says what it is. */
  #decode(slot: number): boolean {
    const fields = this.#words.subarray(at(slot) + 1, at(slot) + SLOT_WORDS);
    const [codec, payloadAt, payloadLength, rawLength, baseAt, baseLength, outAt, isChecked] =
      fields as unknown as [number, number, number, number, number, number, number, number];
    try {
      const payload = this.#bytes.subarray(payloadAt, payloadAt + payloadLength);
      const raw =
        baseAt < 0
          ? decode(codecName(codec), payload, rawLength)
          : zstdDecode(payload, rawLength, this.#bytes.subarray(baseAt, baseAt + baseLength));
      if (raw.length !== rawLength) return false;
      if (isChecked === 1 && !sha256(raw).equals(this.#ids.subarray(slot * ID_BYTES, (slot + 1) * ID_BYTES)))
        return false;
      this.#bytes.set(raw, outAt);
      freeBytes(raw);
      return true;
    } catch {
      return false;
    }
  }
}

function at(slot: number): number {
  return HEAD_WORDS + slot * SLOT_WORDS;
}
