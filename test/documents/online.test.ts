// The code block of document 003 that concerns online learning, translated: Go names become camelCase, `ctx` goes, a
// returned error becomes a thrown one, the Redis client the state port.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import {
  type LearningPipeline,
  OnlineLearner,
  openRegistry,
  Strategy,
  type TrainingSample,
} from '../../src/index.ts';
import { encodeSnapshot, LogisticRegression } from '../../src/learn/index.ts';
import { temporaryFolder } from '../support.ts';

const HOUR_MS = 3_600_000;

test('Online Learning Pipeline: create, add samples, trigger, monitor', async (t) => {
  const { state, registry: modelRegistry, close } = opened(t);
  // The document has a base model: here one of ours, since a forest of scikit-learn cannot go on learning.
  const baseModelId = await modelRegistry.registerModel(
    {
      ...{
        name: 'threat-detector',
        version: 'v1.2.0',
        algorithm: 'logistic regression',
        framework: 'pilotfish',
      },
      // Samples name their features; the model must say in which order it takes them.
      parameters: { features: 'request_size,response_time' },
    },
    [
      {
        name: 'model.safetensors',
        content: encodeSnapshot(new LogisticRegression({ features: 2 }).snapshot()),
      },
    ],
  );

  const learner = new OnlineLearner(state, modelRegistry);

  // Create pipeline
  const pipeline: LearningPipeline = {
    pipelineId: 'threat-online-v1',
    name: 'Threat Detection Online Learning',
    modelId: baseModelId,
    strategy: Strategy.Adaptive,
    updateFrequency: 1 * HOUR_MS,
    batchSize: 100,
    minSamples: 50,
    maxBufferSize: 1000,
    learningRate: 0.01,
  };
  await learner.createPipeline(pipeline);

  // Add training samples
  const sample: TrainingSample = {
    sampleId: 'sample_123',
    features: { request_size: 1024.0, response_time: 150.0 },
    label: 1.0, // Threat detected
    weight: 1.0,
  };
  const { pipelineId } = pipeline;
  await learner.addSample(pipelineId, sample);

  // Manual trigger: the document does so after one sample, of the 50 it asks for itself.
  await assert.rejects(learner.triggerUpdate(pipelineId), {
    code: 'REFUSED',
    message: /1 samples wait, an update needs 50/,
  });
  for (let i = 0; i < 49; i += 1) {
    const features = { request_size: 100 * i, response_time: 150 };
    await learner.addSample(pipelineId, { ...sample, sampleId: `more_${i}`, features, label: i % 2 });
  }
  assert.equal((await learner.getPipelineStatus(pipelineId)).updates.made, 1);

  // Monitor status
  const status = await learner.getPipelineStatus(pipelineId);
  assert.deepEqual([status.status, status.strategy, status.samples.scored], ['active', 'adaptive', 50]);
  await close();
});

test('defaults and environment are those of the document; without a strategy it begins with periodic batch', async (t) => {
  const { state, registry, close } = opened(t);
  const learner = new OnlineLearner(state, registry);
  const made = await learner.createPipeline({
    ...{ pipelineId: 'p', name: 'P' },
    learner: { kind: 'logistic', features: ['request_size', 'response_time'] },
  });
  const { strategy, updateFrequency, batchSize, minSamples, maxBufferSize, learningRate } = made.settings;
  assert.deepEqual(
    { strategy, updateFrequency, batchSize, minSamples, maxBufferSize, learningRate },
    {
      ...{ strategy: 'periodic', updateFrequency: HOUR_MS, batchSize: 100, minSamples: 50 },
      ...{ maxBufferSize: 1000, learningRate: 0.01 },
    },
  );
  assert.equal(
    (await learner.addSample('p', { sampleId: 's', features: { request_size: 1, response_time: 1 } }))
      .outcome,
    'added',
  );
  // "ML_ONLINE_STRATEGY=adaptive"
  const environment = {
    ML_ONLINE_STRATEGY: 'adaptive',
    ML_ONLINE_BATCH_SIZE: '100',
    ML_ONLINE_MAX_BUFFER: '1000',
  };
  const asSaid = new OnlineLearner(state, registry, readSettings(environment).onlineDefaults?.() ?? {});
  const other = await asSaid.createPipeline({
    pipelineId: 'q',
    name: 'Q',
    learner: { kind: 'hoeffding', features: ['a'] },
  });
  assert.equal(other.strategy, 'adaptive');
  await close();
});

function opened(t: { after(work: () => void): void }) {
  const directory = openRegistry(join(temporaryFolder(t), 'data'));
  const { state, registry } = directory;
  return { state, registry, close: () => directory.close() };
}
