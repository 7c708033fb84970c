import { PilotfishError } from '../../base/index.ts';
import { checkSnapshot, type Snapshot, takeTensor, wholeNumber } from '../contract/index.ts';
import {
  BAND_BITS,
  BANDS,
  BUCKETS,
  bandValue,
  bucketOf,
  COMPLETE_DISTANCE,
  EXACT_DISTANCE,
  metBefore,
  otherHalf,
} from './bands.ts';
import { BucketLists } from './bucket-lists.ts';
import { bitCount, type Fingerprint } from './fingerprint.ts';
import { IdMap } from './id-map.ts';
import { Nearest, type Neighbours } from './nearest.ts';

export type LshOptions = {
  /** Most fingerprints; memory grows with those that are there, about 100 bytes each. Default 2^20. */
  readonly capacity?: number;
};

export type NeighbourQuery = {
  /** How many ids at most, 1 to 1024. Default 10. */
  readonly top?: number;
  /** Largest distance in bits, 0 to 9. Default 9, similarity 0.859. */
  readonly maxDistance?: number;
};

const CAPACITY_RANGE = [1, 2 ** 26] as const;
const MOST_NEIGHBOURS = 1024;
const TOP_RANGE = [1, MOST_NEIGHBOURS] as const;
const DISTANCE_RANGE = [0, COMPLETE_DISTANCE] as const;

/**
 * Index of 64-bit fingerprints by their bands (locality-sensitive hashing: Indyk, Motwani 1998; multi-probe: Lv et
 * al. 2007). A query looks into the buckets of five bands and of all values one bit away, 69 in all, which makes it
 * complete up to distance 9, at about 1 % of random fingerprints ranked. Ranking comes before the cut to `top`.
 */
export class LshIndex {
  readonly kind = 'lsh-index';
  readonly #capacity: number;
  readonly #slots = new IdMap();
  readonly #buckets = new BucketLists(BUCKETS);
  readonly #nearest = new Nearest(MOST_NEIGHBOURS);
  /** Of slot s: `[2 s]` low half, `[2 s + 1]` high half. */
  #halves = new Uint32Array(128);
  /** Of slot s: its id, or for a free slot the next free one plus 1. */
  #ids = new Uint32Array(64);
  #used = 0;
  /** First free slot plus 1, or 0. */
  #free = 0;

  /** @throws PilotfishError `USAGE` for a capacity out of range. */
  constructor({ capacity = 2 ** 20 }: LshOptions = {}) {
    this.#capacity = wholeNumber('capacity', capacity, CAPACITY_RANGE);
  }

  /** How many fingerprints are in it. */
  get size(): number {
    return this.#slots.size;
  }

  has(id: number): boolean {
    return this.#slots.get(id) >= 0;
  }

  /**
   * Adds a fingerprint under an id from 0 to 2^32 - 1.
   * @throws PilotfishError `USAGE` for no id, no fingerprint or an id that is there, `LIMIT` beyond the capacity.
   */
  insert(id: number, fingerprint: Fingerprint): void {
    checkWord('id', id);
    checkFingerprint(fingerprint);
    if (this.has(id)) throw new PilotfishError('USAGE', `id ${id} is in the index; remove it first`);
    if (this.size >= this.#capacity) {
      throw new PilotfishError(
        'LIMIT',
        `the index is full at ${this.#capacity}; make one with more capacity`,
      );
    }
    const slot = this.#takeSlot();
    this.#ids[slot] = id;
    this.#halves[2 * slot] = fingerprint.low;
    this.#halves[2 * slot + 1] = fingerprint.high;
    this.#slots.add(id, slot);
    const { low, high } = fingerprint;
    for (let band = 0; band < BANDS; band += 1) {
      const bucket = bucketOf(band, bandValue(band, low, high));
      this.#buckets.add(bucket, slot, otherHalf(band, low, high));
    }
  }

  /** Takes an id out; false when it was not there. */
  remove(id: number): boolean {
    const slot = this.#slots.get(id);
    if (slot < 0) return false;
    const [low, high] = [this.#halves[2 * slot] as number, this.#halves[2 * slot + 1] as number];
    for (let band = 0; band < BANDS; band += 1) {
      this.#buckets.remove(bucketOf(band, bandValue(band, low, high)), slot);
    }
    this.#slots.remove(id);
    this.#ids[slot] = this.#free;
    this.#free = slot + 1;
    return true;
  }

  /**
   * The nearest ids, by distance and then by id; none within `maxDistance` is missed.
   * @throws PilotfishError `USAGE` for no fingerprint or options out of range.
   */
  query(
    fingerprint: Fingerprint,
    { top = 10, maxDistance = COMPLETE_DISTANCE }: NeighbourQuery = {},
  ): Neighbours {
    checkFingerprint(fingerprint);
    wholeNumber('top', top, TOP_RANGE);
    wholeNumber('maxDistance', maxDistance, DISTANCE_RANGE);
    this.#nearest.start(top, maxDistance);
    for (let band = 0; band < BANDS; band += 1) this.#probe(fingerprint, band, 0);
    // Whatever no exact probe has met differs in every band, so in five bits at least.
    if (this.#nearest.reach <= EXACT_DISTANCE) return this.#nearest.neighbours;
    for (let band = 0; band < BANDS; band += 1) {
      for (let bit = 0; bit < (BAND_BITS[band] as number); bit += 1) this.#probe(fingerprint, band, 1 << bit);
    }
    return this.#nearest.neighbours;
  }

  /** Offers what lies in one bucket: that of the band's value with the bits of `flip` changed. */
  #probe({ low, high }: Fingerprint, band: number, flip: number): void {
    const [lists, nearest, halves] = [this.#buckets, this.#nearest, this.#halves];
    const { words } = lists;
    const half = otherHalf(band, low, high);
    let reach = nearest.reach;
    let chunk = lists.first(bucketOf(band, bandValue(band, low, high) ^ flip));
    for (; chunk !== 0; chunk = lists.next(chunk)) {
      const end = lists.end(chunk);
      for (let at = lists.begin(chunk); at < end; at += 2) {
        // Of random fingerprints this keeps one in a hundred; the others are never looked up.
        if (bitCount(half ^ (words[at + 1] as number)) > reach) continue;
        const slot = words[at] as number;
        const lowBits = low ^ (halves[2 * slot] as number);
        const highBits = high ^ (halves[2 * slot + 1] as number);
        const distance = bitCount(lowBits) + bitCount(highBits);
        if (distance > reach || metBefore(band, flip, lowBits, highBits)) continue;
        nearest.offer(this.#ids[slot] as number, distance);
        reach = nearest.reach;
      }
    }
  }

  #takeSlot(): number {
    if (this.#free > 0) {
      const slot = this.#free - 1;
      this.#free = this.#ids[slot] as number;
      return slot;
    }
    if (this.#used === this.#ids.length) {
      const [ids, halves] = [this.#ids, this.#halves];
      this.#ids = new Uint32Array(ids.length * 2);
      this.#ids.set(ids);
      this.#halves = new Uint32Array(halves.length * 2);
      this.#halves.set(halves);
    }
    this.#used += 1;
    return this.#used - 1;
  }

  /** Ids ascending and their fingerprints; the same for the same content, however it came about. */
  snapshot(): Snapshot {
    const ids = this.#slots.ids();
    const fingerprints = new Uint32Array(ids.length * 2);
    ids.forEach((id, i) => {
      const slot = this.#slots.get(id);
      fingerprints.set(this.#halves.subarray(2 * slot, 2 * slot + 2), 2 * i);
    });
    const tensors = {
      ids: { shape: [ids.length], data: ids },
      fingerprints: { shape: [ids.length, 2], data: fingerprints },
    };
    return { kind: this.kind, version: 1, config: { capacity: this.#capacity, size: ids.length }, tensors };
  }

  /** Builds the index anew. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `LIMIT` or `USAGE`. */
  static restore(snapshot: Snapshot): LshIndex {
    checkSnapshot(snapshot, 'lsh-index', 1);
    const { capacity, size } = snapshot.config;
    if (typeof capacity !== 'number' || typeof size !== 'number') {
      throw new PilotfishError('DAMAGED', 'the snapshot says neither capacity nor size');
    }
    const words = (name: string, shape: number[]) =>
      takeTensor<Uint32Array>(snapshot, name, { type: Uint32Array, shape });
    const ids = words('ids', [size]);
    const fingerprints = words('fingerprints', [size, 2]);
    const index = new LshIndex({ capacity });
    ids.forEach((id, i) => {
      const [low, high] = fingerprints.subarray(2 * i, 2 * i + 2) as unknown as [number, number];
      index.insert(id, { low, high });
    });
    return index;
  }
}

function checkWord(name: string, word: number): void {
  if (Number.isInteger(word) && word >= 0 && word <= 0xffffffff) return;
  throw new PilotfishError('USAGE', `${name} is ${word}; give a whole number from 0 to 4294967295`);
}

function checkFingerprint({ low, high }: Fingerprint): void {
  checkWord('low', low);
  checkWord('high', high);
}
