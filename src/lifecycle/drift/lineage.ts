import { PilotfishError } from '../../base/index.ts';
import type { TrainingDataset } from '../dataset/index.ts';
import type { ModelVersion } from '../registry/index.ts';
import type { BaselineOptions } from './baselines.ts';

/** A baseline and what belongs to it, as `setBaseline` takes them. */
export type LineageBaseline = {
  readonly samples: Readonly<Record<string, Float64Array>>;
  readonly options: Pick<BaselineOptions, 'models' | 'source'>;
};

/**
 * The baseline of a model: the features of the very data set its version was made from, by the hash in its lineage. Missing
 * values are left out.
 * @throws PilotfishError `MISSING` for a version without that hash, `REFUSED` for another data set.
 */
export function lineageBaseline(version: ModelVersion, dataset: TrainingDataset): LineageBaseline {
  const { name, number, modelId, lineage } = version;
  const datasetHash = lineage?.datasetHash;
  if (datasetHash === undefined)
    throw new PilotfishError(
      'MISSING',
      `${name}/${number} does not say what it learnt from: give values instead`,
    );
  const digest = dataset.digest();
  if (digest !== datasetHash) {
    throw new PilotfishError(
      'REFUSED',
      `${name}/${number} learnt from the data set ${datasetHash}, not ${digest}: give that one`,
    );
  }
  const { x, length, features } = dataset.table;
  const columns = features.map(({ name: feature }, column): [string, Float64Array] => {
    const values = Float64Array.from({ length }, (_, row) => x[row * features.length + column] as number);
    return [feature, values.filter((value) => !Number.isNaN(value))];
  });
  return {
    samples: Object.fromEntries(columns),
    options: { models: [name], source: { datasetHash, modelId } },
  };
}
