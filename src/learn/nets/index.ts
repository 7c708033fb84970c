/** Neural nets: a multilayer perceptron and an LSTM, their losses, optimisers and the training loop. */

export type { LossOptions } from './loss.ts';
export { Lstm, type LstmLayers } from './lstm.ts';
export type { Embedding, LstmOptions } from './lstm-options.ts';
export { Mlp, type MlpLayers } from './mlp.ts';
export type { HiddenLayer, MlpOptions } from './mlp-options.ts';
export type { Augment, NetBatch } from './samples.ts';
export type { NetSample } from './training/online.ts';
export type { OptimizerOptions } from './training/optimizer.ts';
export type { EpochReport, FitOptions, TrainingRecord } from './training/options.ts';
export type { ScheduleOptions } from './training/schedule.ts';
export { Trainer } from './training/trainer.ts';
