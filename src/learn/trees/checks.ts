import { PilotfishError } from '../../base/index.ts';
import { type Batch, checkBatch, MAX_MATRIX_VALUES } from '../contract/index.ts';
import { classesOf, MAX_TREE_FEATURES } from './model.ts';
import { MAX_TARGET, type ResolvedOptions } from './options.ts';
import { MAX_TRAINING_ROWS } from './training/gradients.ts';

// A histogram of float64 for each level of a tree.
const MAX_HISTOGRAM_BYTES = 2 ** 30;

/**
 * Checks the samples to learn from; `features` is how many the model already asks for, if it has trees.
 * @throws PilotfishError as `checkBatch`; `LIMIT`; `SHAPE` for other features; `USAGE` for constraints that do not
 * fit.
 */
export function checkTraining(batch: Batch, options: ResolvedOptions, features?: number): void {
  const { constantFeatures, monotone, outputs, maxBins, maxDepth } = options;
  const classes = classesOf(options);
  checkBatch(batch, { missing: 'allow', constantFeatures, ...(classes > 0 ? { classes } : {}) });
  const { rows, columns } = batch.x;
  if (rows > MAX_TRAINING_ROWS || rows * outputs > MAX_MATRIX_VALUES) {
    const message = `${rows} rows of ${outputs} outputs are too many at once; train on a sample of them`;
    throw new PilotfishError('LIMIT', message);
  }
  if (columns > MAX_TREE_FEATURES) {
    throw new PilotfishError('LIMIT', `${columns} features; trees can ask for ${MAX_TREE_FEATURES}`);
  }
  if (columns * maxBins * 8 * (maxDepth + 1) > MAX_HISTOGRAM_BYTES) {
    const message = `histograms of ${columns} features, ${maxBins} bins and depth ${maxDepth} exceed 1 GiB`;
    throw new PilotfishError('LIMIT', `${message}; choose fewer of them`);
  }
  if (features !== undefined && columns !== features) {
    throw new PilotfishError('SHAPE', `${columns} features where the model was trained with ${features}`);
  }
  if (monotone.length > 0 && monotone.length !== columns) {
    throw new PilotfishError('USAGE', `monotone has ${monotone.length} signs for ${columns} features`);
  }
  checkMagnitude('y', batch.y);
  if (batch.weights !== undefined) checkMagnitude('weights', batch.weights);
}

function checkMagnitude(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (Math.abs(values[i] as number) <= MAX_TARGET) continue;
    throw new PilotfishError('LIMIT', `${name}[${i}] is ${values[i]}; rescale it to at most ${MAX_TARGET}`);
  }
}
