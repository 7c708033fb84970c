/** The rooms as the cores ask them. */
export { type AdviceReport, RoomAdviser } from './store.ts';
