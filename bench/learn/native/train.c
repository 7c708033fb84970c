// One epoch of Adam on a dense network with ReLU, softmax and cross-entropy.
#include "kernels.h"

#include <math.h>

#define TILE (2 * VL)

typedef struct {
  const float *data;
  int row, column;
} Strided;

// C[rows][n] = A[rows][k] B[k][n] + bias; n a multiple of TILE, rows of 4. A has strides, so that its
// transpose is free.
static void gemm(int rows, int n, int k, Strided a, const float *b, const float *bias, float *c) {
  for (int j = 0; j < n; j += TILE) {
    const vf start0 = bias ? load(bias + j) : splat(0), start1 = bias ? load(bias + j + VL) : splat(0);
    for (int r = 0; r < rows; r += 4) {
      vf p0 = start0, q0 = start0, s0 = start0, t0 = start0;
      vf p1 = start1, q1 = start1, s1 = start1, t1 = start1;
      const float *pa = a.data + r * a.row, *qa = pa + a.row, *sa = qa + a.row, *ta = sa + a.row;
      const float *w = b + j;
      for (int i = 0; i < k; i++, w += n) {
        const vf w0 = load(w), w1 = load(w + VL);
        const vf p = splat(pa[i * a.column]), q = splat(qa[i * a.column]);
        const vf s = splat(sa[i * a.column]), t = splat(ta[i * a.column]);
        p0 += p * w0;
        p1 += p * w1;
        q0 += q * w0;
        q1 += q * w1;
        s0 += s * w0;
        s1 += s * w1;
        t0 += t * w0;
        t1 += t * w1;
      }
      float *out = c + r * n + j;
      store(out, p0);
      store(out + VL, p1);
      store(out + n, q0);
      store(out + n + VL, q1);
      store(out + 2 * n, s0);
      store(out + 2 * n + VL, s1);
      store(out + 3 * n, t0);
      store(out + 3 * n + VL, t1);
    }
  }
}

typedef struct {
  int inputs, outputs, width;
  // (inputs + 1) rows of `width`: the weights, then the bias; likewise the moments and the gradient.
  float *weights, *first, *second, *gradient;
  float *activation, *delta, *transposed;
} Layer;

#define LAYER_ARGS 10
#define MAX_LAYERS 8

static Layer layer_at(char *arena, const int32_t *args) {
  return (Layer){args[0],
                 args[1],
                 args[2],
                 floats(arena, args[3]),
                 floats(arena, args[4]),
                 floats(arena, args[5]),
                 floats(arena, args[6]),
                 floats(arena, args[7]),
                 floats(arena, args[8]),
                 floats(arena, args[9])};
}

static void forward(const Layer *layers, int count, const float *x, int rows) {
  for (int l = 0; l < count; l++) {
    const Layer *layer = &layers[l];
    const int size = rows * layer->width, stride = l == 0 ? layer->inputs : layers[l - 1].width;
    const Strided input = {x, stride, 1};
    const float *bias = layer->weights + layer->inputs * layer->width;
    gemm(rows, layer->width, layer->inputs, input, layer->weights, bias, layer->activation);
    for (int i = 0; l < count - 1 && i < size; i++)
      layer->activation[i] = layer->activation[i] > 0 ? layer->activation[i] : 0;
    x = layer->activation;
  }
}

// Cross-entropy of the rows, summed; its gradient goes to the last layer's delta, over `rows`.
static double softmax_loss(const Layer *last, const int32_t *y, int rows) {
  double loss = 0;
  for (int r = 0; r < rows; r++) {
    const float *z = last->activation + r * last->width;
    float *delta = last->delta + r * last->width;
    float most = z[0], sum = 0;
    for (int k = 1; k < last->outputs; k++) most = z[k] > most ? z[k] : most;
    for (int k = 0; k < last->outputs; k++) sum += delta[k] = expf(z[k] - most);
    loss += logf(sum) - (z[y[r]] - most);
    for (int k = 0; k < last->outputs; k++) delta[k] = (delta[k] / sum - (k == y[r])) / (float)rows;
  }
  return loss;
}

static void backward(Layer *layers, int count, const float *x, int rows) {
  for (int l = count - 1; l >= 0; l--) {
    Layer *layer = &layers[l];
    const int width = layer->width, stride = l == 0 ? layer->inputs : layers[l - 1].width;
    const Strided input = {l == 0 ? x : layers[l - 1].activation, 1, stride};
    gemm(layer->inputs, width, rows, input, layer->delta, NULL, layer->gradient);
    float *bias = layer->gradient + layer->inputs * width;
    memset(bias, 0, (size_t)width * 4);
    for (int r = 0; r < rows; r++)
      for (int k = 0; k < width; k++) bias[k] += layer->delta[r * width + k];
    if (l == 0) return;
    Layer *below = &layers[l - 1];
    for (int i = 0; i < layer->inputs; i++)
      for (int k = 0; k < layer->outputs; k++)
        layer->transposed[k * layer->inputs + i] = layer->weights[i * width + k];
    const Strided delta = {layer->delta, width, 1};
    gemm(rows, layer->inputs, layer->outputs, delta, layer->transposed, NULL, below->delta);
    for (int i = 0; i < rows * below->width; i++)
      below->delta[i] = below->activation[i] > 0 ? below->delta[i] : 0;
  }
}

static void adam(Layer *layer, const float *hyper, int step) {
  const float b1 = hyper[1], b2 = hyper[2], epsilon = hyper[3];
  const float correction1 = 1 / (1 - powf(b1, (float)step)), correction2 = 1 / (1 - powf(b2, (float)step));
  const float rate = hyper[0] * correction1;
  float *restrict w = layer->weights, *restrict m = layer->first, *restrict v = layer->second;
  const float *restrict g = layer->gradient;
  const int size = (layer->inputs + 1) * layer->width;
  for (int i = 0; i < size; i++) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    w[i] -= rate * m[i] / (sqrtf(v[i] * correction2) + epsilon);
  }
}

// args: rows, batch (a multiple of 4), x, y, order of the rows, batch x (workspace), batch y (workspace),
// steps done (kept), hyperparameters (rate, beta 1, beta 2, epsilon), layers, then of each layer what `Layer`
// holds. Mean loss of the epoch. What is left over of the last batch is dropped.
double train_mlp(char *arena, const int32_t *args) {
  const int rows = args[0], batch = args[1], count = args[9];
  const float *x = floats(arena, args[2]), *hyper = floats(arena, args[8]);
  const int32_t *y = (int32_t *)(arena + args[3]), *order = (int32_t *)(arena + args[4]);
  float *batch_x = floats(arena, args[5]);
  int32_t *batch_y = (int32_t *)(arena + args[6]), *steps = (int32_t *)(arena + args[7]);
  Layer layers[MAX_LAYERS];
  for (int l = 0; l < count; l++) layers[l] = layer_at(arena, args + 10 + LAYER_ARGS * l);
  const int inputs = layers[0].inputs;
  double loss = 0;
  int seen = 0;
  for (; seen + batch <= rows; seen += batch) {
    for (int r = 0; r < batch; r++) {
      memcpy(batch_x + r * inputs, x + order[seen + r] * inputs, (size_t)inputs * 4);
      batch_y[r] = y[order[seen + r]];
    }
    forward(layers, count, batch_x, batch);
    loss += softmax_loss(&layers[count - 1], batch_y, batch);
    backward(layers, count, batch_x, batch);
    ++*steps;
    for (int l = 0; l < count; l++) adam(&layers[l], hyper, *steps);
  }
  return loss / seen;
}
