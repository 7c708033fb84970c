// The training kernels: strict SIMD in float32, compiled by scripts/build-kernels.ts into ../training-wasm.ts.
// What each does in words stands in ../training-maths.ts, its plain-TypeScript twin in ../oracle.
export { addColumns, gatherRows, product, scatterRows, transpose } from './training-matrix';
export { activate, activateBack, columnMoments, dropoutMask, multiply, normalise, normaliseBack } from './training-layers';
export { crossEntropy, expectedCost, robustError, softmaxRows } from './training-loss';
export { cellBack, cellForward } from './training-recurrent';
export { adam, sgd, sumSquares } from './training-optimizer';
