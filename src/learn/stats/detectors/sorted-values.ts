import { firstAtOrAbove } from '../summary.ts';

/** A few values in rising order, in one array of fixed size: a change moves what lies above it. */
export class SortedValues {
  /** The values so far; rising up to `count`. */
  readonly values: Float64Array;
  count = 0;

  constructor(size: number) {
    this.values = new Float64Array(size);
  }

  insert(value: number): void {
    const at = firstAtOrAbove(this.values, value, this.count);
    this.values.copyWithin(at + 1, at, this.count);
    this.values[at] = value;
    this.count += 1;
  }

  /** Takes out one of the values, which must be there. */
  remove(value: number): void {
    const at = firstAtOrAbove(this.values, value, this.count);
    this.values.copyWithin(at, at + 1, this.count);
    this.count -= 1;
  }
}
