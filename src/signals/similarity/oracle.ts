import { SHINGLE_BYTES, SIM_HASH_KEY, SIM_HASH_MULTIPLIERS } from './parameters.ts';

const BITS = 64n;

/** The definition in ./parameters.ts word by word; the kernel must agree bit for bit. */
export function plainSimHash(bytes: Uint8Array): bigint {
  const votes = new Int32Array(Number(BITS));
  for (let at = 0; at + SHINGLE_BYTES <= bytes.length; at += 1) {
    const hash = shingleHash(bytes.subarray(at, at + SHINGLE_BYTES));
    for (let bit = 0n; bit < BITS; bit += 1n) {
      votes[Number(bit)] = (votes[Number(bit)] as number) + ((hash >> bit) & 1n ? 1 : -1);
    }
  }
  return votes.reduce((all, vote, bit) => (vote > 0 ? all | (1n << BigInt(bit)) : all), 0n);
}

function shingleHash(shingle: Uint8Array): bigint {
  const word = shingle.reduce((all, byte, i) => all | (BigInt(byte) << BigInt(8 * i)), 0n);
  const [first, second] = SIM_HASH_MULTIPLIERS;
  const low = BigInt.asUintN(64, (word ^ SIM_HASH_KEY) * first);
  const mixed = BigInt.asUintN(64, (low ^ (low >> 33n)) * second);
  return mixed ^ (mixed >> 33n);
}
