import { PilotfishError } from '../../base/index.ts';
import { wholeNumber } from '../contract/index.ts';

export type SampleRingOptions = {
  /** Values of one record, 1 to 4096. */
  readonly recordLength: number;
  /** Records that fit, a power of two from 2 to 2^20; at most 2^26 values together. */
  readonly capacity: number;
};

const MAX_RECORD = 4096;
const MAX_CAPACITY = 2 ** 20;
const MAX_VALUES = 2 ** 26;

// The buffer: 32-bit words. Each side writes in cache lines of its own (128 bytes: processors fetch lines in pairs).
const MAGIC_AT = 0;
const RECORD_LENGTH_AT = 1;
const CAPACITY_AT = 2;
const PUSHED_AT = 32;
const DROPPED_AT = 33;
const TAKEN_AT = 64;
const RECORDS_AT = 96;
const MAGIC = 0x52494e47;

/**
 * Float32 records from one thread to one other, without locks, waiting or allocation (Lamport 1983): about 15 ns a
 * record of 12. One side calls `push`, one side `take`; `buffer` can be posted to a worker, which attaches to it.
 * When the ring is full, a record is dropped and counted: the side that serves never waits for the side that learns.
 *
 * Counters run modulo 2^32. A record is written before the counter that shows it, and read before the counter that
 * frees its place; both counters are written and read across threads by sequentially consistent atomics, which order
 * the plain accesses to the records. Each side remembers what it last saw of the other's counter and looks again only
 * when the ring seems full or empty.
 */
export class SampleRing {
  readonly buffer: SharedArrayBuffer;
  readonly recordLength: number;
  readonly capacity: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #records: Float32Array<SharedArrayBuffer>;
  #seenTaken: number;
  #seenPushed: number;

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#records = new Float32Array(buffer, RECORDS_AT * 4);
    this.recordLength = this.#words[RECORD_LENGTH_AT] as number;
    this.capacity = this.#words[CAPACITY_AT] as number;
    this.#seenTaken = Atomics.load(this.#words, TAKEN_AT);
    this.#seenPushed = Atomics.load(this.#words, PUSHED_AT);
  }

  /** An empty ring. @throws PilotfishError `USAGE` or `LIMIT` for sizes out of range. */
  static create({ recordLength, capacity }: SampleRingOptions): SampleRing {
    wholeNumber('recordLength', recordLength, [1, MAX_RECORD]);
    wholeNumber('capacity', capacity, [2, MAX_CAPACITY]);
    if (!isPowerOfTwo(capacity)) {
      throw new PilotfishError('USAGE', `capacity is ${capacity}; give a power of two`);
    }
    if (recordLength * capacity > MAX_VALUES) {
      throw new PilotfishError('LIMIT', `a ring holds at most ${MAX_VALUES} values; make it shorter`);
    }
    const buffer = new SharedArrayBuffer((RECORDS_AT + recordLength * capacity) * 4);
    new Int32Array(buffer).set([MAGIC, recordLength, capacity], MAGIC_AT);
    return new SampleRing(buffer);
  }

  /** The other end of the ring in `buffer`. @throws PilotfishError `DAMAGED` when the buffer is no ring. */
  static attach(buffer: SharedArrayBuffer): SampleRing {
    const isBuffer = buffer instanceof SharedArrayBuffer && buffer.byteLength % 4 === 0;
    const words = new Int32Array(isBuffer ? buffer : new SharedArrayBuffer(0));
    const [recordLength = 0, capacity = 0] = [words[RECORD_LENGTH_AT], words[CAPACITY_AT]];
    const isRing = words[MAGIC_AT] === MAGIC && recordLength > 0 && capacity > 1 && isPowerOfTwo(capacity);
    if (!isRing || words.length !== RECORDS_AT + recordLength * capacity) {
      throw new PilotfishError('DAMAGED', 'the buffer holds no ring; pass the buffer of a SampleRing');
    }
    return new SampleRing(buffer);
  }

  /** Records waiting; exact for the two sides between their own calls. */
  get size(): number {
    return (Atomics.load(this.#words, PUSHED_AT) - Atomics.load(this.#words, TAKEN_AT)) | 0;
  }

  /** Records dropped because the ring was full, modulo 2^32. */
  get drops(): number {
    return Atomics.load(this.#words, DROPPED_AT) >>> 0;
  }

  /** Copies one record in; false, and counted, when the ring is full. @throws PilotfishError `SHAPE` */
  push(record: ArrayLike<number>): boolean {
    const length = this.recordLength;
    if (record.length !== length) refuseLength('record', record.length, length);
    const words = this.#words;
    const pushed = words[PUSHED_AT] as number;
    if (((pushed - this.#seenTaken) | 0) >= this.capacity) {
      this.#seenTaken = Atomics.load(words, TAKEN_AT);
      if (((pushed - this.#seenTaken) | 0) >= this.capacity) {
        Atomics.store(words, DROPPED_AT, ((words[DROPPED_AT] as number) + 1) | 0);
        return false;
      }
    }
    const records = this.#records;
    const at = (pushed & (this.capacity - 1)) * length;
    for (let i = 0; i < length; i += 1) records[at + i] = record[i] as number;
    Atomics.store(words, PUSHED_AT, (pushed + 1) | 0);
    return true;
  }

  /** Copies the oldest record out into `target`; false when there is none. @throws PilotfishError `SHAPE` */
  take(target: Float32Array): boolean {
    const length = this.recordLength;
    if (target.length !== length) refuseLength('target', target.length, length);
    const words = this.#words;
    const taken = words[TAKEN_AT] as number;
    if (((this.#seenPushed - taken) | 0) <= 0) {
      this.#seenPushed = Atomics.load(words, PUSHED_AT);
      if (((this.#seenPushed - taken) | 0) <= 0) return false;
    }
    const records = this.#records;
    const at = (taken & (this.capacity - 1)) * length;
    for (let i = 0; i < length; i += 1) target[i] = records[at + i] as number;
    Atomics.store(words, TAKEN_AT, (taken + 1) | 0);
    return true;
  }
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

function refuseLength(name: string, length: number, expected: number): never {
  throw new PilotfishError(
    'SHAPE',
    `the ${name} has ${length} values, records of this ring have ${expected}`,
  );
}
