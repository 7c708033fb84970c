// The nearest fingerprints by Hamming distance: all of them are looked at. AssemblyScript, compiled by
// scripts/build-kernels.ts into ../nearest-wasm.ts.
//
// One load, one XOR, one POPCNT and one comparison a fingerprint: 1 M uniform ones in 0.25 ms on one core. Measured
// beside it: 0.27 ms one at a time, 0.54 ms with i8x16.popcnt and 0.50 ms without a branch.

// Memory map, in bytes; ../nearest.ts writes the query and the fingerprints.
const QUERY: usize = 0; // u64
const COUNTS: usize = 64; // 10 x u32, out: how many rows each list holds
const LISTS: usize = 4096; // 10 x 1024 x u32, out: rows at distance 0, 1, … 9, ascending
const LIST_SHIFT: usize = 12;
const FINGERPRINTS: usize = 65536; // to the end of the memory

const MAX_DISTANCE: i32 = 9;

let wanted: u32 = 0;
/** Rows found at most `most` away, as far as `take` has followed. */
let found: u32 = 0;

/**
 * Takes a row in and answers how far away the next may be, below 0 when none is wanted any more. Rows come in ascending
 * order, so that a later one loses against an equal.
 */
function take(at: usize, distance: i32, before: i32): i32 {
  let most = before;
  if (distance > most) return most;
  const count = COUNTS + ((distance as usize) << 2);
  const held = load<u32>(count);
  store<u32>(
    LISTS + ((distance as usize) << LIST_SHIFT) + ((held as usize) << 2),
    ((at - FINGERPRINTS) >> 3) as u32,
  );
  store<u32>(count, held + 1);
  found += 1;
  while (most >= 0 && found >= wanted) {
    found -= load<u32>(COUNTS + ((most as usize) << 2));
    most -= 1;
  }
  return most;
}

// @ts-ignore: decorator
@inline
function distanceAt(at: usize, query: u64): i32 {
  return popcnt<u64>(load<u64>(at) ^ query) as i32;
}

/** The first four neighbours from `from` on of which one is at most `most` away, or `stop`. */
function seek(from: usize, stop: usize, query: u64, most: i32): usize {
  let at = from;
  while (at < stop) {
    const a = popcnt<u64>(load<u64>(at) ^ query) as i32;
    const b = popcnt<u64>(load<u64>(at, 8) ^ query) as i32;
    const c = popcnt<u64>(load<u64>(at, 16) ^ query) as i32;
    const d = popcnt<u64>(load<u64>(at, 24) ^ query) as i32;
    if (min(min(a, b), min(c, d)) <= most) return at;
    at += 32;
  }
  return at;
}

/** Fills the lists with what can be among the `limit` nearest of the rows before `rows`; at most `limit` a list. */
export function nearest(rows: u32, limit: u32): void {
  memory.fill(COUNTS, 0, 64);
  wanted = limit;
  found = 0;
  let most = MAX_DISTANCE;
  const query = load<u64>(QUERY);
  const stop = FINGERPRINTS + ((rows as usize) << 3);
  const stop4 = FINGERPRINTS + (((rows & ~3) as usize) << 3);
  let at = FINGERPRINTS;
  while (at < stop) {
    if (at < stop4) at = seek(at, stop4, query, most);
    const end = min(at + 32, stop);
    for (; at < end && most >= 0; at += 8) most = take(at, distanceAt(at, query), most);
    if (most < 0) return;
  }
}
