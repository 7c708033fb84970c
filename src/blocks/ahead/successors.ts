/** Successors remembered of each context. */
export const SUCCESSORS = 5;
/** Visits after which counts are halved: what was long ago counts less. */
const MAX_VISITS = 255;

/** What came after each context: the latest distinct keys, most recent first, with how often each came. */
export class Successors {
  /** [contexts][SUCCESSORS], -1 where there are no more. */
  readonly keys: Int32Array;
  readonly counts: Uint8Array;
  readonly visits: Uint8Array;

  constructor(contexts: number) {
    this.keys = new Int32Array(contexts * SUCCESSORS).fill(-1);
    this.counts = new Uint8Array(contexts * SUCCESSORS);
    this.visits = new Uint8Array(contexts);
  }

  /** `key` came after `context`. */
  observe(context: number, key: number): void {
    const { keys, counts } = this;
    const first = context * SUCCESSORS;
    const last = first + SUCCESSORS - 1;
    let at = first;
    while (at < last && keys[at] !== key) at += 1;
    const count = keys[at] === key ? (counts[at] as number) : 0;
    for (; at > first; at -= 1) {
      keys[at] = keys[at - 1] as number;
      counts[at] = counts[at - 1] as number;
    }
    keys[first] = key;
    counts[first] = count + 1;
    this.#visit(context);
  }

  /** Forgets a context. */
  clear(context: number): void {
    this.keys.fill(-1, context * SUCCESSORS, (context + 1) * SUCCESSORS);
    this.counts.fill(0, context * SUCCESSORS, (context + 1) * SUCCESSORS);
    this.visits[context] = 0;
  }

  #visit(context: number): void {
    const visits = (this.visits[context] as number) + 1;
    this.visits[context] = visits;
    if (visits < MAX_VISITS) return;
    this.visits[context] = visits >> 1;
    for (let i = 0; i < SUCCESSORS; i += 1) {
      const at = context * SUCCESSORS + i;
      this.counts[at] = ((this.counts[at] as number) + 1) >> 1;
    }
  }
}
