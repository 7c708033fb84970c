// Every name that documents 000 and 003, and the rollout of 002, give to a class, a method, a type or a metric is there by
// it, from the library's own door. What they do is in the tests beside this one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import type {
  DriftAlert,
  Experiment,
  LearningPipeline,
  ModelConfig,
  ModelMetadata,
  ModelVariant,
  RolloutPlan,
  TrainingSample,
  Variant,
} from '../../src/index.ts';
import * as pilotfish from '../../src/index.ts';

/** Classes with the methods that documents call; functions and values without. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  // Document 000
  MLDAGIntegration: ['getCompressionHint'],
  compressBlock: [],
  FallbackManager: ['isHealthy'],
  ABTestFramework: ['createExperiment', 'getVariant', 'recordResult', 'getRecommendation'],
  ModelServer: ['start', 'predict', 'hotSwapModel', 'rollbackModel'],
  ModelMonitor: ['recordPrediction', 'getMetrics', 'exportPrometheusMetrics'],
  differentialPrivacyNoise: [],
  kAnonymityCheck: [],
  PakitMLModel: ['save'],
  VersionManager: [],
  // Document 002
  RolloutManager: ['start', 'advance', 'pause', 'resume', 'promote', 'abort', 'rollback'],
  DOCUMENT_PLAN: [],
  validateShadow: [],
  // Document 003
  MLPipelineManager: ['predict', 'close'],
  ModelRegistry: ['registerModel', 'promoteModel', 'getModel'],
  ModelStatus: [],
  ABTestManager: [
    ...['createExperiment', 'startExperiment', 'getModelAssignment', 'recordMetric'],
    'getExperimentResults',
  ],
  DriftDetector: [
    ...['setBaseline', 'recordFeature', 'monitorAllFeatures', 'setAlertCallback'],
    'getDriftReports',
  ],
  OnlineLearner: ['createPipeline', 'addSample', 'triggerUpdate', 'getPipelineStatus'],
  Strategy: [],
  MlflowClient: ['logModel'],
};

test('classes and functions have the names of the documents, and classes their methods', () => {
  const exported: Readonly<Record<string, unknown>> = pilotfish;
  for (const [name, methods] of Object.entries(NAMES)) {
    const found = exported[name];
    assert.ok(found !== undefined, `${name} is not exported`);
    for (const method of methods) {
      const { prototype } = found as { prototype: Record<string, unknown> };
      assert.equal(typeof prototype[method], 'function', `${name}.${method}`);
    }
  }
  assert.deepEqual(Object.values(pilotfish.ModelStatus), [
    'draft',
    'testing',
    'staging',
    'production',
    'archived',
  ]);
  assert.deepEqual(Object.values(pilotfish.Strategy), ['incremental', 'mini_batch', 'periodic', 'adaptive']);
});

test('types have the fields of the documents', () => {
  // The compiler is the test: a field that has another name is no key of its type.
  const fields: {
    readonly ModelMetadata: readonly (keyof ModelMetadata)[];
    readonly Experiment: readonly (keyof Experiment)[];
    readonly ModelVariant: readonly (keyof ModelVariant)[];
    readonly DriftAlert: readonly (keyof DriftAlert)[];
    readonly LearningPipeline: readonly (keyof LearningPipeline)[];
    readonly TrainingSample: readonly (keyof TrainingSample)[];
    readonly ModelConfig: readonly (keyof ModelConfig)[];
    readonly RolloutPlan: readonly (keyof RolloutPlan)[];
    readonly Variant: readonly (keyof Variant)[];
  } = {
    ModelMetadata: [
      ...(['name', 'version', 'algorithm', 'framework', 'description', 'metrics'] as const),
      ...(['parameters', 'filePath'] as const),
    ],
    Experiment: ['id', 'name', 'targetMetric', 'models', 'stickyAssignment'],
    ModelVariant: ['modelId', 'isControl', 'trafficPct'],
    DriftAlert: ['message', 'severity'],
    LearningPipeline: [
      ...(['pipelineId', 'name', 'modelId', 'strategy', 'updateFrequency', 'batchSize'] as const),
      ...(['minSamples', 'maxBufferSize', 'learningRate'] as const),
    ],
    TrainingSample: ['sampleId', 'features', 'label', 'weight'],
    ModelConfig: ['name', 'modelType', 'device'],
    RolloutPlan: ['regions', 'steps'],
    Variant: ['useMl'],
  };
  assert.equal(Object.keys(fields).length, 9);
});

test('metrics for the dashboards of document 003 have its names', () => {
  const { DOCUMENT_METRICS, DRIFT_DOCUMENT_METRICS, EXPERIMENT_DOCUMENT_METRICS, ONLINE_DOCUMENT_METRICS } =
    pilotfish;
  const all = [
    DOCUMENT_METRICS,
    EXPERIMENT_DOCUMENT_METRICS,
    DRIFT_DOCUMENT_METRICS,
    ONLINE_DOCUMENT_METRICS,
  ].flatMap((metrics) => Object.values(metrics).map(({ name, labels }) => `${name}{${labels.join(', ')}}`));
  assert.deepEqual(all, [
    'ml_models_total{status}',
    'ml_model_file_size_bytes{model_id}',
    'ml_model_promotion_total{from_status, to_status}',
    'ml_experiment_active_total{}',
    'ml_experiment_traffic{experiment_id, model_id}',
    'ml_experiment_metric{experiment_id, model_id, metric_name}',
    'ml_drift_alerts_total{severity}',
    'ml_drift_score{feature_name, type}',
    'ml_pipeline_updates_total{pipeline_id}',
    'ml_pipeline_samples_processed{pipeline_id}',
    'ml_pipeline_accuracy{pipeline_id}',
  ]);
});

test('the environment of document 003 is read as it is written there', () => {
  const { modelStorage, abDefaults, driftDefaults, onlineDefaults } = readSettings({
    ...{ ML_MODEL_STORAGE_DIR: '/var/ml/models', ML_AB_STICKY_ASSIGNMENT: 'true', ML_AB_MIN_SAMPLES: '1000' },
    ...{ ML_DRIFT_THRESHOLD: '0.05', ML_DRIFT_WINDOW_SIZE: '1000', ML_DRIFT_CHECK_INTERVAL: '300' },
    ...{ ML_ONLINE_STRATEGY: 'adaptive', ML_ONLINE_BATCH_SIZE: '100', ML_ONLINE_MAX_BUFFER: '1000' },
  });
  assert.equal(modelStorage, '/var/ml/models');
  assert.deepEqual(abDefaults?.(), { stickyAssignment: true, minimumSamples: 1000 });
  assert.deepEqual(driftDefaults?.(), {
    ...{ threshold: 0.05, windowSize: 1000, checkIntervalMs: 300_000, policy: {} },
  });
  assert.deepEqual(onlineDefaults?.(), { strategy: 'adaptive', batchSize: 100, maxBufferSize: 1000 });
});
