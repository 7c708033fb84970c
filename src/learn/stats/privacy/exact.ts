import { PilotfishError } from '../../../base/index.ts';

/**
 * A source of random 32-bit words: whole numbers in [0, 2^32), each equally likely. For real releases it must be
 * unpredictable (`crypto.getRandomValues`); a seeded generator is for tests, since who knows the seed removes the
 * noise.
 */
export type RandomWords = () => number;

/** A fraction of whole numbers, `denominator` positive. */
export type Rational = { readonly numerator: bigint; readonly denominator: bigint };

/** The exact value of a double. @throws PilotfishError `NOT_FINITE`. */
export function rationalOf(value: number): Rational {
  if (!Number.isFinite(value))
    throw new PilotfishError('NOT_FINITE', `${value} is no fraction; give a finite number`);
  let [scaled, denominator] = [value, 1n];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return { numerator: BigInt(scaled), denominator };
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

function nextWord(words: RandomWords): bigint {
  const word = words();
  if (!(Number.isInteger(word) && word >= 0 && word <= 0xffffffff)) {
    throw new PilotfishError(
      'USAGE',
      `the random source gave ${word}; it must give whole numbers below 2^32`,
    );
  }
  return BigInt(word);
}

/** A whole number in [0, limit), every one exactly equally likely: too large draws are drawn again. */
export function uniformBelow(limit: bigint, words: RandomWords): bigint {
  const bits = bitLength(limit - 1n);
  for (;;) {
    let draw = 0n;
    for (let have = 0; have < bits; have += 32) draw = (draw << 32n) | nextWord(words);
    draw = BigInt.asUintN(bits, draw);
    if (draw < limit) return draw;
  }
}

/** True with probability exp(-numerator / denominator), for a fraction in [0, 1] (CKS 2020, Algorithm 1). */
function survivesUnit(numerator: bigint, denominator: bigint, words: RandomWords): boolean {
  let k = 1n;
  while (uniformBelow(denominator * k, words) < numerator) k += 1n;
  return k % 2n === 1n;
}

/** True with probability exactly exp(-exponent), for an exponent >= 0 (Algorithm 1 of `discreteLaplace`'s paper). */
export function survives({ numerator, denominator }: Rational, words: RandomWords): boolean {
  let rest = numerator;
  for (; rest > denominator; rest -= denominator) if (!survivesUnit(1n, 1n, words)) return false;
  return survivesUnit(rest, denominator, words);
}
