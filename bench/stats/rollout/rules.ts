// What is usually done: a threshold, and a test at every look.
import type { Other } from './walks.ts';

const LOOK_EVERY = 100;
/** Decisions of the model before the first look. */
const LEAST = 100;

/** Counts of both sides, looked at now and then. */
abstract class Looked implements Other {
  protected ofModel = 0;
  protected rightOfModel = 0;
  protected ofRule = 0;
  protected rightOfRule = 0;

  add(isModel: boolean, isRight: boolean): boolean {
    if (isModel) this.ofModel += 1;
    else this.ofRule += 1;
    if (isRight && isModel) this.rightOfModel += 1;
    else if (isRight) this.rightOfRule += 1;
    const seen = this.ofModel + this.ofRule;
    return seen % LOOK_EVERY === 0 && this.ofModel >= LEAST && this.ofRule > 0 && this.isWorse();
  }

  protected abstract isWorse(): boolean;
}

/** Document 002's alert as written: rolled back when accuracy lies more than 3 points below. */
export class Threshold extends Looked {
  protected isWorse(): boolean {
    return this.rightOfModel / this.ofModel < this.rightOfRule / this.ofRule - 0.03;
  }
}

/** Document 002's canary as written: rolled back when accuracy is below 95 %. */
export class Floor extends Looked {
  protected isWorse(): boolean {
    return this.rightOfModel / this.ofModel < 0.95;
  }
}

/** A one-sided z-test of two shares at 5 %, at every look. */
export class PeekingTest extends Looked {
  protected isWorse(): boolean {
    const [p, q] = [this.rightOfModel / this.ofModel, this.rightOfRule / this.ofRule];
    const variance = (p * (1 - p)) / this.ofModel + (q * (1 - q)) / this.ofRule;
    return (q - p) / Math.sqrt(variance) > 1.6449;
  }
}
