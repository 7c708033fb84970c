/** What `measure`, `train` and `score` ask of a room. */
export type {
  Bench,
  Step,
  TrainOptions,
  TunedFamily,
  TuneReport,
  TuneSettings,
  Work,
  Workshop,
} from './workshop.ts';
