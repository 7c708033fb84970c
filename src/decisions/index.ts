/**
 * Ring 4: rooms that advise the cores, and the guard between them. Models hint, the core decides: whatever a model
 * does, sizes and speed change, never bytes.
 */
export * from './advisers/index.ts';
export * from './artefact/index.ts';
export { WORKSHOPS, workshopOf } from './catalog/index.ts';
export * from './codec/index.ts';
export * from './contract/index.ts';
export * from './guard/index.ts';
export * from './models/index.ts';
export { PREFETCH_FEATURES, PREFETCH_SCHEMA, prefetchFeatures, prefetchRoom } from './prefetch/index.ts';
export * from './scoreboard/index.ts';
export * from './similar/index.ts';
export * from './worker/index.ts';
export type {
  Bench,
  Step,
  TrainOptions,
  TunedFamily,
  TuneReport,
  TuneSettings,
  Work,
  Workshop,
} from './workshop/index.ts';
