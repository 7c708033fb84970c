import type { Rng } from '../../src/base/index.ts';

/** `length` incompressible bytes from one draw of `rng`: mulberry32, many times faster than the draws themselves. */
export function noise(rng: Rng, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = Number(rng.nextU64() & 0xffff_ffffn);
  for (let i = 0; i < words.length; i += 1) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    words[i] = mixed ^ (mixed >>> 14);
  }
  return Buffer.from(words.buffer, 0, length);
}

/** One of `choices`. */
export function pick<T>(rng: Rng, choices: readonly [T, ...T[]]): T {
  return choices[rng.below(choices.length)] ?? choices[0];
}
