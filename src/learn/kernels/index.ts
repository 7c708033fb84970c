/** Inner loops as WebAssembly: inference and training of networks, and the memory they share with workers. */
export { HeadKernel, type HeadKernelOptions, type HeadShape } from './head.ts';
export { LstmKernel, type LstmKernelOptions, type LstmShape } from './lstm.ts';
export { type KernelIntSlot, KernelMemory, KernelModule, type KernelSlot } from './memory.ts';
export { type HiddenActivation, MlpKernel, type MlpKernelOptions, type OutputActivation } from './mlp.ts';
export type { DenseLayer } from './panels.ts';
export { SampleRing, type SampleRingOptions } from './ring.ts';
export { TrainingKernels } from './training.ts';
export {
  type Activation,
  type AdamStep,
  type BatchNorm,
  type CellSlots,
  type ClassSlots,
  type CostSlots,
  type KernelSpace,
  type MatrixProduct,
  type NumberSlot,
  type ParameterSlots,
  partOf,
  type SgdStep,
  type TrainingMaths,
  type WholeSlot,
} from './training-maths.ts';
export type { WeightPort } from './weights.ts';
