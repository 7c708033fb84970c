/** The rooms as the cores ask them. */
export { CodecAdviser, type CodecReport, type CodecSettlement } from './codec.ts';
export { PrefetchAdviser, type PrefetchReport } from './prefetch.ts';
export {
  type BaseChoice,
  type BaseSettlement,
  exactHashOnly,
  type OnStored,
  SimilarAdviser,
} from './similar.ts';
export { type AdviceReport, type BaseAdviser, type BaseReport, RoomAdviser, type Rooms } from './store.ts';
