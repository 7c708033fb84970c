/** Samples of one entry of the history. */
const BLOCK = 25;
/** Entries of the history: document 003's. */
const MAX_BLOCKS = 100;
/** Blocks before a fall can be told, and those of them that make it. */
const LEAST_BLOCKS = 5;
const RECENT = 3;
/** A fall is this much of a share of right answers, or this part of a mean absolute error, … */
const FALL_OF_SHARE = 0.05;
const FALL_OF_ERROR = 0.25;
/** … and this many standard errors of the recent mean. */
const FALL_ERRORS = 2;

export type SavedBoard = {
  readonly blocks: readonly number[];
  readonly squares: readonly number[];
  readonly block: readonly number[];
  readonly count: number;
  readonly sum: number;
};

/** How good the champion's answers were, as they came: everything, and the last blocks of 25. */
export class ScoreBoard {
  readonly #classes: number;
  #blocks: number[] = [];
  #squares: number[] = [];
  #count = 0;
  #sum = 0;
  #blockCount = 0;
  #blockSum = 0;
  #blockSquares = 0;

  constructor(classes: number) {
    this.#classes = classes;
  }

  /** Samples scored. */
  get count(): number {
    return this.#count;
  }

  /** Mean score; undefined before the first. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count;
  }

  /** Mean scores of the last blocks, oldest first. */
  get history(): readonly number[] {
    return this.#blocks;
  }

  /** Takes a score. @returns whether a block is complete */
  add(score: number): boolean {
    this.#count += 1;
    this.#sum += score;
    this.#blockCount += 1;
    this.#blockSum += score;
    this.#blockSquares += score * score;
    if (this.#blockCount < BLOCK) return false;
    this.#blocks.push(this.#blockSum / BLOCK);
    this.#squares.push(this.#blockSquares / BLOCK);
    if (this.#blocks.length > MAX_BLOCKS) {
      this.#blocks.shift();
      this.#squares.shift();
    }
    this.#blockCount = 0;
    this.#blockSum = 0;
    this.#blockSquares = 0;
    return true;
  }

  /**
   * How many of the last samples the score has fallen for, seen from the blocks before: in effect and beyond chance. 0
   * while it has not.
   */
  fallen(): number {
    const blocks = this.#blocks;
    if (blocks.length < LEAST_BLOCKS) return 0;
    const before = mean(blocks.slice(0, -RECENT));
    const variance = mean(this.#squares.slice(0, -RECENT)) - before * before;
    const effect = this.#classes > 0 ? FALL_OF_SHARE : FALL_OF_ERROR * Math.abs(before);
    const chance = FALL_ERRORS * Math.sqrt(Math.max(variance, 0) / (RECENT * BLOCK));
    if (mean(blocks.slice(-RECENT)) >= before - Math.max(effect, chance)) return 0;
    let fallen = 1;
    while (fallen < RECENT && (blocks.at(-1 - fallen) as number) < before - effect) fallen += 1;
    return fallen * BLOCK;
  }

  /** Forgets what was before a fall of so many samples: the next one is judged against what comes now. */
  forget(samples: number): void {
    const keep = Math.round(samples / BLOCK);
    this.#blocks = this.#blocks.slice(-keep);
    this.#squares = this.#squares.slice(-keep);
  }

  save(): SavedBoard {
    const block = [this.#blockCount, this.#blockSum, this.#blockSquares];
    return { blocks: this.#blocks, squares: this.#squares, block, count: this.#count, sum: this.#sum };
  }

  load(saved: SavedBoard): void {
    this.#blocks = [...saved.blocks];
    this.#squares = [...saved.squares];
    [this.#blockCount, this.#blockSum, this.#blockSquares] = saved.block as [number, number, number];
    this.#count = saved.count;
    this.#sum = saved.sum;
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Samples a fall can be told from: as many of the latest are kept. */
export const FALL_SAMPLES: number = RECENT * BLOCK;
