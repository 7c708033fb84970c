import { PilotfishError } from '../../base/index.ts';
import { allFinite } from '../contract/index.ts';
import { normalCdf } from '../stats/index.ts';
import type { CompleteTrial } from './journal.ts';
import { type Axis, axesOf, encode, type SearchSpace } from './space.ts';

/** Share of the trials that count as top. */
const topShare = 0.1;
/** Points of the grid on which the densities of a numeric parameter are compared. */
const gridPoints = 50;

/** Importance of each parameter; the shares sum to 1, and are equal when nothing can be told. */
export type Importance = { readonly [name: string]: number };

const gridOf = (axis: Axis): number => {
  if (axis.choices > 0) return axis.choices;
  return axis.cell > 0 ? Math.min(gridPoints, Math.round(1 / axis.cell)) : gridPoints;
};

/** Grid point of a coordinate; ends of the range are the first and last point, and ties go down. */
function gridIndex(axis: Axis, coordinate: number, size: number): number {
  if (axis.choices > 0) return coordinate;
  // A whole number's coordinate is the middle of its cell: stretch the middles over [0, 1].
  const share = (coordinate - axis.cell / 2) / (1 - axis.cell);
  return Math.min(size - 1, Math.max(0, Math.ceil(share * (size - 1) - 0.5 - 1e-9)));
}

function countsOf(axis: Axis, column: Float64Array): Float64Array {
  const counts = new Float64Array(gridOf(axis));
  for (const coordinate of column) {
    const at = gridIndex(axis, coordinate, counts.length);
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

/** First grid point at which the running count reaches `target`, or exceeds it. */
function quartile(counts: Float64Array, target: number, exceed: boolean): number {
  let [sum, last] = [0, 0];
  for (let at = 0; at < counts.length; at += 1) {
    if (counts[at] === 0) continue;
    sum += counts[at] as number;
    last = at;
    if (exceed ? sum > target : sum >= target) return at;
  }
  return last;
}

/** Scott's bandwidth in grid steps; at least so much that 90 % of a kernel lie in its own cell. */
function bandwidth(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, at) => sum + count * at, 0) / total;
  const squares = counts.reduce((sum, count, at) => sum + count * (at - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, total - 1));
  const range =
    quartile(counts, Math.floor((total * 3) / 4), true) - quartile(counts, Math.floor(total / 4), false);
  return Math.max(0.5 / 1.64, 1.059 * Math.min(range / 1.34, deviation) * total ** -0.2);
}

/** Adds `weight` times the masses of a normal distribution, cut off at the grid's ends, to each grid point. */
function addNormal(
  density: Float64Array,
  weight: number,
  { mean, width }: { mean: number; width: number },
): void {
  const below = (at: number) => normalCdf((at - mean) / width);
  const [start, end] = [below(-0.5), below(density.length - 0.5)];
  for (let at = 0; at < density.length; at += 1) {
    const mass = (below(at + 0.5) - below(at - 0.5)) / (end - start);
    density[at] = (density[at] as number) + weight * mass;
  }
}

function numericDensity(counts: Float64Array, total: number): Float64Array {
  const density = new Float64Array(counts.length);
  const width = bandwidth(counts);
  counts.forEach((count, at) => {
    if (count > 0) addNormal(density, count / (total + 1), { mean: at, width });
  });
  addNormal(density, 1 / (total + 1), { mean: (counts.length - 1) / 2, width: counts.length });
  return density;
}

function choiceDensity(counts: Float64Array, total: number): Float64Array {
  const kinds = counts.filter((count) => count > 0).length;
  const pinch = 1 / (kinds + 1);
  const even = pinch / (1 + counts.length * pinch);
  // Every kernel gives `even` to each choice and the rest to its own; the prior gives the same to all.
  return counts.map((count) => {
    const own = (count / (total + 1)) * (1 / (1 + counts.length * pinch));
    return own + even * (total / (total + 1)) + 1 / (counts.length * (total + 1));
  });
}

/** Parzen estimate over the grid, with a prior that weighs as much as one trial. */
function densityOf(axis: Axis, column: Float64Array): Float64Array {
  const counts = countsOf(axis, column);
  return axis.choices > 0 ? choiceDensity(counts, column.length) : numericDensity(counts, column.length);
}

/** Pearson's divergence of the top trials' values from all trials' values. */
function divergence(axis: Axis, all: Float64Array, top: Float64Array): number {
  if (gridOf(axis) === 1) return 0;
  const [everywhere, best] = [densityOf(axis, all), densityOf(axis, top)];
  return best.reduce((sum, p, at) => {
    const q = (everywhere[at] as number) + 1e-12;
    return sum + q * ((p + 1e-12) / q - 1) ** 2;
  }, 0);
}

/**
 * How much each parameter mattered for reaching the best tenth of the trials: PED-ANOVA (Watanabe, Bansal, Hutter,
 * "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary subspaces", IJCAI 2023), the variance
 * of the density of the best trials relative to that of all, one parameter at a time. Interactions show only through
 * the parameters themselves. Ten top trials, a hundred trials in all, make it steady.
 * @throws PilotfishError `EMPTY` for fewer than two trials, `NOT_FINITE`, `USAGE` for trials outside the space.
 */
export function parameterImportance(
  space: SearchSpace,
  trials: readonly CompleteTrial[],
  direction: 'minimize' | 'maximize' = 'minimize',
): Importance {
  const axes = axesOf(space);
  if (trials.length < 2) throw new PilotfishError('EMPTY', `${trials.length} trials tell nothing; give many`);
  const sign = direction === 'minimize' ? 1 : -1;
  const losses = trials.map((trial) => trial.value * sign);
  allFinite('value', losses);
  const points = trials.map((trial) => encode(axes, trial.parameters));
  const cutoff = losses.toSorted((a, b) => a - b)[Math.ceil(topShare * losses.length) - 1] as number;
  const top = points.filter((_, i) => (losses[i] as number) <= cutoff);
  const column = (rows: readonly Float64Array[], d: number) =>
    Float64Array.from(rows, (row) => row[d] as number);
  const raw = axes.map((axis, d) => divergence(axis, column(points, d), column(top, d)));
  const total = raw.reduce((sum, score) => sum + score, 0);
  return Object.fromEntries(
    axes.map((axis, d) => [axis.name, total > 0 ? (raw[d] as number) / total : 1 / axes.length]),
  );
}
