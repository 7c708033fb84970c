/**
 * Decides which blocks to read before anyone asks for them. It sees names of blocks and nothing else, and is told what
 * became of its advice; whoever reads decides how much of it to follow. A wrong answer wastes time, never bytes.
 */
export interface ReadAhead {
  /**
   * A block was asked for.
   * @param known ids the tree says come next, nearest first; empty where no tree says anything
   * @returns ids worth reading now, most useful first; valid until the next call
   */
  accessed(id: string, known: readonly string[]): readonly string[];
  /** A block read ahead was asked for in time. */
  used(id: string, bytes: number): void;
  /** A block read ahead left the cache before anyone asked for it. */
  wasted(id: string, bytes: number): void;
}
