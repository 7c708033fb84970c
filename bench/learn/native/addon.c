// The kernels as a Node addon: `call` runs one once, `loop` many times and times the loop here, so that the
// way into C is not counted.
#include "kernels.h"

#include <node_api.h>
#include <stdlib.h>
#include <time.h>

static const struct {
  const char *name;
  Kernel run;
} kernels[] = {
    {"mlp", mlp},
    {"mlpBatch", mlp_batch},
    {"lstm", lstm},
    {"headFull", head_full},
    {"headCandidates", head_candidates},
    {"trees", trees},
    {"entropy", entropy},
    {"chunking", chunking},
    {"trainMlp", train_mlp},
};
#define KERNELS (sizeof kernels / sizeof *kernels)

static char *arena;

static void get_arguments(napi_env env, napi_callback_info info, double *values, size_t count) {
  napi_value args[4];
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  for (size_t i = 0; i < count; i++) napi_get_value_double(env, args[i], &values[i]);
}

static napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

static void release(napi_env env, void *data, void *allocated) {
  (void)env;
  (void)data;
  free(allocated);
}

// makeArena(bytes): the memory that all kernels work in, zeroed and aligned to 64 bytes, as an ArrayBuffer.
static napi_value make_arena(napi_env env, napi_callback_info info) {
  double bytes = 0;
  get_arguments(env, info, &bytes, 1);
  char *allocated = calloc((size_t)bytes + 64, 1);
  if (allocated == NULL) {
    napi_throw_error(env, NULL, "no memory for the reference kernels");
    return NULL;
  }
  arena = allocated + (64 - (uintptr_t)allocated % 64);
  napi_value buffer;
  napi_create_external_arraybuffer(env, arena, (size_t)bytes, release, allocated, &buffer);
  return buffer;
}

// call(kernel, offset of its arguments): what the kernel returns.
static napi_value call(napi_env env, napi_callback_info info) {
  double values[2] = {0};
  get_arguments(env, info, values, 2);
  return number(env, kernels[(size_t)values[0]].run(arena, (const int32_t *)(arena + (size_t)values[1])));
}

static volatile double sink;

// loop(kernel, offset of its arguments, times): nanoseconds a run.
static napi_value loop(napi_env env, napi_callback_info info) {
  double values[3] = {0};
  get_arguments(env, info, values, 3);
  // Through a volatile pointer, or the compiler sees that all runs are the same.
  Kernel volatile run = kernels[(size_t)values[0]].run;
  const int32_t *args = (const int32_t *)(arena + (size_t)values[1]);
  const long times = (long)values[2];
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (long i = 0; i < times; i++) sink = run(arena, args);
  clock_gettime(CLOCK_MONOTONIC, &to);
  const double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
  return number(env, ns / (double)times);
}

static void set_function(napi_env env, napi_value exports, const char *name, napi_callback run) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

NAPI_MODULE_INIT() {
  set_function(env, exports, "makeArena", make_arena);
  set_function(env, exports, "call", call);
  set_function(env, exports, "loop", loop);
  napi_value names;
  napi_create_object(env, &names);
  for (size_t i = 0; i < KERNELS; i++)
    napi_set_named_property(env, names, kernels[i].name, number(env, (double)i));
  napi_set_named_property(env, exports, "kernels", names);
  napi_set_named_property(env, exports, "lanes", number(env, VL));
  return exports;
}
