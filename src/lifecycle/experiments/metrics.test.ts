import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from '../serving/index.ts';
import { documentExperimentMetrics, experimentMetrics } from './metrics.ts';
import { draft, laboratory, running } from './testing/laboratory.ts';

test('running experiments are shown by our names and by those of document 003', async () => {
  const { manager } = laboratory();
  const id = await running(manager);
  await manager.createExperiment(draft({ id: 'later' }));
  await manager.record(id, { modelId: 'v2', values: { accuracy: 0.5 } });
  const ours = exposition(await experimentMetrics(manager)).split('\n');
  for (const line of [
    'pilotfish_experiments{status="draft"} 1',
    'pilotfish_experiments{status="running"} 1',
    'pilotfish_experiment_units{experiment="threats",model="v2"} 1',
    'pilotfish_experiment_metric_mean{experiment="threats",model="v2",metric="accuracy"} 0.5',
    'pilotfish_experiment_recommendation{experiment="threats",recommendation="continue"} 1',
  ]) {
    assert.ok(ours.includes(line), `${line}\n${ours.join('\n')}`);
  }
  const theirs = exposition(await documentExperimentMetrics(manager))
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  assert.deepEqual(
    theirs.filter((line) => line !== ''),
    [
      'ml_experiment_active_total 1',
      'ml_experiment_traffic{experiment_id="threats",model_id="v1"} 50',
      'ml_experiment_traffic{experiment_id="threats",model_id="v2"} 50',
      'ml_experiment_metric{experiment_id="threats",model_id="v2",metric_name="accuracy"} 0.5',
    ],
  );
});
