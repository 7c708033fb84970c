// The code blocks of documents 000 and 003 on A/B tests, translated: Go and Python names become camelCase, keyword arguments
// one options object, `ctx` and the returned error fall away, the Redis client is the state port.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import { hasCode } from '../../src/base/index.ts';
import { ABTestFramework, ABTestManager, type Experiment, openRegistry } from '../../src/index.ts';
import { temporaryFolder } from '../support.ts';

test('document 003, A/B Testing Framework', async (t) => {
  const { state } = openRegistry(temporaryFolder(t));
  t.after(() => state.close());
  const userId = 'user-1';
  const abTest = new ABTestManager(state);

  // Create experiment
  const experiment: Experiment = {
    id: 'threat-model-v2-test',
    name: 'Threat Model V2 Comparison',
    targetMetric: 'accuracy',
    models: [
      { modelId: 'v1', isControl: true, trafficPct: 50.0 },
      { modelId: 'v2', isControl: false, trafficPct: 50.0 },
    ],
    stickyAssignment: true,
  };
  await abTest.createExperiment(experiment);

  // Start experiment
  await abTest.startExperiment(experiment.id);

  // Get model assignment for user
  const modelId = await abTest.getModelAssignment(experiment.id, userId);
  assert.ok(modelId === 'v1' || modelId === 'v2');
  assert.equal(await new ABTestManager(state).getModelAssignment(experiment.id, userId), modelId);

  // Record metrics
  await abTest.recordMetric(experiment.id, modelId, 'accuracy', 0.95);

  // Get results
  const results = await abTest.getExperimentResults(experiment.id);
  const arm = results.arms.find((each) => each.modelId === modelId);
  assert.deepEqual(arm?.metrics[0], { metric: 'accuracy', units: 1, mean: 0.95, deviation: null });
  // "Run for minimum sample size (1000+ per variant)"
  assert.deepEqual([results.minimumSamples, results.recommendation], [1000, 'continue']);
});

test('document 000, A/B Testing Framework', async (t) => {
  const dataDir = temporaryFolder(t);
  // The document's constructor takes nothing: its data then lie in ./experiments.
  const abTest = new ABTestFramework({ dataDir });

  // Create experiment: 50% control (no ML), 50% treatment (ML)
  await abTest.createExperiment('compression_optimization', { trafficSplit: 0.5 });

  // Get variant for user
  const userId = 'user123';
  const variant = await abTest.getVariant('compression_optimization', { userId });
  const algorithm = variant.useMl ? 'what the model says' : 'what the rule says';
  assert.ok(algorithm);

  // Record result
  await abTest.recordResult('compression_optimization', userId, { success: true, latencyMs: 50 });

  // Check if ML is winning. Returns: 'rollout', 'rollback', or 'continue'
  assert.equal(await abTest.getRecommendation('compression_optimization'), 'continue');

  // A program that starts again begins where it was: the user keeps the variant, the result is there.
  await abTest.close();
  const again = new ABTestFramework({ dataDir });
  t.after(() => again.close());
  await again.createExperiment('compression_optimization', { trafficSplit: 0.5 });
  assert.deepEqual(await again.getVariant('compression_optimization', { userId }), variant);
  const { records, arms } = await again.manager.getExperimentResults('compression_optimization');
  assert.equal(records, 1);
  assert.deepEqual(
    arms.map(({ trafficPct }) => trafficPct),
    [50, 50],
  );
  await assert.rejects(again.createExperiment('compression_optimization', { trafficSplit: 0.1 }), (error) =>
    hasCode(error, 'EXISTS'),
  );
});

test('document 000: a model that succeeds more often and is not slower is rolled out, a worse one back', async (t) => {
  const abTest = new ABTestFramework({ dataDir: temporaryFolder(t), minimumSamples: 100 });
  t.after(() => abTest.close());
  for (const [name, wanted, latencyMs] of [
    ['better', 'rollout', 50],
    ['slower', 'rollback', 90],
  ] as const) {
    await abTest.createExperiment(name, { trafficSplit: 0.5 });
    const results = Array.from({ length: 600 }, async (_, i) => {
      const { useMl } = await abTest.getVariant(name, { userId: `user-${i}` });
      const success = i % 10 < (useMl ? 9 : 5);
      await abTest.recordResult(name, `user-${i}`, {
        success,
        latencyMs: (useMl ? latencyMs : 50) + (i % 3),
      });
    });
    await Promise.all(results);
    assert.equal(await abTest.getRecommendation(name), wanted);
  }
});

test('document 003, environment of A/B tests', () => {
  const defaults = (environment: Record<string, string>) => readSettings(environment).abDefaults?.();
  assert.deepEqual(defaults({}), { minimumSamples: 1000, stickyAssignment: true });
  assert.deepEqual(defaults({ ML_AB_MIN_SAMPLES: '500', ML_AB_STICKY_ASSIGNMENT: 'false' }), {
    ...{ minimumSamples: 500, stickyAssignment: false },
  });
  for (const bad of [
    { ML_AB_MIN_SAMPLES: '0' },
    { ML_AB_MIN_SAMPLES: 'many' },
    { ML_AB_STICKY_ASSIGNMENT: 'yes' },
  ])
    assert.throws(
      () => defaults(bad as Record<string, string>),
      (error) => hasCode(error, 'USAGE'),
    );
});
