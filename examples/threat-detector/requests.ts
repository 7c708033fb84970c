// Made-up requests with the two features of document 003, and whether each was an attack.
import { FastRng } from '../../src/base/index.ts';
import type { Batch } from '../../src/learn/index.ts';

export const FEATURES = ['request_size', 'response_time'] as const;

/** Attacks are large and slow; one request in twenty is labelled wrongly, as people do. */
export function requests(seed: number, count: number): Batch {
  const rng = new FastRng(seed);
  const data = new Float64Array(count * FEATURES.length);
  const y = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const [size, time] = [rng.next() * 4096, rng.next() * 400];
    data.set([size, time], i * FEATURES.length);
    const isAttack = size > 1500 && time > 120;
    y[i] = Number(rng.next() < 0.05 ? !isAttack : isAttack);
  }
  return { x: { rows: count, columns: FEATURES.length, data }, y };
}
