import type { ReadAheadOptions } from '../../blocks/index.ts';
import type { CommonOptions } from '../context.ts';

/** Options of the commands that read. */
export interface ReadingOptions extends CommonOptions {
  /** False with `--no-hints`. */
  readonly hints: boolean;
}

/** How a command reads ahead: what the tree says comes next, unless hints are off. */
export function loadReadAhead({ hints }: ReadingOptions): Promise<ReadAheadOptions | false> {
  return Promise.resolve(hints ? {} : false);
}
