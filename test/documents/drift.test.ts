// The code blocks of document 003 that concern drift, translated: Go names become camelCase, `ctx` becomes `{ signal }`, a
// returned error a thrown one, the Redis client the state port.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import { FastRng } from '../../src/base/index.ts';
import { type DriftAlert, DriftDetector, SqliteState } from '../../src/index.ts';
import { temporaryFolder } from '../support.ts';

test('Drift Detection: a baseline, what is recorded, and who is told', async (t) => {
  const folder = temporaryFolder(t);
  const state = new SqliteState({ path: join(folder, 'registry.db') });
  const rng = new FastRng(3);
  const trainingData = {
    requestSize: Array.from({ length: 4000 }, () => 900 + 200 * rng.normal()),
    responseTime: Array.from({ length: 4000 }, () => 100 + 20 * rng.normal()),
  };
  const stop = new AbortController();
  const { signal } = stop;

  const detector = new DriftDetector(state, 0.05, 1000);

  // Set baseline from training data
  const baseline = {
    request_size: trainingData.requestSize,
    response_time: trainingData.responseTime,
  };
  await detector.setBaseline(baseline);

  // Set alert callback
  const told: DriftAlert[] = [];
  let retrainings = 0;
  detector.setAlertCallback((alert) => {
    told.push(alert);
    assert.match(
      `Drift detected: ${alert.message} (severity: ${alert.severity})`,
      /^Drift detected: feature request_size drifted .* \(severity: (low|medium|high|critical)\)$/,
    );
    // Trigger retraining pipeline
    if (alert.severity === 'critical') retrainings += 1;
  });

  // Monitor continuously
  const monitoring = detector.monitorAllFeatures({ signal });

  // Record production features
  detector.recordFeature('request_size', 1024.0);
  for (let i = 0; i < 3999; i += 1) {
    detector.recordFeature('request_size', 1400 + 200 * rng.normal());
    detector.recordFeature('response_time', 100 + 20 * rng.normal());
  }

  // Get drift reports
  const alerts = await detector.getDriftReports(new Date(Date.now() - 24 * 3_600_000));
  assert.deepEqual(alerts, told);
  assert.ok(retrainings > 0);
  const last = alerts.at(-1);
  // "Kolmogorov-Smirnov statistic, Population Stability Index, distribution histograms"
  assert.ok(last !== undefined && last.score > 0.25 && last.psi > 0.25);
  assert.equal(last.currentStats.histogram.length, 10);
  assert.equal(last.currentStats.bins.length, 11);
  // "Actionable recommendations"
  assert.match(last.recommendation, /roll the models back .* train them anew/);

  stop.abort();
  await monitoring;
  // Where the original forgets its baseline, the next process has it.
  const next = new DriftDetector(state, 0.05, 1000);
  await next.load();
  assert.deepEqual(
    (await next.status()).map(({ featureName, count, severity }) => [featureName, count, severity]),
    [
      ['request_size', 4000, 'critical'],
      ['response_time', 3999, null],
    ],
  );
  await state.close();
});

test('Drift Alerts Too Frequent: what to change is answered from what was measured', async () => {
  const state = new SqliteState({ path: ':memory:' });
  const detector = new DriftDetector(state, 0.05, 1000);
  const rng = new FastRng(4);
  await detector.setBaseline({ request_size: Array.from({ length: 1000 }, () => rng.normal()) });
  for (let i = 0; i < 80_000; i += 1)
    detector.recordFeature('request_size', rng.normal() + (Math.floor(i / 20_000) % 2) * 0.6);
  const { advice } = await detector.explain('request_size');
  // "Increase drift threshold; Expand window size; Review baseline statistics"
  assert.match(advice.join('\n'), /raise the threshold.*expand the window.*review the baseline/s);
  await state.close();
});

test('Environment Variables: the defaults of the document, and what is refused', () => {
  assert.deepEqual(readSettings({}).driftDefaults?.(), {
    ...{ threshold: 0.05, windowSize: 1000, checkIntervalMs: 300_000, policy: {} },
  });
  const set = {
    ...{ ML_DRIFT_THRESHOLD: '0.1', ML_DRIFT_WINDOW_SIZE: '500', ML_DRIFT_CHECK_INTERVAL: '60' },
    PILOTFISH_DRIFT_POLICY: 'critical=rollback,high=retrain',
  };
  assert.deepEqual(readSettings(set).driftDefaults?.(), {
    ...{ threshold: 0.1, windowSize: 500, checkIntervalMs: 60_000 },
    policy: { critical: 'rollback', high: 'retrain' },
  });
  for (const [name, value] of [
    ['ML_DRIFT_THRESHOLD', 'much'],
    ['ML_DRIFT_THRESHOLD', '2'],
    ['ML_DRIFT_WINDOW_SIZE', '10'],
    ['ML_DRIFT_CHECK_INTERVAL', '0'],
    ['PILOTFISH_DRIFT_POLICY', 'critical=explode'],
    ['PILOTFISH_DRIFT_POLICY', 'critical'],
  ] as const) {
    assert.throws(() => readSettings({ [name]: value }).driftDefaults?.(), {
      ...{ code: 'USAGE', message: new RegExp(`^${name} (is|has) `) },
    });
  }
  const policy = { critical: 'explode' as never };
  const state = new SqliteState({ path: ':memory:' });
  assert.throws(() => new DriftDetector(state, 0.05, 1000, { policy }), { code: 'USAGE' });
});
