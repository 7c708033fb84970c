/**
 * Ring 1: the maths of learning, pure and deterministic. No files, no clock, no chance of its own; inputs are checked
 * before any work and never written. What all learners share is in `contract/`.
 */

export * from './bandits/index.ts';
export {
  allFinite,
  type Batch,
  type BatchRules,
  checkBatch,
  checkMatrix,
  checkSnapshot,
  type Fits,
  finite,
  type Json,
  type Learner,
  type LearnsOne,
  MAX_MATRIX_VALUES,
  type Matrix,
  matrixOf,
  notEmpty,
  numberWithin,
  ofLength,
  type Predicts,
  rowOf,
  type Snapshot,
  type StreamSample,
  type Tensor,
  takeRows,
  takeTensor,
  wholeNumber,
} from './contract/index.ts';
export * from './ensemble/index.ts';
export * from './explain/index.ts';
export * from './formats/index.ts';
export {
  type DenseLayer,
  HeadKernel,
  type HeadKernelOptions,
  type HeadShape,
  type HiddenActivation,
  type KernelIntSlot,
  KernelMemory,
  KernelModule,
  type KernelSlot,
  LstmKernel,
  type LstmKernelOptions,
  type LstmShape,
  MlpKernel,
  type MlpKernelOptions,
  type OutputActivation,
  SampleRing,
  type SampleRingOptions,
  type WeightPort,
} from './kernels/index.ts';
export * from './linear/index.ts';
export * from './nets/index.ts';
export * from './optim/index.ts';
export * from './sequences/index.ts';
export * from './sketches/index.ts';
export * from './stats/index.ts';
export * from './trees/index.ts';
export * from './values/index.ts';
