// The inference module, compiled by scripts/build-kernels.ts into ../inference-wasm.ts. Strict SIMD128: every engine
// gives the same bits. All pointers come from the caller; nothing is allocated here.
export { mlp } from './mlp';
export { lstm } from './lstm';
export { candidates, head } from './head';
export { softmax } from './softmax';
