// The chunking kernel: one pass over a block gives its boundary and its 12 resemblance features.
// AssemblyScript, compiled by scripts/build-kernels.ts into ../kernel-wasm.ts. The definition in
// words stands in ../parameters.ts, the plain-TypeScript twin in ../oracle.ts.
//
// Speed, measured over 24 variants (blocks of 64 KiB average, one sample in 128 bytes, GB/s):
//   3.1  8 bytes unrolled, one byte load each, h = (h << 1) + gear     <- this file
//   2.9  the same, 4 bytes unrolled
//   2.8  two bytes per step, (h << 2) + (g0 << 1) + g1
//   2.6  one 8-byte load, bytes cut out by shift and mask
// The loop is bound by the number of instructions, not by the chain through h: whatever shortens
// the chain by extra work loses. A cut is looked for only where a sample was taken (every cut is
// one), so the inner loop holds one comparison per byte, and no separate loops for the regions
// before the minimum and the average are needed. At one sample in 16 it runs at 1.2 GB/s: then the
// mispredicted branch of each sample is the cost.

// Memory map, in bytes; ../kernel.ts writes the tables and the input.
const FEATURES: usize = 0; // 12 x u32, out
const MULTIPLIERS: usize = 64; // 12 x u32
const ADDENDS: usize = 128; // 12 x u32
const GEAR: usize = 1024; // 256 x u64
const INPUT: u32 = 4096; // to the end of the memory

let minBytes: u32 = 0;
let averageBytes: u32 = 0;
let strictCut: u64 = 0;
let looseCut: u64 = 0;

/** Fixes the average block length, a power of two. */
export function setup(average: u32): void {
  const log2 = 31 - clz(average);
  averageBytes = average;
  minBytes = average >> 2;
  strictCut = (1 as u64) << (63 - log2);
  looseCut = (1 as u64) << (65 - log2);
}

/** Takes a sample with hash `h` at a block length of `length`; true if the block ends there. */
function sample(h: u64, length: u32): bool {
  const x = i32x4.splat((h >> 25) as i32);
  for (let at: usize = FEATURES; at < FEATURES + 48; at += 16) {
    const linear = i32x4.add(i32x4.mul(v128.load(at, MULTIPLIERS), x), v128.load(at, ADDENDS));
    v128.store(at, i32x4.max_u(v128.load(at), linear));
  }
  if (h >= looseCut) return false;
  return length >= averageBytes || (length >= minBytes && h < strictCut);
}

// @ts-ignore: decorator
@inline
function gear(byteAt: u32): u64 {
  return load<u64>((load<u8>(byteAt) as usize) << 3, GEAR);
}

/** Length of the block that begins at input[start] when only bytes before input[end] are seen. */
export function next(start: u32, end: u32, sampleBits: u32): u32 {
  const from = INPUT + start;
  const stop = from + min(end - start, averageBytes << 2);
  const stop8 = from + ((stop - from) & ~7);
  const threshold = (1 as u64) << (64 - sampleBits);
  memory.fill(FEATURES, 0, 48);
  let h: u64 = 0;
  let p = from;
  while (p < stop8) {
    h = (h << 1) + gear(p);
    if (h < threshold && sample(h, p + 1 - from)) return p + 1 - from;
    h = (h << 1) + gear(p + 1);
    if (h < threshold && sample(h, p + 2 - from)) return p + 2 - from;
    h = (h << 1) + gear(p + 2);
    if (h < threshold && sample(h, p + 3 - from)) return p + 3 - from;
    h = (h << 1) + gear(p + 3);
    if (h < threshold && sample(h, p + 4 - from)) return p + 4 - from;
    h = (h << 1) + gear(p + 4);
    if (h < threshold && sample(h, p + 5 - from)) return p + 5 - from;
    h = (h << 1) + gear(p + 5);
    if (h < threshold && sample(h, p + 6 - from)) return p + 6 - from;
    h = (h << 1) + gear(p + 6);
    if (h < threshold && sample(h, p + 7 - from)) return p + 7 - from;
    h = (h << 1) + gear(p + 7);
    p += 8;
    if (h < threshold && sample(h, p - from)) return p - from;
  }
  while (p < stop) {
    h = (h << 1) + gear(p);
    p += 1;
    if (h < threshold && sample(h, p - from)) return p - from;
  }
  return p - from;
}
