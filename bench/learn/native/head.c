// The output layer over a large vocabulary: logits of all items or of candidates, and the highest few.
#include "kernels.h"

#include <math.h>

// Puts one value into the descending list if it belongs there; after its equals.
static void insert(int32_t *ids, float *values, int top, float value, int32_t id) {
  int at = top - 1;
  if (!(value > values[at])) return;
  for (; at > 0 && value > values[at - 1]; at--) {
    values[at] = values[at - 1];
    ids[at] = ids[at - 1];
  }
  values[at] = value;
  ids[at] = id;
}

static inline int any_above(vf a, vf b, vf lowest) {
  const vi higher = (a > lowest) | (b > lowest);
  int32_t any = 0;
  for (int i = 0; i < VL; i++) any |= higher[i];
  return any != 0;
}

// The highest `top` of `count` logits, highest first; ids[i] is the name of logit i, or NULL where that is i
// itself.
static void take_top(const float *logits, int count, const int32_t *ids, int top, int32_t *top_ids,
                     float *top_values) {
  for (int i = 0; i < top; i++) {
    top_ids[i] = -1;
    top_values[i] = -INFINITY;
  }
  vf lowest = splat(-INFINITY);
  int at = 0;
  for (; at + 2 * VL <= count; at += 2 * VL) {
    if (!any_above(load(logits + at), load(logits + at + VL), lowest)) continue;
    for (int i = at; i < at + 2 * VL; i++) insert(top_ids, top_values, top, logits[i], ids ? ids[i] : i);
    lowest = splat(top_values[top - 1]);
  }
  for (; at < count; at++) insert(top_ids, top_values, top, logits[at], ids ? ids[at] : at);
}

// args: inputs, outputs (rounded up to 4), x, weights (dense.c), logits (out), top, ids (out), their logits
// (out).
double head_full(char *arena, const int32_t *args) {
  float *logits = floats(arena, args[4]);
  dense(floats(arena, args[2]), args[0], floats(arena, args[3]), logits, args[1], 0);
  take_top(logits, args[1], NULL, args[5], (int32_t *)(arena + args[6]), floats(arena, args[7]));
  return logits[0];
}

static inline float sum_of(vf v) {
  for (int width = VL / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) v[i] += v[i + width];
  return v[0];
}

// args: inputs (a multiple of the lanes), candidates (of 4), x, rows (inputs of item 0, of item 1, …),
// biases, ids, logits (out), top, ids (out), their logits (out), ids as they came.
double head_candidates(char *arena, const int32_t *args) {
  const int inputs = args[0], count = args[1];
  const float *x = floats(arena, args[2]), *rows = floats(arena, args[3]), *biases = floats(arena, args[4]);
  int32_t *ids = (int32_t *)(arena + args[5]);
  float *logits = floats(arena, args[6]);
  memcpy(ids, arena + args[10], (size_t)count * 4);
  for (int i = 0; i < count; i += 4) {
    const float *a = rows + ids[i] * inputs, *b = rows + ids[i + 1] * inputs;
    const float *c = rows + ids[i + 2] * inputs, *d = rows + ids[i + 3] * inputs;
    vf s = splat(0), t = s, u = s, v = s;
    for (int k = 0; k < inputs; k += VL) {
      const vf values = load(x + k);
      s += values * load(a + k);
      t += values * load(b + k);
      u += values * load(c + k);
      v += values * load(d + k);
    }
    const vf sums[4] = {s, t, u, v};
    for (int r = 0; r < 4; r++) logits[i + r] = biases[ids[i + r]] + sum_of(sums[r]);
  }
  take_top(logits, count, ids, args[7], (int32_t *)(arena + args[8]), floats(arena, args[9]));
  return logits[0];
}
