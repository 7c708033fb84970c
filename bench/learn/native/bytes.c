// Entropy of a block; block boundaries with resemblance features.
#include "kernels.h"

// Base-2 logarithm of every lane, for normal positive numbers; absolute error about 1e-7.
static inline vf vlog2(vf x) {
  const vi bits = (vi)x;
  // The mantissa is taken from [sqrt(1/2), sqrt(2)), so that the polynomial is best around 1.
  const vi shifted = bits - 0x3f3504f3;
  const vi exponent = shifted >> 23;
  const vf m = (vf)(bits - (exponent << 23)) - splat(1.0f);
  vf p = splat(7.0376836292e-2f) * m - splat(1.1514610310e-1f);
  p = p * m + splat(1.1676998740e-1f);
  p = p * m - splat(1.2420140846e-1f);
  p = p * m + splat(1.4249322787e-1f);
  p = p * m - splat(1.6668057665e-1f);
  p = p * m + splat(2.0000714765e-1f);
  p = p * m - splat(2.4999993993e-1f);
  p = p * m + splat(3.3333331174e-1f);
  const vf natural = m + m * m * (m * p - splat(0.5f));
  return natural * splat(1.44269504f) + __builtin_convertvector(exponent, vf);
}

// Neighbouring bytes are often equal: counted in one table, each would have to wait for the one before it.
#define TABLES 4

// args: input, bytes (a multiple of 8). Shannon entropy of the bytes in bits, its bias
// corrected (Miller 1955).
double entropy(char *arena, const int32_t *args) {
  const uint8_t *input = (uint8_t *)arena + args[0];
  const int bytes = args[1];
  uint32_t table[TABLES][256];
  memset(table, 0, sizeof table);
  for (int i = 0; i < bytes; i += 8)
    for (int k = 0; k < 8; k++) table[k % TABLES][input[i + k]]++;
  vf sum = splat(0);
  vi values = {0};
  const vf share = splat(1.0f / (float)bytes);
  for (int v = 0; v < 256; v += VL) {
    vi n = {0};
    for (int t = 0; t < TABLES; t++) {
      vi counts;
      memcpy(&counts, &table[t][v], sizeof counts);
      n += counts;
    }
    // A comparison is -1 where it holds.
    values -= n > 0;
    const vf p = __builtin_convertvector(n, vf) * share;
    // 0 log 0 is 0: any positive argument will do there.
    sum -= p * vlog2(vmax(p, splat(1e-30f)));
  }
  double bits = 0;
  int distinct = 0;
  for (int lane = 0; lane < VL; lane++) {
    bits += sum[lane];
    distinct += values[lane];
  }
  bits += (distinct - 1) / (2.0 * bytes * 0.69314718055994531);
  return bits < 8 ? bits : 8;
}

#define FEATURES 12

typedef struct {
  const uint32_t *multipliers, *addends;
  uint32_t minimum, average;
  uint64_t strict, loose, threshold;
} Chunker;

// Takes a sample with hash h at a block length; whether the block ends there. Out of line: it is rare, and
// the loop around it needs the registers.
static __attribute__((noinline)) int sample(const Chunker *c, uint32_t *restrict features, uint64_t h,
                                            uint32_t length) {
  const uint32_t x = (uint32_t)(h >> 25);
  for (int i = 0; i < FEATURES; i++) {
    const uint32_t linear = c->multipliers[i] * x + c->addends[i];
    features[i] = linear > features[i] ? linear : features[i];
  }
  if (h >= c->loose) return 0;
  return length >= c->average || (length >= c->minimum && h < c->strict);
}

#define ROLL(k)                                                                                     \
  h = (h << 1) + gear[p[k]];                                                                        \
  if (__builtin_expect(h < threshold, 0) && sample(c, features, h, (uint32_t)(p - from) + (k) + 1)) \
    return (uint32_t)(p - from) + (k) + 1;

static uint32_t next(const Chunker *c, uint32_t *features, const uint64_t *gear, const uint8_t *from,
                     uint32_t limit) {
  const uint8_t *p = from, *stop = from + limit;
  const uint64_t threshold = c->threshold;
  uint64_t h = 0;
  memset(features, 0, FEATURES * sizeof *features);
  while (stop - p >= 8) {
    ROLL(0) ROLL(1) ROLL(2) ROLL(3) ROLL(4) ROLL(5) ROLL(6) ROLL(7)
    p += 8;
  }
  while (p < stop) {
    ROLL(0)
    p++;
  }
  return limit;
}

// args: input, bytes, average length, sample bits, gear, multipliers, addends, lengths of all blocks (out),
// features of all blocks (out). Number of blocks. FastCDC with normalised cuts, features after Odess.
double chunking(char *arena, const int32_t *args) {
  const uint8_t *input = (const uint8_t *)(arena + args[0]);
  const uint32_t bytes = (uint32_t)args[1], average = (uint32_t)args[2];
  const uint64_t *gear = (const uint64_t *)(arena + args[4]);
  const int log2 = __builtin_ctz(average);
  uint32_t *lengths = (uint32_t *)(arena + args[7]), *features = (uint32_t *)(arena + args[8]);
  const Chunker c = {
      .multipliers = (const uint32_t *)(arena + args[5]),
      .addends = (const uint32_t *)(arena + args[6]),
      .minimum = average / 4,
      .average = average,
      .strict = (uint64_t)1 << (63 - log2),
      .loose = (uint64_t)1 << (65 - log2),
      .threshold = (uint64_t)1 << (64 - args[3]),
  };
  int blocks = 0;
  for (uint32_t at = 0; at < bytes; features += FEATURES) {
    const uint32_t rest = bytes - at, most = average * 4;
    const uint32_t length = next(&c, features, gear, input + at, rest < most ? rest : most);
    lengths[blocks++] = length;
    at += length;
  }
  return blocks;
}
