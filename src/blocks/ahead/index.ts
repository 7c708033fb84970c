/** What to read before it is asked for. */
export type { ReadAhead } from './port.ts';
