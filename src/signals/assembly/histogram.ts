// How often each byte value occurs. AssemblyScript, compiled by scripts/build-kernels.ts into ../histogram-wasm.ts.
//
// Speed, 64 KiB of random bytes, GB/s (the same in C, clang -O3: 4.5):
//   4.0  8 bytes unrolled, one load each, 4 tables   <- this file
//   3.7  one 8-byte load, bytes cut out by shift and mask
//   3.9  2 tables; but half of that where neighbours are equal: each count waits for the one before it
// 8 tables are no faster, and dearer on short input.

// Memory map, in bytes; ../histogram.ts writes the input.
const TABLE: usize = 1024; // 256 x u32; 4 of them from 0 on, the result in the first
const INPUT: usize = 4096; // to the end of the memory

// @ts-ignore: decorator
@inline
function count1(byteAt: usize, table: usize): void {
  const at = table * TABLE + ((load<u8>(byteAt) as usize) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Counts the bytes input[start] to input[end - 1]. */
export function count(start: u32, end: u32): void {
  memory.fill(0, 0, 4 * TABLE);
  let p = INPUT + start;
  const stop = INPUT + end;
  const stop8 = p + ((stop - p) & ~7);
  while (p < stop8) {
    count1(p, 0);
    count1(p + 1, 1);
    count1(p + 2, 2);
    count1(p + 3, 3);
    count1(p + 4, 0);
    count1(p + 5, 1);
    count1(p + 6, 2);
    count1(p + 7, 3);
    p += 8;
  }
  while (p < stop) {
    count1(p, 0);
    p += 1;
  }
  for (let at: usize = 0; at < TABLE; at += 16) {
    const low = i32x4.add(v128.load(at), v128.load(at, TABLE));
    v128.store(at, i32x4.add(low, i32x4.add(v128.load(at, 2 * TABLE), v128.load(at, 3 * TABLE))));
  }
}
