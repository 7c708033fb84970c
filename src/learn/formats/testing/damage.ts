import { type FastRng, hasCode } from '../../../base/index.ts';

const CHANGES = ['flip', 'set', 'remove', 'repeat', 'cut'] as const;

/** One to four changes of a file: bits flipped, bytes set, removed, repeated, or all after a place cut off. */
export function damagedCopy(bytes: Uint8Array, rng: FastRng): Uint8Array {
  const out = Array.from(bytes);
  for (let left = 1 + rng.below(4); left > 0 && out.length > 0; left -= 1) {
    const at = rng.below(out.length);
    const how = CHANGES[rng.below(CHANGES.length)];
    if (how === 'flip') out[at] = (out[at] as number) ^ (1 << rng.below(8));
    else if (how === 'set') out[at] = rng.below(256);
    else if (how === 'remove') out.splice(at, 1 + rng.below(8));
    else if (how === 'repeat') out.splice(at, 0, ...out.slice(at, at + 1 + rng.below(32)));
    else out.length = at;
  }
  return Uint8Array.from(out);
}

/**
 * What a parser made of bytes nobody vouches for: undefined when it gave a value, else the code of its error.
 * Whatever is no coded error, or calls itself a bug of ours, is thrown on.
 */
export function codeOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (hasCode(error) && error.code !== 'INTERNAL') return error.code;
    throw error;
  }
}
