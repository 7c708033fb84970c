import { PilotfishError, sha256Hex } from '../../base/index.ts';
import { wholeNumber } from '../../learn/index.ts';
import type { TrainingDataset } from '../dataset/index.ts';

/**
 * Divides the rows into `kFolds` folds: whole groups, dealt so that the classes of every fold are in about the same
 * proportion. A sample without a group stands with those it cannot be told apart from. The largest groups are dealt
 * first, each to the fold where it evens out the classes most; equals by lot.
 * @throws PilotfishError `USAGE` for a number that is none, `EMPTY` with fewer groups than folds, `SHAPE` without classes.
 */
export function stratifiedFolds(dataset: TrainingDataset, kFolds: number, seed: number): number[][] {
  wholeNumber('kFolds', kFolds, [2, 100]);
  const { classes, y } = dataset.table;
  if (classes === null)
    throw new PilotfishError('SHAPE', 'folds are stratified by class; the labels are numbers');
  const groups = groupsOf(dataset, seed);
  if (groups.length < kFolds) {
    throw new PilotfishError(
      'EMPTY',
      `${groups.length} groups do not make ${kFolds} folds: gather more data`,
    );
  }
  const totals = classes.map((_, label) => y.reduce((sum, each) => sum + (each === label ? 1 : 0), 0));
  const folds = Array.from({ length: kFolds }, () => ({
    rows: [] as number[],
    counts: new Float64Array(classes.length),
  }));
  for (const rows of groups) {
    const added = new Float64Array(classes.length);
    for (const row of rows) added[y[row] as number] = (added[y[row] as number] as number) + 1;
    // How far above its share of each class the fold would be; an empty fold is never left empty.
    const excess = folds.map(({ counts, rows: held }) =>
      added.reduce(
        (sum, count, label) => {
          if (count === 0) return sum;
          const share = ((counts[label] as number) + count) / ((totals[label] as number) / kFolds);
          return sum + share ** 2 - ((counts[label] as number) / ((totals[label] as number) / kFolds)) ** 2;
        },
        held.length === 0 ? -1e9 : 0,
      ),
    );
    const chosen = folds[excess.indexOf(Math.min(...excess))];
    // One by one: a group may be larger than a list of arguments.
    for (const row of rows) chosen?.rows.push(row);
    added.forEach((count, label) => {
      if (chosen !== undefined) chosen.counts[label] = (chosen.counts[label] as number) + count;
    });
  }
  return folds.map(({ rows }) => rows.sort((a, b) => a - b));
}

/** Rows by group, the largest first. */
function groupsOf(dataset: TrainingDataset, seed: number): number[][] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < dataset.length; row += 1) {
    const { group, features, label } = dataset.sampleAt(row);
    const name = group === null ? `sample ${Array.from(features).join(' ')} ${label}` : `group ${group}`;
    const rows = groups.get(name);
    if (rows === undefined) groups.set(name, [row]);
    else rows.push(row);
  }
  return [...groups]
    .map(([name, rows]) => ({ rows, lot: sha256Hex(Buffer.from(`${seed} ${name}`)) }))
    .sort((a, b) => b.rows.length - a.rows.length || (a.lot < b.lot ? -1 : 1))
    .map(({ rows }) => rows);
}
