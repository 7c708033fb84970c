import type { ReadQuestion } from './features.ts';
import type { Readahead } from './validator.ts';

/** Sequential enough to bet 256 KiB on it. */
const SURE_AFTER_READS = 4;

export function readaheadRule({ run }: ReadQuestion): Readahead {
  return run >= SURE_AFTER_READS ? 262_144 : 0;
}
