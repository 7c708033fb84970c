export { cellOf, lineageOf, measurableSets, nameOf, setsIn, splitTable, withSets } from './tables.ts';
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
export { finish, shownAs } from './workshop.ts';
