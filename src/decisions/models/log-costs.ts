import { PilotfishError } from '../../base/index.ts';
import type { LabelledSamples } from './samples.ts';

/** Beyond a factor of 16 worse is worse: the net need not know by how much. */
const WORST_LOG_COST = 4;

/**
 * log2(cost / best) of each class for each sample, [length][wanted], at most 4.
 * @param wanted the classes in the order of the answer
 * @throws PilotfishError `SHAPE` for samples without a cost for each of them, `USAGE` for costs that are not positive.
 */
export function logCosts(data: LabelledSamples, wanted: readonly string[]): Float32Array {
  const { costs, classes, length } = data;
  if (costs === null || costs.columns !== classes?.length) {
    throw new PilotfishError('SHAPE', 'to learn costs, each sample needs one cost for each class');
  }
  const columns = wanted.map((name) => classes.indexOf(name));
  if (columns.includes(-1)) {
    throw new PilotfishError('SHAPE', `to learn costs, name all the classes: ${wanted.join(', ')}`);
  }
  const out = new Float32Array(length * columns.length);
  for (let row = 0; row < length; row += 1) {
    const given = columns.map((column) => costs.data[row * costs.columns + column] as number);
    const best = Math.min(...given);
    if (!(best > 0)) throw new PilotfishError('USAGE', `sample ${row} has a cost that is not positive`);
    out.set(
      given.map((cost) => Math.min(WORST_LOG_COST, Math.log2(cost / best))),
      row * columns.length,
    );
  }
  return out;
}
