/** Sketches: fingerprints of similar bytes and an index that finds them, quantiles of a stream. */
export { type Fingerprint, hammingDistance } from './fingerprint.ts';
export { LshIndex, type LshOptions, type NeighbourQuery } from './lsh-index.ts';
export type { Neighbours } from './nearest.ts';
export { QuantileSketch, type QuantileSketchOptions } from './quantile-sketch.ts';
export { SimHash } from './sim-hash.ts';
