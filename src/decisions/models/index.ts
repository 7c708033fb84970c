/** The models of the source documents as classes: they learn, answer and lie on disk. */
import { PilotfishError } from '../../base/index.ts';
import { CompressionPredictor } from './compression-predictor.ts';
import type { EpochModel, ModelConfig } from './model.ts';

export {
  type CompressionAlgorithm,
  CompressionPredictor,
  type CompressionPredictorOptions,
  type FeatureVector,
} from './compression-predictor.ts';
export {
  type BlockContent,
  DeduplicationOptimizer,
  type HistoricalBlock,
  type SimilarHistoricalBlock,
} from './deduplication-optimizer.ts';
export {
  type ChoiceCosts,
  EpochModel,
  type ModelConfig,
  type ModelState,
  PakitMLModel,
  type Provenance,
  type SaveOptions,
  type StoragePorts,
} from './model.ts';
export {
  type AccessSequence,
  type NextBlock,
  PrefetchEngine,
  type PrefetchEngineOptions,
} from './prefetch-engine.ts';
export type { EpochOptions, LabelledSamples, ModelTraining, TrainedEpoch } from './samples.ts';

/** A class of models that can be made from plain JSON: what a trainer in another thread needs. */
export type ModelClass<Model extends EpochModel = EpochModel> = {
  /** The documents' name. */
  readonly modelName: string;
  new (config: ModelConfig, options?: never): Model;
};

/** Every class of models that is trained epoch by epoch, by the documents' name and by the room's. */
const CLASSES: Readonly<Record<string, ModelClass>> = {
  compression_predictor: CompressionPredictor,
  codec: CompressionPredictor,
};

/** The class of a model, by the documents' name or the room's. @throws PilotfishError `USAGE` for any other. */
export function modelClassOf(name: string): ModelClass {
  const found = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (found !== undefined) return found;
  throw new PilotfishError(
    'USAGE',
    `there is no model "${name}"; use one of ${Object.keys(CLASSES).join(', ')}`,
  );
}
