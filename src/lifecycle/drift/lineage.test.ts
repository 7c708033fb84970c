import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrainingDataset } from '../dataset/index.ts';
import { house, metadataOf } from '../registry/testing/house.ts';
import { DriftDetector } from './detector.ts';
import { lineageBaseline } from './lineage.ts';

function sizes(count: number): TrainingDataset {
  const dataset = new TrainingDataset();
  for (let i = 0; i < count; i += 1)
    dataset.addSample({ size: i, age: i % 5 === 0 ? Number.NaN : i % 7 }, i % 2 === 0 ? 'lz4' : 'zstd');
  return dataset;
}

test('the baseline of a model is the data set it learnt from, and no other', async () => {
  const { registry, state, clock } = house();
  const dataset = sizes(100);
  const datasetHash = dataset.digest();
  const modelId = await registry.registerModel(
    { ...metadataOf('v1', 'codec'), lineage: { datasetHash } },
    Buffer.from('trees'),
  );
  const version = await registry.getModel(modelId);
  const { samples, options } = lineageBaseline(version, dataset);
  assert.deepEqual(options, { models: ['codec'], source: { datasetHash, modelId } });
  assert.deepEqual([samples['size']?.length, samples['age']?.length], [100, 80]);
  const detector = new DriftDetector(state, 0.05, 100, { clock });
  await detector.setBaseline(samples, options);
  assert.deepEqual(
    (await detector.status()).map(({ featureName, models, baselineCount }) => [
      featureName,
      models,
      baselineCount,
    ]),
    [
      ['age', ['codec'], 80],
      ['size', ['codec'], 100],
    ],
  );
  assert.throws(() => lineageBaseline(version, sizes(99)), {
    code: 'REFUSED',
    message: /learnt from the data set/,
  });
  const bare = await registry.getModel(
    await registry.registerModel(metadataOf('v2', 'codec'), Buffer.from('trees')),
  );
  assert.throws(() => lineageBaseline(bare, dataset), { code: 'MISSING' });
});
