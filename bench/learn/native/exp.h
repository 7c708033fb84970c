// e^x, the logistic function and tanh of every lane: the exponent is split off base 2 by a magic constant,
// the rest is a polynomial of degree 5. Relative error about 1e-7; x is clamped to where results are finite.
#ifndef EXP_H
#define EXP_H
#include "kernels.h"

static inline vf vexp(vf x) {
  const vf magic = splat(12582912.0f);
  x = vmin(vmax(x, splat(-87.0f)), splat(87.0f));
  const vf shifted = x * splat(1.4426950408889634f) + magic;
  const vf n = shifted - magic;
  const vf r = x - n * splat(0.693145751953125f) - n * splat(0.000001428606765330187f);
  vf p = splat(0.008289290592074394f) * r + splat(0.04189782217144966f);
  p = p * r + splat(0.16667652130126953f);
  p = p * r + splat(0.4999915063381195f);
  p = p * r + splat(0.9999997019767761f);
  p = p * r + splat(1.0f);
  return (vf)((vi)p + ((vi)shifted << 23));
}

static inline vf vsigmoid(vf x) { return splat(1.0f) / (splat(1.0f) + vexp(-x)); }

static inline vf vtanh(vf x) { return splat(2.0f) / (splat(1.0f) + vexp(splat(-2.0f) * x)) - splat(1.0f); }

#endif
