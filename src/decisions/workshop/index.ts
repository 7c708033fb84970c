/** What `measure`, `train` and `score` ask of a room. */
export type { Bench, Step, TrainOptions, Work, Workshop } from './workshop.ts';
