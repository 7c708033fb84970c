// The reference kernels: what a C programmer gets from a compiler on this machine, in the order of operations
// that the product uses. Benchmark only: nothing of the product is built from here.
#ifndef KERNELS_H
#define KERNELS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Lanes of a vector: 8 for AVX2. Fixed, so that a machine with wider ones measures the same reference.
#ifndef VL
#define VL 8
#endif

// Outputs of a dense layer that are computed together.
#define PANEL (4 * VL)

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef float v4f __attribute__((vector_size(16)));

static inline vf load(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void store(float *p, vf v) { memcpy(p, &v, sizeof v); }

static inline v4f load4(const float *p) {
  v4f v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void store4(float *p, v4f v) { memcpy(p, &v, sizeof v); }

static inline vf splat(float x) { return x - (vf){0}; }

static inline v4f splat4(float x) { return x - (v4f){0}; }

// The larger of each lane. Compilers make one instruction of this loop, and two of a comparison with a mask.
static inline vf vmax(vf a, vf b) {
  for (int i = 0; i < VL; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
}

static inline vf vmin(vf a, vf b) {
  for (int i = 0; i < VL; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
  return a;
}

static inline v4f vmax4(v4f a, v4f b) {
  for (int i = 0; i < 4; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
  return a;
}

// All values of a kernel lie in one arena; its arguments are whole numbers, offsets in the arena among them.
typedef double (*Kernel)(char *arena, const int32_t *args);

static inline float *floats(char *arena, int32_t offset) { return (float *)(arena + offset); }

// y = x W + b for one sample; layout of W and b in dense.c.
void dense(const float *x, int inputs, const float *w, float *y, int outputs, int relu);

double mlp(char *arena, const int32_t *args);
double mlp_batch(char *arena, const int32_t *args);
double lstm(char *arena, const int32_t *args);
double head_full(char *arena, const int32_t *args);
double head_candidates(char *arena, const int32_t *args);
double trees(char *arena, const int32_t *args);
double entropy(char *arena, const int32_t *args);
double chunking(char *arena, const int32_t *args);
double train_mlp(char *arena, const int32_t *args);

#endif
