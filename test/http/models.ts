// Models that are there in a moment: a predictor that was hardly trained, and trees that always say the same.
import { join } from 'node:path';
import { FastRng, NodeFileSystem } from '../../src/base/index.ts';
import { CODEC_FEATURES, loadArtefact, saveArtefact } from '../../src/decisions/index.ts';
import type { PilotfishServer } from '../../src/http/index.ts';
import { CompressionPredictor, ModelTrainer, TrainingDataset } from '../../src/index.ts';
import { encodeXgboostJson } from '../../src/learn/index.ts';
import type { ModelRegistry } from '../../src/lifecycle/index.ts';

const CLASSES = ['zstd', 'lz4', 'snappy', 'none'];
export const COLUMNS = CODEC_FEATURES.length;

/** Writes the model of a room as releases ship it, with this advantage over the rule in its manifest. */
export async function shipModel(modelsDirectory: string, name: string, advantage: number): Promise<void> {
  const rng = new FastRng(7);
  const trainData = new TrainingDataset({ features: CODEC_FEATURES, classes: CLASSES });
  for (let i = 0; i < 40; i += 1) {
    const x = CODEC_FEATURES.map(() => rng.next());
    trainData.addSample(x, (x[3] as number) > 0.5 ? 'none' : 'zstd', { group: `file-${i % 8}` });
  }
  const model = new CompressionPredictor({ name }, { hiddenDim: 8, seed: 1 });
  const config = { numEpochs: 2, learningRate: 0.01, logDir: null };
  await new ModelTrainer(config, { thread: 'inline' }).train({ model, trainData });
  const folder = join(modelsDirectory, name);
  model.save(folder, { version: '1' });
  const fs = new NodeFileSystem();
  const { manifest, files } = loadArtefact(fs, folder);
  const { lineage } = manifest;
  saveArtefact(fs, folder, {
    manifest: { ...manifest, metrics: { advantage }, lineage: { ...lineage, synthetic: false } },
    files,
  });
}

const leaf = {
  ...{
    left: Int32Array.of(-1),
    right: Int32Array.of(-1),
    feature: new Int32Array(1),
    threshold: new Float32Array(1),
  },
  ...{ defaultLeft: new Uint8Array(1), gain: new Float32Array(1), cover: Float32Array.of(1) },
};

/** Trees of two features that always answer `value`, in XGBoost's form. */
export const constantModel = (value: number): Uint8Array =>
  encodeXgboostJson({
    ...{ objective: 'reg:squarederror', features: 2, outputs: 1, baseScore: 0 },
    trees: [{ ...leaf, value: Float32Array.of(value) }],
  });

/** Takes a shipped model the last step, which nobody but its owner takes. */
export async function release(server: PilotfishServer, name: string): Promise<void> {
  const { registry } = server.directory;
  const [version] = await registry.listModels({ name });
  const evidence = [{ kind: 'experiment', passed: true, summary: 'as expected' }];
  await registry.promoteModel(version?.modelId ?? '', 'production', { evidence });
  await server.followed();
}

/** What is said of `constantModel` when it is registered. */
export const TREES = { name: 'trees', algorithm: 'trees', framework: 'xgboost', filePath: 'trees.json' };

const passed = (kind: string) => ({ evidence: [{ kind, passed: true, summary: 'as expected' }] });

/** Registers a version `vVALUE.0.0` that answers with a number, and takes it to staging. */
export async function stage(registry: ModelRegistry, name: string, value: number): Promise<string> {
  const metadata = { ...TREES, name, version: `v${value}.0.0` };
  const modelId = await registry.registerModel(metadata, constantModel(value));
  await registry.promoteModel(modelId, 'testing');
  await registry.promoteModel(modelId, 'staging', passed('evaluation'));
  return modelId;
}

/** The same, to production. */
export async function produce(registry: ModelRegistry, name: string, value: number): Promise<string> {
  const modelId = await stage(registry, name, value);
  await registry.promoteModel(modelId, 'production', passed('experiment'));
  return modelId;
}
