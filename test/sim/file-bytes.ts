import type { Rng } from '../../src/base/index.ts';
import { noise } from './noise.ts';

const WORDS_PER_LINE = 8;
const SYLLABLES = [
  'con',
  'set',
  'get',
  'map',
  're',
  'turn',
  'for',
  'val',
  'ue',
  'in',
  'dex',
  'id',
  'st',
  'ring',
  'ty',
  'pe',
];

/** The vocabulary all texts share, so that unrelated files are alike the way code is. */
export const WORDS = Array.from({ length: 256 }, (_, i) => `${SYLLABLES[i % 16]}${SYLLABLES[i >> 4]}`);

/** Text of about `length` bytes in lines. */
export function text(rng: Rng, length: number): Buffer {
  const choices = noise(rng, Math.ceil(length / 7) + 1);
  const lines: string[] = [];
  for (let i = 0; i < choices.length; i += WORDS_PER_LINE) {
    const words = Array.from(choices.subarray(i, i + WORDS_PER_LINE), (choice) => WORDS[choice]);
    lines.push(`${' '.repeat((choices[i] ?? 0) & 6)}${words.join(' ')};`);
  }
  return Buffer.from(lines.join('\n')).subarray(0, length);
}

/** Fixed-size records that differ in a few bytes, like tables in executables. */
export function records(rng: Rng, length: number): Buffer {
  const out = Buffer.alloc(length);
  const model = noise(rng, 24);
  for (let i = 0; i < length; i += 1)
    out[i] = i % 24 < 3 ? (i >> ((i % 3) * 4)) & 0xff : (model[i % 24] ?? 0);
  return out;
}

/** `bytes` with a few stretches replaced, inserted or removed. */
export function edited(rng: Rng, bytes: Uint8Array): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + rng.below(3); left > 0; left -= 1) {
    const from = rng.below(result.length + 1);
    const removed = rng.below(3) === 0 ? 0 : rng.below(200);
    const added = rng.below(3) === 0 ? Buffer.alloc(0) : text(rng, rng.below(200));
    result = Buffer.concat([result.subarray(0, from), added, result.subarray(from + removed)]);
  }
  return result;
}
