import { PilotfishError } from '../../base/index.ts';
import { allFinite, notEmpty } from '../contract/index.ts';

/** Most cells: a table with a few actions each still fits memory. */
const MAX_CELLS = 2 ** 22;

/**
 * Numbers an observation's cell on a grid: axis i is cut at `edges[i]`, which rise, and an edge belongs to the cell
 * above it. Edges [50, 200] make three: below 50, below 200, the rest. The last axis varies fastest.
 */
export class Discretiser {
  /** Cells in all. */
  readonly cells: number;
  readonly #edges: readonly Float64Array[];

  /** @throws PilotfishError `EMPTY`, `NOT_FINITE`, `USAGE` for edges that do not rise, `LIMIT` for too many cells. */
  constructor(edges: readonly ArrayLike<number>[]) {
    notEmpty('edges', edges);
    this.#edges = edges.map((axis, i) => {
      const cuts = Float64Array.from(allFinite(`edges[${i}]`, axis));
      if (cuts.some((cut, j) => j > 0 && cut <= (cuts[j - 1] as number))) {
        throw new PilotfishError('USAGE', `edges[${i}] do not rise; sort them, and name each once`);
      }
      return cuts;
    });
    this.cells = this.#edges.reduce((product, axis) => product * (axis.length + 1), 1);
    if (this.cells > MAX_CELLS) {
      throw new PilotfishError('LIMIT', `${this.cells} cells; cut fewer times (at most ${MAX_CELLS} cells)`);
    }
  }

  /** The cell of `values`, one number an axis. @throws PilotfishError `SHAPE`, or `NOT_FINITE` for NaN. */
  cellOf(values: ArrayLike<number>): number {
    const edges = this.#edges;
    if (values.length !== edges.length) {
      throw new PilotfishError('SHAPE', `${values.length} values for ${edges.length} axes`);
    }
    let cell = 0;
    for (let i = 0; i < edges.length; i += 1) {
      const axis = edges[i] as Float64Array;
      const value = values[i] as number;
      if (Number.isNaN(value)) throw new PilotfishError('NOT_FINITE', `values[${i}] is NaN; give a number`);
      let interval = 0;
      while (interval < axis.length && value >= (axis[interval] as number)) interval += 1;
      cell = cell * (axis.length + 1) + interval;
    }
    return cell;
  }
}
