// Dense layers. Weights of one layer: outputs rounded up to 4, bias first, then panels of PANEL outputs, then
// of VL, then of 4; each panel input by input: [panel][1 + inputs][width], row 0 being the bias.
#include "kernels.h"

static inline const float *wide(const float *x, int inputs, const float *w, float *y, int relu) {
  vf a = load(w), b = load(w + VL), c = load(w + 2 * VL), d = load(w + 3 * VL);
  w += PANEL;
  for (int i = 0; i < inputs; i++, w += PANEL) {
    const vf v = splat(x[i]);
    a += v * load(w);
    b += v * load(w + VL);
    c += v * load(w + 2 * VL);
    d += v * load(w + 3 * VL);
  }
  if (relu) {
    const vf zero = splat(0);
    a = vmax(a, zero);
    b = vmax(b, zero);
    c = vmax(c, zero);
    d = vmax(d, zero);
  }
  store(y, a);
  store(y + VL, b);
  store(y + 2 * VL, c);
  store(y + 3 * VL, d);
  return w;
}

static inline const float *narrow(const float *x, int inputs, const float *w, float *y, int relu) {
  vf a = load(w);
  w += VL;
  for (int i = 0; i < inputs; i++, w += VL) a += splat(x[i]) * load(w);
  if (relu) a = vmax(a, splat(0));
  store(y, a);
  return w;
}

static inline const float *least(const float *x, int inputs, const float *w, float *y, int relu) {
  v4f a = load4(w);
  w += 4;
  for (int i = 0; i < inputs; i++, w += 4) a += splat4(x[i]) * load4(w);
  if (relu) a = vmax4(a, splat4(0));
  store4(y, a);
  return w;
}

void dense(const float *x, int inputs, const float *w, float *y, int outputs, int relu) {
  int o = 0;
  for (; o + PANEL <= outputs; o += PANEL) w = wide(x, inputs, w, y + o, relu);
  for (; o + VL <= outputs; o += VL) w = narrow(x, inputs, w, y + o, relu);
  for (; o < outputs; o += 4) w = least(x, inputs, w, y + o, relu);
}

// args: layers, x, hidden a, hidden b, y, then inputs, outputs (rounded up to 4), weights of each layer. ReLU
// between.
double mlp(char *arena, const int32_t *args) {
  const int layers = args[0];
  float *const hidden[2] = {floats(arena, args[2]), floats(arena, args[3])};
  const float *x = floats(arena, args[1]);
  for (int l = 0; l < layers; l++) {
    const int32_t *layer = args + 5 + 3 * l;
    const int is_last = l == layers - 1;
    float *y = is_last ? floats(arena, args[4]) : hidden[l & 1];
    dense(x, layer[0], floats(arena, layer[2]), y, layer[1], !is_last);
    x = y;
  }
  return x[0];
}

// Four samples against 2 * VL outputs: eight chains of multiply-adds.
static inline void tile(const float *x, int inputs, const float *w, int width, float *y, int stride,
                        int relu) {
  const vf bias0 = load(w), bias1 = load(w + VL);
  vf a0 = bias0, b0 = bias0, c0 = bias0, d0 = bias0, a1 = bias1, b1 = bias1, c1 = bias1, d1 = bias1;
  const float *xb = x + inputs, *xc = xb + inputs, *xd = xc + inputs;
  for (int i = 0; i < inputs; i++) {
    w += width;
    const vf w0 = load(w), w1 = load(w + VL);
    const vf a = splat(x[i]), b = splat(xb[i]), c = splat(xc[i]), d = splat(xd[i]);
    a0 += a * w0;
    a1 += a * w1;
    b0 += b * w0;
    b1 += b * w1;
    c0 += c * w0;
    c1 += c * w1;
    d0 += d * w0;
    d1 += d * w1;
  }
  if (relu) {
    const vf zero = splat(0);
    a0 = vmax(a0, zero);
    a1 = vmax(a1, zero);
    b0 = vmax(b0, zero);
    b1 = vmax(b1, zero);
    c0 = vmax(c0, zero);
    c1 = vmax(c1, zero);
    d0 = vmax(d0, zero);
    d1 = vmax(d1, zero);
  }
  store(y, a0);
  store(y + VL, a1);
  y += stride;
  store(y, b0);
  store(y + VL, b1);
  y += stride;
  store(y, c0);
  store(y + VL, c1);
  y += stride;
  store(y, d0);
  store(y + VL, d1);
}

static void dense_batch(const float *x, int rows, int inputs, const float *w, float *y, int outputs,
                        int relu) {
  int o = 0;
  for (; o + PANEL <= outputs; o += PANEL, w += PANEL * (1 + inputs)) {
    for (int r = 0; r < rows; r += 4) {
      tile(x + r * inputs, inputs, w, PANEL, y + r * outputs + o, outputs, relu);
      tile(x + r * inputs, inputs, w + 2 * VL, PANEL, y + r * outputs + o + 2 * VL, outputs, relu);
    }
  }
  for (; o + VL <= outputs; o += VL, w += VL * (1 + inputs))
    for (int r = 0; r < rows; r++) narrow(x + r * inputs, inputs, w, y + r * outputs + o, relu);
  for (; o < outputs; o += 4, w += 4 * (1 + inputs))
    for (int r = 0; r < rows; r++) least(x + r * inputs, inputs, w, y + r * outputs + o, relu);
}

// As mlp, for many samples: rows (a multiple of 4), then the arguments of mlp.
double mlp_batch(char *arena, const int32_t *args) {
  const int rows = args[0], layers = args[1];
  float *const hidden[2] = {floats(arena, args[3]), floats(arena, args[4])};
  const float *x = floats(arena, args[2]);
  for (int l = 0; l < layers; l++) {
    const int32_t *layer = args + 6 + 3 * l;
    const int is_last = l == layers - 1;
    float *y = is_last ? floats(arena, args[5]) : hidden[l & 1];
    dense_batch(x, rows, layer[0], floats(arena, layer[2]), y, layer[1], !is_last);
    x = y;
  }
  return x[0];
}
