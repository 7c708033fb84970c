export { NearestFingerprints, similarityOf } from './nearest.ts';
export { MAX_FINGERPRINTS, MAX_NEAREST, SHINGLE_BYTES } from './parameters.ts';
export { SimHashKernel } from './simhash.ts';
