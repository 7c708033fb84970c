import { assert } from '../../base/index.ts';
import { WasmModule } from '../wasm.ts';
import { NEAREST_WASM } from './nearest-wasm.ts';
import { MAX_DISTANCE, MAX_FINGERPRINTS, MAX_NEAREST } from './parameters.ts';

/** Memory map of assembly/nearest.ts, byte offsets. */
const QUERY_AT = 0;
const COUNTS_AT = 64;
const LISTS_AT = 4096;
const LIST_ENTRIES = 1024;
const FINGERPRINTS_AT = 65536;

const nearestModule = new WasmModule<{ nearest(rows: number, limit: number): void }>(NEAREST_WASM);

/** One row of an answer. */
export type Near = {
  readonly row: number;
  /** Bits that differ, 0 to 9. */
  readonly distance: number;
};

/**
 * Fingerprints in rows, and which of them are at most 9 bits away from a given one. Every row is looked at, so that
 * nothing is missed however fingerprints cluster (WASM, 1 million rows in 0.25 to 0.5 ms). 8 bytes a row.
 */
export class NearestFingerprints {
  /** One entry a row: write them, then ask. Never detached or moved. */
  readonly fingerprints: BigUint64Array<ArrayBuffer>;
  readonly #query: BigUint64Array<ArrayBuffer>;
  readonly #counts: Uint32Array<ArrayBuffer>;
  readonly #lists: Uint32Array<ArrayBuffer>;
  readonly #nearest: (rows: number, limit: number) => void;

  /** Room for so many rows, 0 to 16 777 216. */
  constructor(rows: number) {
    assert(Number.isInteger(rows) && rows >= 0 && rows <= MAX_FINGERPRINTS, 'more rows than fit');
    const { memory, exports } = nearestModule.instantiate(FINGERPRINTS_AT + 8 * rows);
    this.fingerprints = new BigUint64Array(memory, FINGERPRINTS_AT, rows);
    this.#query = new BigUint64Array(memory, QUERY_AT, 1);
    this.#counts = new Uint32Array(memory, COUNTS_AT, MAX_DISTANCE + 1);
    this.#lists = new Uint32Array(memory, LISTS_AT, LIST_ENTRIES * (MAX_DISTANCE + 1));
    this.#nearest = exports.nearest;
  }

  /** The `limit` (1 to 1001) rows nearest to `query` of those at most 9 bits away, by distance, then row. */
  find(query: bigint, limit: number): Near[] {
    assert(Number.isInteger(limit) && limit >= 1 && limit <= MAX_NEAREST, 'a limit outside 1 to 1001');
    this.#query[0] = query;
    this.#nearest(this.fingerprints.length, limit);
    const answer: Near[] = [];
    for (let distance = 0; distance <= MAX_DISTANCE; distance += 1) {
      const held = Math.min(this.#counts[distance] as number, limit - answer.length);
      for (let i = 0; i < held; i += 1) {
        answer.push({ row: this.#lists[distance * LIST_ENTRIES + i] as number, distance });
      }
    }
    return answer;
  }
}

/** Similarity of two fingerprints so many bits apart: 1 - distance / 64. */
export function similarityOf(distance: number): number {
  return 1 - distance / 64;
}
