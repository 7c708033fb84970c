import { PilotfishError } from '../../base/index.ts';
import { generalize, TrainingDataset } from '../dataset/index.ts';
import { FeatureExtractor, type TelemetryCollector } from '../telemetry/index.ts';

/** Columns of the data set by which a block might be recognised. */
export const TELEMETRY_QUASI_IDENTIFIERS = ['block_size_log', 'block_depth_log'];
/** Widths to which they are made coarser: a factor of two in size, and in depth. */
const WIDTHS = { block_size_log: 1 / 40, block_depth_log: 1 / 10 };

/**
 * The stored blocks of telemetry as samples: what was known before each, and the algorithm that was logged. Learning it is
 * imitation of whoever chose. Sizes and depths are made coarser, and samples that then agree with fewer than `k - 1`
 * others are left out, so that the rest is k-anonymous in both (which is not differential privacy).
 * @throws PilotfishError `EMPTY` when nothing is left.
 */
export function telemetryDataset(
  collector: TelemetryCollector,
  { k = 5, limit = 10_000 } = {},
): TrainingDataset {
  const extractor = new FeatureExtractor();
  const dataset = new TrainingDataset();
  for (const event of collector.getEvents({ eventType: 'BLOCK_STORED', limit })) {
    const { compressionAlgorithm, blockHash, timeMs } = event;
    const features = extractor.extractFeatures(event);
    if (compressionAlgorithm === undefined) continue;
    dataset.addSample(features, compressionAlgorithm, { group: blockHash, time: timeMs });
  }
  if (dataset.length === 0)
    throw new PilotfishError('EMPTY', 'telemetry has no stored blocks; gather some first');
  const coarse = generalize(dataset, WIDTHS);
  const columns = TELEMETRY_QUASI_IDENTIFIERS.map((name) =>
    coarse.features.findIndex((slot) => slot.name === name),
  );
  const keyOf = (row: number): string =>
    columns.map((column) => coarse.sampleAt(row).features[column]).join(' ');
  const classes = Map.groupBy(
    Array.from({ length: coarse.length }, (_, row) => row),
    keyOf,
  );
  const kept = [...classes.values()]
    .filter((rows) => rows.length >= k)
    .flat()
    .sort((a, b) => a - b);
  if (kept.length > 0) return coarse.take(kept);
  throw new PilotfishError('EMPTY', `no ${k} stored blocks agree in size and depth; gather more telemetry`);
}
