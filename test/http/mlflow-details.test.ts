// Details that MLflow's own tests of its REST interface look at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Served, serve } from './support.ts';

type Body = Record<string, unknown>;

async function newRun(served: Served): Promise<string> {
  const { body } = await served.mlflow('POST', 'runs/create', { experiment_id: '0', start_time: 1 });
  return (body as { run: { info: { run_id: string } } }).run.info.run_id;
}

test('a version that was not described has an empty description, a model has none', async (t) => {
  const served = await serve(t);
  const made = await served.mlflow('POST', 'registered-models/create', { name: 'm' });
  assert.ok(!('description' in (made.body['registered_model'] as Body)));
  await served.mlflow('POST', 'model-versions/create', { name: 'm', source: 's3://b/p' });
  const { body } = await served.mlflow('GET', 'model-versions/get', { name: 'm', version: '1' });
  assert.equal((body['model_version'] as Body)['description'], '');
});

test('a history that says no length: a token when there is anything, and a wrong token is refused', async (t) => {
  const served = await serve(t);
  const runId = await newRun(served);
  const query = { run_id: runId, metric_key: 'k' };
  assert.deepEqual((await served.mlflow('GET', 'metrics/get-history', query)).body, {});
  const point = { run_id: runId, key: 'k', value: 1, timestamp: 1 };
  await served.mlflow('POST', 'runs/log-metric', point);
  const { body } = await served.mlflow('GET', 'metrics/get-history', query);
  assert.deepEqual(body, { next_page_token: Buffer.from('{"offset": 0}').toString('base64') });
  const refused = await served.ask({
    method: 'GET',
    url: '/api/2.0/mlflow/metrics/get-history',
    query: { ...query, page_token: 'invalid_token' },
  });
  assert.deepEqual([refused.status, refused.body['error_code']], [400, 'INVALID_PARAMETER_VALUE']);
});

test('too many runs for one interval are refused in these words', async (t) => {
  const served = await serve(t);
  const runs = Array.from({ length: 101 }, (_, at) => `run_ids=${at}`).join('&');
  const { status, body } = await served.ask({
    method: 'GET',
    url: `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=k&${runs}`,
  });
  assert.deepEqual(
    [status, body['message']],
    [400, 'GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids.'],
  );
});

test('the table of a prompt is tagged as Python writes JSON', async (t) => {
  const served = await serve(t);
  const { body } = await served.mlflow('POST', 'runs/create-promptlab-run', {
    experiment_id: '0',
    prompt_template: 'say {{it}}',
    prompt_parameters: [{ key: 'it', value: 'hello' }],
    model_route: 'route',
    model_input: 'say hello',
    mlflow_version: '1.0.0',
  });
  const { tags } = (body as { run: { data: { tags: object[] } } }).run.data;
  assert.deepEqual(
    tags.find((tag) => 'key' in tag && tag.key === 'mlflow.loggedArtifacts'),
    { key: 'mlflow.loggedArtifacts', value: '[{"path": "eval_results_table.json", "type": "table"}]' },
  );
});
