// What MLflow's clients and pages rely on: the recorded exchanges of a real server, the words of refusals, odd ways to ask.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { root } from '../support.ts';
import { type Answer, type Served, serve } from './support.ts';

type Exchange = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly req: Record<string, unknown> | null;
  readonly status: number;
  readonly ctype: string;
  readonly resp: unknown;
};

const exchanges = JSON.parse(
  readFileSync(join(root, 'test/http/mlflow-exchanges.json'), 'utf8'),
) as Exchange[];

/** They differ from server to server. */
const VARIES = /^(.*_timestamp|creation_time|last_update_time|run_id|run_uuid|artifact_uri|user_id)$/;

/** Values where they must be the same, types where they vary. */
function shapeOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name, shapeOf(item, name)]),
    );
  }
  if (VARIES.test(key) && value !== '') return typeof value;
  // Python prints a set, in an order of its own.
  return key === 'message'
    ? String(value)
        .replace(/'\{.*\}'/, 'SET')
        .replaceAll(/[0-9a-f]{32}/g, 'ID')
    : value;
}

/** The only thing about tags and metrics that is not said: their order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}

for (const api of ['api', 'ajax-api']) {
  test(`the recorded exchanges, below /${api}`, async (t) => {
    const served = await serve(t, { version: '3.3.2.dev0' });
    let runId = '';
    for (const [at, { method, path, req, status, ctype, resp }] of exchanges.entries()) {
      const values = { ...req, ...(req !== null && 'run_id' in req ? { run_id: runId } : {}) };
      const url = path.replace('/api/', `/${api}/`);
      const answer: Answer =
        method === 'GET'
          ? await served.ask({
              method,
              url,
              query: Object.fromEntries(Object.entries(values).map(([k, v]) => [k, String(v)])),
            })
          : await served.ask({ method, url, payload: values });
      const what = `${at}: ${method} ${path} ${JSON.stringify(req)}`;
      assert.equal(answer.status, status, `${what}\n${answer.text}`);
      assert.equal(answer.type.replace('; charset=utf-8', ''), ctype.replace('; charset=utf-8', ''), what);
      const expected = typeof resp === 'string' ? resp : sorted(shapeOf(resp));
      assert.deepEqual(typeof resp === 'string' ? answer.text : sorted(shapeOf(answer.body)), expected, what);
      if (path.endsWith('runs/create'))
        runId = (answer.body as { run: { info: { run_id: string } } }).run.info.run_id;
    }
  });
}

async function withRun(t: TestContext): Promise<{ served: Served; runId: string }> {
  const served = await serve(t);
  const { body } = await served.mlflow('POST', 'runs/create', { experiment_id: '0', start_time: 1 });
  return { served, runId: (body as { run: { info: { run_id: string } } }).run.info.run_id };
}

type Case = readonly [path: string, payload: object, message: string];

async function refusals(served: Served, method: 'GET' | 'POST', cases: readonly Case[]): Promise<void> {
  for (const [path, payload, message] of cases) {
    const url = `/ajax-api/2.0/mlflow/${path}`;
    const query = new URLSearchParams(
      Object.entries(payload).flatMap(([key, value]) => [value].flat().map((one) => [key, String(one)])),
    );
    const answer = await served.ask(
      method === 'GET' ? { method, url: `${url}?${query}` } : { method, url, payload },
    );
    const what = `${path} ${JSON.stringify(payload)}: ${answer.text}`;
    assert.deepEqual([answer.status, answer.body['error_code']], [400, 'INVALID_PARAMETER_VALUE'], what);
    assert.ok(String(answer.body['message']).includes(message), what);
  }
}

const BAD_BODIES = (runId: string): Case[] => {
  const metric = { run_id: runId, key: 'k', value: 31, timestamp: 59, step: 41 };
  return [
    ['runs/log-metric', { ...metric, run_id: 31 }, "Invalid value 31 for parameter 'run_id' supplied"],
    ['runs/log-metric', { ...metric, key: 31 }, "Invalid value 31 for parameter 'key' supplied"],
    ['runs/log-metric', { ...metric, step: 'foo' }, 'Invalid value "foo" for parameter \'step\' supplied'],
    [
      'runs/log-metric',
      { ...metric, timestamp: 'foo' },
      'Invalid value "foo" for parameter \'timestamp\' supplied',
    ],
    ['runs/log-metric', { ...metric, value: 'foo' }, 'Invalid value "foo" for parameter \'value\' supplied'],
    ['runs/log-metric', { ...metric, value: null }, "Missing value for required parameter 'value'"],
    ['runs/log-metric', { ...metric, run_id: null }, "Missing value for required parameter 'run_id'"],
    ['runs/log-metric', { ...metric, key: '' }, "Missing value for required parameter 'key'"],
    [
      'runs/log-parameter',
      { run_id: runId, key: 31, value: 41 },
      "Invalid value 31 for parameter 'key' supplied",
    ],
    [
      'runs/set-tag',
      { run_id: runId, key: 'k', value: 41 },
      "Invalid value 41 for parameter 'value' supplied",
    ],
    [
      'runs/log-batch',
      { run_id: runId, metrics: 'foo' },
      'Invalid value "foo" for parameter \'metrics\' supplied',
    ],
    ['runs/log-batch', { run_id: runId, tags: [1] }, "Invalid value [1] for parameter 'tags' supplied"],
    [
      'runs/log-batch',
      { run_id: runId, metrics: [{ key: 'k', value: 1 }] },
      "Missing value for required parameter 'metrics[0].timestamp'",
    ],
    ['runs/log-inputs', { datasets: [] }, "Missing value for required parameter 'run_id'"],
    [
      'runs/search',
      { experiment_ids: ['0'], max_results: 123456789 },
      "Invalid value 123456789 for parameter 'max_results' supplied",
    ],
    [
      'runs/search',
      { experiment_ids: ['0'], run_view_type: 7 },
      "Invalid value 7 for parameter 'run_view_type' supplied",
    ],
    [
      'runs/update',
      { run_id: runId, status: 'DONE' },
      'Invalid value "DONE" for parameter \'status\' supplied',
    ],
    ['runs/log-model', { run_id: runId, model_json: '{' }, 'is not a valid JSON'],
    ['runs/log-model', { run_id: runId, model_json: '{}' }, 'Model json is missing mandatory fields'],
    ['experiments/search-datasets', {}, 'SearchDatasets request must specify at least one experiment_id.'],
    [
      'experiments/search-datasets',
      { experiment_ids: new Array(21).fill('1') },
      'SearchDatasets request cannot specify more than',
    ],
    ['logged-models/search', {}, "Missing value for required parameter 'experiment_ids'"],
  ];
};
const BAD_QUERIES = (runId: string): Case[] => [
  [
    'metrics/get-history-bulk',
    { metric_key: 'k' },
    'GetMetricHistoryBulk request must specify at least one run_id',
  ],
  [
    'metrics/get-history-bulk',
    { run_id: Array.from({ length: 1000 }, (_, i) => `id_${i}`), metric_key: 'k' },
    'GetMetricHistoryBulk request cannot specify more than',
  ],
  ['metrics/get-history-bulk', { run_id: ['1'] }, 'GetMetricHistoryBulk request must specify a metric_key'],
  [
    'metrics/get-history-bulk-interval',
    { metric_key: 'k' },
    "Missing value for required parameter 'run_ids'.",
  ],
  [
    'metrics/get-history-bulk-interval',
    { run_ids: new Array(101).fill('1'), metric_key: 'k' },
    'at most 100 run_ids',
  ],
  [
    'metrics/get-history-bulk-interval',
    { run_ids: ['1'], metric_key: 'k', max_results: 0 },
    'max_results must be between 1 and 2500',
  ],
  [
    'metrics/get-history-bulk-interval',
    { run_ids: ['1'], metric_key: '' },
    "Missing value for required parameter 'metric_key'",
  ],
  [
    'metrics/get-history-bulk-interval',
    { run_ids: ['1'], metric_key: 'k', start_step: 1, end_step: 0 },
    'end_step must be greater than start_step. ',
  ],
  [
    'metrics/get-history-bulk-interval',
    { run_ids: ['1'], metric_key: 'k', start_step: 1 },
    'both must be specified.',
  ],
  ['artifacts/list', { run_id: runId, path: '../path' }, 'Invalid path'],
  ['experiments/search', { page_token: '%%%' }, 'Invalid page token'],
];

test('parameters of another type, or none, are named', async (t) => {
  const { served, runId } = await withRun(t);
  await refusals(served, 'POST', BAD_BODIES(runId));
  await refusals(served, 'GET', BAD_QUERIES(runId));
});

test('numbers are repeated as they were written', async (t) => {
  const served = await serve(t);
  const ask = async (payload: string): Promise<string> => {
    const answer = await served.ask({ method: 'POST', url: '/api/2.0/mlflow/experiments/create', payload });
    return String(answer.body['message']).split(' supplied')[0] ?? '';
  };
  const wrong = "for parameter 'artifact_location'";
  for (const number of ['9.0', '9', '9.5', '-1.00']) {
    assert.equal(await ask(`{"name":"e","artifact_location":${number}}`), `Invalid value ${number} ${wrong}`);
  }
});

test('old ways to ask: JSON within JSON, run_uuid, numbers for versions, names of enums and their numbers', async (t) => {
  const { served, runId } = await withRun(t);
  const url = '/api/2.0/mlflow/registered-models/create';
  const doubled = {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify('{"name":"m"}'),
  } as const;
  await served.well(doubled);
  await served.well({
    method: 'POST',
    url: '/api/2.0/mlflow/runs/set-tag',
    payload: JSON.stringify({ run_uuid: runId, key: 'k', value: '' }),
  });
  await served.mlflow('POST', 'model-versions/create', { name: 'm', source: 's3://b/p' });
  const moved = await served.mlflow('POST', 'model-versions/transition-stage', {
    name: 'm',
    version: 1,
    stage: 'sTAGing',
  });
  assert.equal((moved.body['model_version'] as { current_stage: string }).current_stage, 'Staging');
  for (const view of ['ALL', 3, '3']) {
    const { body } = await served.mlflow('POST', 'experiments/search', { view_type: view });
    assert.equal((body['experiments'] as unknown[]).length, 1);
  }
  await served.mlflow('POST', 'runs/update', { run_id: runId, status: 'FINISHED' });
  const { body } = await served.mlflow('GET', 'runs/get', { run_uuid: runId });
  assert.equal((body as { run: { info: { status: string } } }).run.info.status, 'FINISHED');
});

test('an experiment lies where it is told to; a relative place begins where the server does', async (t) => {
  const served = await serve(t);
  const places = [
    ['s3://b/p', 's3://b/p'],
    ['my_location', join(process.cwd(), 'my_location')],
    ['', 'mlflow-artifacts:/3'],
  ];
  for (const [at, [given, kept]] of places.entries()) {
    const { body } = await served.mlflow('POST', 'experiments/create', {
      name: `e${at}`,
      artifact_location: given,
    });
    const { experiment } = (await served.mlflow('GET', 'experiments/get', body)).body as {
      experiment: { artifact_location: string };
    };
    assert.equal(experiment.artifact_location, kept);
  }
});

test('histories of several runs, with NaN and infinities as text', async (t) => {
  const { served, runId } = await withRun(t);
  const values = [0.5, 'NaN', 'Infinity', '-Infinity'];
  const metrics = values.map((value, step) => ({ key: 'k', value, timestamp: 1, step }));
  assert.equal((await served.mlflow('POST', 'runs/log-batch', { run_id: runId, metrics })).status, 200);
  const bulk = await served.well({
    url: `/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${runId}&metric_key=k`,
  });
  assert.deepEqual(
    bulk['metrics'],
    metrics.map((metric) => ({ ...metric, run_id: runId })),
  );
  const interval = await served.well({
    url: `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${runId}&metric_key=k&start_step=1&end_step=2`,
  });
  assert.deepEqual(
    (interval['metrics'] as { step: number }[]).map(({ step }) => step),
    [1, 2],
  );
  const first = await served.mlflow('GET', 'metrics/get-history', {
    run_id: runId,
    metric_key: 'k',
    max_results: '3',
  });
  assert.equal((first.body['metrics'] as unknown[]).length, 3);
  const token = String(first.body['next_page_token']);
  const rest = await served.mlflow('GET', 'metrics/get-history', {
    run_id: runId,
    metric_key: 'k',
    max_results: '3',
    page_token: token,
  });
  assert.equal((rest.body['metrics'] as unknown[]).length, 1);
});

test('data sets of runs, as the pages of MLflow list them', async (t) => {
  const { served, runId } = await withRun(t);
  const dataset = { name: 'd', digest: 'x', source_type: 'local', source: '{}' };
  const inputs = {
    run_id: runId,
    datasets: [{ dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] }],
  };
  assert.equal((await served.mlflow('POST', 'runs/log-inputs', inputs)).status, 200);
  const { body } = await served.mlflow('POST', 'experiments/search-datasets', { experiment_ids: ['0'] });
  assert.deepEqual(body['dataset_summaries'], [
    { experiment_id: '0', name: 'd', digest: 'x', context: 'training' },
  ]);
});

test('a file uploaded as the pages of MLflow do, and a version made of it that can be served', async (t) => {
  const { served, runId } = await withRun(t);
  const upload = (query: string, payload?: string) =>
    served.ask({
      method: 'POST',
      url: `/ajax-api/2.0/mlflow/upload-artifact?${query}`,
      ...(payload === undefined ? {} : { payload }),
    });
  for (const [query, message] of [
    ['', 'Request must specify run_uuid.'],
    [`run_uuid=${runId}`, 'Request must specify path.'],
    [`run_uuid=${runId}&path=..%2Fx`, 'Invalid path'],
    [`run_uuid=${runId}&path=x`, 'Request must specify data.'],
  ] as const) {
    assert.equal((await upload(query)).body['message'], message);
  }
  assert.equal((await upload(`run_uuid=${runId}&path=model%2Ftest.txt`, 'hello world')).status, 200);
  assert.equal(
    (await served.ask({ url: `/get-artifact?run_uuid=${runId}&path=model/test.txt` })).text,
    'hello world',
  );
  await served.mlflow('POST', 'registered-models/create', { name: 'm' });
  const sources = [
    `mlflow-artifacts:/0/${runId}/artifacts/model`,
    `mlflow-artifacts:/0//${runId}/artifacts/model/`,
    'mlflow-artifacts:/models/foo///bar',
    'mlflow-artifacts://host:9000/models/artifact/..../',
  ];
  for (const source of sources) {
    const made = await served.mlflow('POST', 'model-versions/create', { name: 'm', source, run_id: runId });
    assert.equal(made.status, 200, made.text);
  }
  const versions = await served.server.directory.registry.listModels({ name: 'm' });
  assert.deepEqual(
    versions.map(({ health, files }) => [health, files.map(({ name }) => name)]),
    [
      ['verified', ['test.txt']],
      ['verified', ['test.txt']],
      ['unverified', []],
      ['unverified', []],
    ],
  );
  assert.equal(
    (await served.ask({ url: '/model-versions/get-artifact?name=m&version=1&path=test.txt' })).text,
    'hello world',
  );
});

test('guards of names that were not made through MLflow hold there as well, and are no reason to try again', async (t) => {
  const served = await serve(t);
  await served.server.directory.registry.models.create({ name: 'guarded' });
  await served.mlflow('POST', 'model-versions/create', { name: 'guarded', source: 's3://b/p' });
  const stage = { name: 'guarded', version: '1', stage: 'Production', archive_existing_versions: true };
  const { status, body } = await served.mlflow('POST', 'model-versions/transition-stage', stage);
  assert.deepEqual([status, body['error_code']], [409, 'RESOURCE_CONFLICT']);
});

test('a dot is the folder itself, also within a path; two are refused as ever', async (t) => {
  const { served, runId } = await withRun(t);
  const proxy = '/api/2.0/mlflow-artifacts/artifacts';
  const root = `0/${runId}/artifacts`;
  await served.well({ method: 'PUT', url: `${proxy}/${root}/dir/a.txt`, payload: 'a' });
  const list = (path: string) => served.ask({ url: proxy, query: { path } });
  for (const path of [`${root}/.`, `${root}/./`, `0/./${runId}/artifacts`])
    assert.deepEqual((await list(path)).body['files'], [{ path: 'dir', is_dir: true }], path);
  assert.deepEqual((await list(`${root}/./dir/.`)).body['files'], [
    { path: 'a.txt', is_dir: false, file_size: 1 },
  ]);
  for (const path of [`${root}/..`, `${root}/./..`, `${root}/%2e%2e`, `${root}/.%2e/x`])
    assert.equal((await list(path)).status, 400, path);
});
