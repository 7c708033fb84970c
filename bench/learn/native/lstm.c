// LSTM layers one above the other. Weights of a layer: panels of VL units, PANEL columns: the gates i, f, g,
// o of these units, the bias first, then the inputs, then h: [panel][1 + inputs + units][4][VL].
#include "exp.h"

static inline void sums(const float *x, int count, const float *w, vf *gates) {
  vf i = gates[0], f = gates[1], g = gates[2], o = gates[3];
  for (int k = 0; k < count; k++, w += PANEL) {
    const vf v = splat(x[k]);
    i += v * load(w);
    f += v * load(w + VL);
    g += v * load(w + 2 * VL);
    o += v * load(w + 3 * VL);
  }
  gates[0] = i;
  gates[1] = f;
  gates[2] = g;
  gates[3] = o;
}

static void step(const float *x, int inputs, float *h, int units, const float *w, float *c, float *next) {
  for (int u = 0; u < units; u += VL) {
    vf gates[4] = {load(w), load(w + VL), load(w + 2 * VL), load(w + 3 * VL)};
    w += PANEL;
    sums(x, inputs, w, gates);
    w += PANEL * inputs;
    sums(h, units, w, gates);
    w += PANEL * units;
    const vf cell = vsigmoid(gates[1]) * load(c + u) + vsigmoid(gates[0]) * vtanh(gates[2]);
    store(c + u, cell);
    store(next + u, vsigmoid(gates[3]) * vtanh(cell));
  }
  memcpy(h, next, (size_t)units * 4);
}

// args: layers, steps, from zero state (0 or 1), x of all steps, next (workspace), output, then inputs,
// units, h, c and weights of each layer. The output is h of the last layer.
double lstm(char *arena, const int32_t *args) {
  const int layers = args[0], steps = args[1], from_zero = args[2];
  const float *x = floats(arena, args[3]);
  float *next = floats(arena, args[4]), *output = floats(arena, args[5]);
  for (int l = 0; from_zero && l < layers; l++) {
    const int32_t *layer = args + 6 + 5 * l;
    memset(floats(arena, layer[2]), 0, (size_t)layer[1] * 4);
    memset(floats(arena, layer[3]), 0, (size_t)layer[1] * 4);
  }
  for (int t = 0; t < steps; t++) {
    const float *in = x + t * args[6];
    for (int l = 0; l < layers; l++) {
      const int32_t *layer = args + 6 + 5 * l;
      float *h = floats(arena, layer[2]);
      step(in, layer[0], h, layer[1], floats(arena, layer[4]), floats(arena, layer[3]), next);
      in = h;
    }
  }
  const int32_t *last = args + 6 + 5 * (layers - 1);
  memcpy(output, floats(arena, last[2]), (size_t)last[1] * 4);
  return output[0];
}
