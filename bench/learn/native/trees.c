// Complete trees in heap order: node i has the children 2i + 1 and 2i + 2. Eight trees are walked together,
// without branches, so that their loads hide each other's waiting.
#include "kernels.h"

#include <math.h>

#define TOGETHER 8

typedef struct {
  const float *row;
  const uint8_t *feature;
  const float *threshold, *leaf;
  int depth;
} Forest;

// Sum of the leaves the row falls into, over eight trees that begin with tree `first`.
static double walk(const Forest *forest, int first) {
  const int inner = (1 << forest->depth) - 1;
  const uint8_t *feature = forest->feature + first * inner;
  const float *threshold = forest->threshold + first * inner;
  const float *row = forest->row;
  int node[TOGETHER] = {0};
  for (int level = 0; level < forest->depth; level++) {
#pragma GCC unroll 8
    for (int t = 0; t < TOGETHER; t++) {
      const int at = t * inner + node[t];
      node[t] = 2 * node[t] + 2 - (row[feature[at]] < threshold[at]);
    }
  }
  const float *leaf = forest->leaf + first * (inner + 1);
  double sum = 0;
  for (int t = 0; t < TOGETHER; t++) sum += (double)leaf[t * (inner + 1) + node[t] - inner];
  return sum;
}

// args: outputs, trees of each output (a multiple of 8), depth, features, x, row (workspace, twice the
// features), feature of each node (bytes; a node that sends missing values left has `features` more),
// thresholds, leaves, sums (out, double).
double trees(char *arena, const int32_t *args) {
  const int outputs = args[0], count = args[1], features = args[3];
  const float *x = floats(arena, args[4]);
  float *row = floats(arena, args[5]);
  for (int f = 0; f < features; f++) {
    const int is_missing = x[f] != x[f];
    row[f] = is_missing ? INFINITY : x[f];
    row[features + f] = is_missing ? -INFINITY : x[f];
  }
  const Forest forest = {row, (uint8_t *)arena + args[6], floats(arena, args[7]), floats(arena, args[8]),
                         args[2]};
  double *sums = (double *)(arena + args[9]);
  for (int output = 0; output < outputs; output++) {
    double sum = 0;
    for (int t = 0; t < count; t += TOGETHER) sum += walk(&forest, output * count + t);
    sums[output] = sum;
  }
  return sums[0];
}
