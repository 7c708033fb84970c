/** A few values in rising order, in one array of fixed size: a change moves what lies above it. */
export class SortedValues {
  /** The values so far; rising up to `count`. */
  readonly values: Float64Array;
  count = 0;

  constructor(size: number) {
    this.values = new Float64Array(size);
  }

  insert(value: number): void {
    const at = this.#place(value);
    this.values.copyWithin(at + 1, at, this.count);
    this.values[at] = value;
    this.count += 1;
  }

  /** Takes out one of the values, which must be there. */
  remove(value: number): void {
    const at = this.#place(value);
    this.values.copyWithin(at, at + 1, this.count);
    this.count -= 1;
  }

  /** First place whose value is not below this one. */
  #place(value: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
