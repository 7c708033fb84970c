import { PilotfishError } from '../../../base/index.ts';
import { type Batch, BoostedTrees } from '../../../learn/index.ts';
import type { Work } from '../../workshop/index.ts';
import { SIMILAR_FEATURES, similarFeatures } from '../features.ts';
import { worthBytes } from '../teacher.ts';
import type { BaseRow } from './table.ts';

/** Settled by leaving out one package after the other: deeper or more trees did no better on the one left out. */
const TREES = { rounds: 48, maxDepth: 5, learningRate: 0.15, minChildWeight: 60, subsample: 0.7 };
const TREE_PATIENCE = 16;
/** A delta 256 times too small is as good as any, one 8 times too large as bad. */
const [LEAST, MOST] = [-8, 3];
/** Trees that predict how small a delta is beside what it must stay below. Yields after each round. */
export function* trainTrees(rows: readonly BaseRow[], seed: number): Work<BoostedTrees> {
  const train = rows.filter(({ part }) => part === 'train');
  const val = rows.filter(({ part }) => part === 'val');
  if (train.length === 0 || val.length === 0) {
    throw new PilotfishError('EMPTY', 'the table has no training or no validation rows; measure more sets');
  }
  const trees = new BoostedTrees({
    ...TREES,
    ...{ objective: 'reg:squarederror', constantFeatures: 'allow', seed },
    earlyStoppingRounds: TREE_PATIENCE,
  });
  let done = 0;
  for (const _round of trees.train(batchOf(train), { validation: batchOf(val) })) {
    done += 1;
    yield { what: 'trees', done, of: TREES.rounds };
  }
  return trees;
}

/** One sample a candidate; the candidates of one question weigh as much as those of any other of its size. */
function batchOf(rows: readonly BaseRow[]): Batch {
  const columns = SIMILAR_FEATURES.length;
  const count = rows.reduce((sum, { question }) => sum + question.candidates.length, 0);
  const data = new Float32Array(count * columns);
  const y = new Float64Array(count);
  const weights = new Float64Array(count);
  let at = 0;
  for (const { question, measured } of rows) {
    const worth = worthBytes(measured);
    for (let i = 0; i < question.candidates.length; i += 1) {
      similarFeatures(question, i, data.subarray(at * columns, (at + 1) * columns));
      const deltaBytes = measured.deltaBytes[i] as number;
      const size = deltaBytes === 0 ? MOST : Math.log2(deltaBytes / worth);
      y[at] = Math.max(LEAST, Math.min(MOST, size));
      weights[at] = Math.log2(measured.rawBytes) / question.candidates.length;
      at += 1;
    }
  }
  return { x: { rows: count, columns, data }, y, weights };
}
