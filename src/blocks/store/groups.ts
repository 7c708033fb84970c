import { MAX_GROUP_BYTES, must } from '../../base/index.ts';
import type { Entry } from './entry.ts';

const FIRST_CAPACITY_BYTES = 64 * 1024;
/** Deltas waiting for their group to be written, in bytes, before it is written early. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Far below what a record may declare: each member takes memory until its group is written. */
export const MAX_MEMBERS = 8192;

/** An encoded delta that cannot be written before the group its base is in. */
export interface WaitingDelta {
  readonly entry: Entry;
  readonly baseId: string;
  readonly payload: Uint8Array;
}

/** A group being filled: the raw bytes of its members one after the other. */
export class OpenGroup {
  readonly number: number;
  readonly members: Entry[] = [];
  readonly waiting: WaitingDelta[] = [];
  /** Position of the whole group in the arena once it is on its way to the encoder. */
  arenaAt: number | undefined;
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES);
  readonly #offsets: number[] = [0];
  #waitingBytes = 0;

  constructor(number: number) {
    this.number = number;
  }

  get sizeBytes(): number {
    return must(this.#offsets.at(-1), 'a group has an end');
  }

  get isFull(): boolean {
    return this.#waitingBytes > MAX_WAITING_BYTES || this.members.length >= MAX_MEMBERS;
  }

  fits(length: number): boolean {
    return this.sizeBytes + length <= MAX_GROUP_BYTES;
  }

  /** Adds a member; returns its slot. */
  join(entry: Entry, raw: Uint8Array): number {
    const start = this.sizeBytes;
    if (start + raw.length > this.#buffer.length) this.#grow(start + raw.length);
    this.#buffer.set(raw, start);
    this.#offsets.push(start + raw.length);
    return this.members.push(entry) - 1;
  }

  wait(delta: WaitingDelta): void {
    this.waiting.push(delta);
    this.#waitingBytes += delta.payload.length + 64;
  }

  /** Raw bytes of the whole group, a view. */
  raw(): Uint8Array {
    return this.#buffer.subarray(0, this.sizeBytes);
  }

  /** Raw bytes of one member, a view. */
  member(slot: number): Uint8Array {
    return this.#buffer.subarray(this.offset(slot), this.offset(slot + 1));
  }

  offset(slot: number): number {
    return must(this.#offsets[slot], 'a slot of this group');
  }

  #grow(wanted: number): void {
    const grown = Buffer.allocUnsafe(Math.min(MAX_GROUP_BYTES, Math.max(wanted, this.#buffer.length * 2)));
    grown.set(this.raw());
    this.#buffer = grown;
  }
}
