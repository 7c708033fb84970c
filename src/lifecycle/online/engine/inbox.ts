import { PilotfishError } from '../../../base/index.ts';

/** A sample with what was said of it when it came. */
export type Asked = {
  readonly x: readonly number[];
  readonly weight: number;
  readonly champion: string;
  readonly said: number;
  /** By place; undefined where nobody stood. */
  readonly says: readonly (
    | { readonly key: string; readonly updates: number; readonly said: number }
    | undefined
  )[];
};

/** A sample with its label. */
export type Labelled = Asked & { readonly y: number };

export type SavedInbox = {
  readonly buffer: readonly Labelled[];
  readonly latest: readonly Labelled[];
  readonly waiting: readonly (readonly [string, Asked])[];
  readonly dropped: number;
  readonly unlabelled: number;
};

/**
 * What came and is not learnt yet, bounded: of more than `limit` labelled samples the oldest are dropped, and so are
 * the oldest that wait for a label; both are counted.
 */
export class Inbox {
  readonly #limit: number;
  readonly #keep: number;
  #buffer: Labelled[] = [];
  #latest: Labelled[] = [];
  #waiting = new Map<string, Asked>();
  /** Labelled samples that were never learnt. */
  dropped = 0;
  /** Samples whose label did not come in time. */
  unlabelled = 0;

  constructor(limit: number, keep: number) {
    this.#limit = limit;
    this.#keep = keep;
  }

  get buffered(): number {
    return this.#buffer.length;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Keeps a sample until its label comes. */
  wait(sampleId: string, asked: Asked): void {
    this.#waiting.set(sampleId, asked);
    if (this.#waiting.size <= this.#limit) return;
    const [oldest] = this.#waiting.keys();
    this.#waiting.delete(oldest as string);
    this.unlabelled += 1;
  }

  isWaiting(sampleId: string): boolean {
    return this.#waiting.has(sampleId);
  }

  /** @throws PilotfishError `MISSING`. */
  take(sampleId: string): Asked {
    const asked = this.#waiting.get(sampleId);
    if (asked === undefined) throw new PilotfishError('MISSING', `no sample ${sampleId} waits for a label`);
    this.#waiting.delete(sampleId);
    return asked;
  }

  put(sample: Labelled): void {
    this.#buffer.push(sample);
    if (this.#buffer.length > this.#limit) {
      this.#buffer.shift();
      this.dropped += 1;
    }
    this.#latest.push(sample);
    if (this.#latest.length > this.#keep) this.#latest.shift();
  }

  /** All that waits to be learnt; it waits no more. */
  drain(): readonly Labelled[] {
    const batch = this.#buffer;
    this.#buffer = [];
    return batch;
  }

  /** The latest labelled samples, learnt or not. */
  latest(count: number): readonly Labelled[] {
    return this.#latest.slice(-count);
  }

  save(): SavedInbox {
    const { dropped, unlabelled } = this;
    return { buffer: this.#buffer, latest: this.#latest, waiting: [...this.#waiting], dropped, unlabelled };
  }

  load(saved: SavedInbox): void {
    this.#buffer = [...saved.buffer];
    this.#latest = [...saved.latest];
    this.#waiting = new Map(saved.waiting);
    this.dropped = saved.dropped;
    this.unlabelled = saved.unlabelled;
  }
}
