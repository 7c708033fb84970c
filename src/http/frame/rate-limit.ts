import type { Clock } from '../../base/index.ts';

/** Clients that are told apart; the longest silent is forgotten first. */
const MAX_CLIENTS = 10_000;
const MS_PER_SECOND = 1000;

type Bucket = { tokens: number; atMs: number };

/** A token bucket a client: so many requests a second, and as many at once. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a token, of which there are `perSecond` from now on. @returns false when there is none */
  take(client: string, perSecond: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(client) ?? { tokens: perSecond, atMs: nowMs };
    const earned = ((nowMs - bucket.atMs) * perSecond) / MS_PER_SECOND;
    bucket.tokens = Math.min(perSecond, bucket.tokens + earned);
    bucket.atMs = nowMs;
    // Entered anew, so that the map is in the order of last use.
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > MAX_CLIENTS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
