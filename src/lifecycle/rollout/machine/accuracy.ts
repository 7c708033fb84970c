type Span = { readonly span: number; count: number; right: number };

/** Parts that the time of a target is counted in. */
const PARTS = 7;
const KEPT = PARTS + 1;

/** How often the model was right lately: counts of the last spans of time. */
export class RecentAccuracy {
  readonly #spanMs: number;
  #spans: Span[] = [];

  /** @param overMs the time it looks back, in milliseconds */
  constructor(overMs: number) {
    this.#spanMs = overMs / PARTS;
  }

  add(isRight: boolean, nowMs: number): void {
    const span = Math.floor(nowMs / this.#spanMs);
    let last = this.#spans.at(-1);
    if (last === undefined || last.span < span) {
      last = { span, count: 0, right: 0 };
      this.#spans.push(last);
      if (this.#spans.length > KEPT) this.#spans.shift();
    }
    last.count += 1;
    if (isRight) last.right += 1;
  }

  /** How many were judged, and the part that was right; NaN of none. */
  over(nowMs: number): { readonly count: number; readonly accuracy: number } {
    const from = Math.floor(nowMs / this.#spanMs) - PARTS;
    let [count, right] = [0, 0];
    for (const each of this.#spans) {
      if (each.span < from) continue;
      count += each.count;
      right += each.right;
    }
    return { count, accuracy: right / count };
  }

  reset(): void {
    this.#spans = [];
  }

  snapshot(): readonly Readonly<Span>[] {
    return this.#spans.map((span) => ({ ...span }));
  }

  restore(spans: readonly Readonly<Span>[]): void {
    this.#spans = spans.map((span) => ({ ...span }));
  }
}
