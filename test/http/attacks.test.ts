// The published attacks on model registries: path traversal by artifact paths, sources and locations (CVE-2024-1483,
// CVE-2024-3848 and their kin), and requests forged through webhooks.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support.ts';
import { type Served, serve } from './support.ts';

/** Ways to say `..`, an absolute path or another place. */
const PATHS = [
  ...[
    '../secret',
    'a/../../secret',
    '..',
    './../a',
    'a//b',
    '/etc/passwd',
    '//etc/passwd',
    'C:/x',
    'C:\\x',
    '..\\x',
  ],
  ...[
    '%2e%2e/secret',
    '%252e%252e/secret',
    '%25252e%25252e%25252fsecret',
    '..%2fsecret',
    '..%5csecret',
    'a%00b',
  ],
  ...[
    '%2fetc%2fpasswd',
    'a#b',
    'a%23b',
    'file:///etc/passwd',
    'http://169.254.169.254/latest',
    '%2e%2e%5csecret',
  ],
];
const SOURCES = [
  ...[
    'file:///etc',
    'file:/etc',
    'FILE:///etc',
    '/etc/passwd',
    './x',
    '../x',
    'etc',
    '%2fetc',
    'file%3a///etc',
  ],
  ...['s3://b/../p', 's3://b/%2e%2e/p', 's3://b/%252e%252e/p', 's3://b/..%2f..%2fp', 's3:/b/x/../../y'],
  ...[
    'mlflow-artifacts:/0/../../etc',
    'mlflow-artifacts://h:1/..%2f..%2fetc',
    'http://h/a%00',
    'https://h/#/../../etc',
  ],
];
const LOCATIONS = [
  ...[
    'http:///?/../../../../etc',
    'mlflow-artifacts:/../x',
    'file:///x/#/../y',
    's3://b/x;y',
    'runs:/x',
    's3://b/%2e%2e/x',
  ],
  'http://h/?a=%2e%2e%2f..%2f',
];

async function runOf(served: Served): Promise<string> {
  const { body } = await served.mlflow('POST', 'runs/create', { experiment_id: '0' });
  return (body as { run: { info: { run_id: string } } }).run.info.run_id;
}

test('artifact paths that leave their run are refused wherever they can be given', async (t) => {
  const served = await serve(t);
  const runId = await runOf(served);
  const { body: model } = await served.mlflow('POST', 'logged-models', { experiment_id: '0', name: 'm' });
  const modelId = (model as { model: { info: { model_id: string } } }).model.info.model_id;
  await served.mlflow('POST', 'registered-models/create', { name: 'm' });
  await served.mlflow('POST', 'model-versions/create', {
    name: 'm',
    source: `mlflow-artifacts:/0/${runId}/artifacts`,
  });
  for (const path of PATHS) {
    const query = (values: Record<string, string>) => new URLSearchParams(values).toString();
    const urls = [
      `/api/2.0/mlflow/artifacts/list?${query({ run_id: runId, path })}`,
      `/get-artifact?${query({ run_id: runId, path })}`,
      `/model-versions/get-artifact?${query({ name: 'm', version: '1', path })}`,
      `//model-versions/get-artifact?${query({ name: 'm', version: '1', path })}`,
      `/api/2.0/mlflow/logged-models/${modelId}/artifacts/directories?${query({ artifact_directory_path: path })}`,
      `/ajax-api/2.0/mlflow/logged-models/${modelId}/artifacts/files?${query({ artifact_file_path: path })}`,
      `/api/2.0/mlflow-artifacts/artifacts?${query({ path: `0/${runId}/artifacts/${path}` })}`,
    ];
    for (const url of urls) {
      const answer = await served.ask({ url });
      assert.equal(answer.status, 400, `${url}: ${answer.text}`);
      assert.match(String(answer.body['message']), /Invalid path/);
    }
  }
});

test('uploads and deletions do not leave their place either', async (t) => {
  const served = await serve(t);
  const runId = await runOf(served);
  for (const path of PATHS) {
    for (const method of ['PUT', 'DELETE', 'GET'] as const) {
      // Encoded once more, dots twice: who builds URLs would resolve them before they are sent.
      const url = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/${encodeURIComponent(path).replaceAll('.', '%252e')}`;
      const answer = await served.ask({ method, url, ...(method === 'PUT' ? { payload: 'x' } : {}) });
      assert.equal(answer.status, 400, `${method} ${path}: ${answer.text}`);
    }
  }
  for (const path of ['../artifacts', '0/../1/artifacts/x', '%2e%2e/artifacts/x', '0//artifacts']) {
    const url = `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(path)}`;
    assert.equal((await served.ask({ url })).status, 400, path);
  }
  const { body } = await served.mlflow('GET', 'artifacts/list', { run_id: runId });
  assert.equal(body['files'], undefined);
});

test('an upload is not overwritten, and its download is never a page of this server', async (t) => {
  const served = await serve(t);
  const runId = await runOf(served);
  const url = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/page.html`;
  const put = (payload: string) =>
    served.ask({ method: 'PUT', url, payload, headers: { 'content-type': 'text/html' } });
  assert.equal((await put('<script>')).status, 200);
  assert.equal((await put('<script>')).status, 200);
  const other = await put('other');
  assert.deepEqual([other.status, other.body['error_code']], [400, 'RESOURCE_ALREADY_EXISTS']);
  const { text, type, headers } = await served.ask({ url });
  assert.deepEqual(
    [text, type, headers['x-content-type-options']],
    ['<script>', 'application/octet-stream', 'nosniff'],
  );
  assert.match(String(headers['content-disposition']), /^attachment/);
});

test('a large file is to be sent whole', async (t) => {
  const served = await serve(t);
  const answer = await served.ask({
    method: 'POST',
    url: '/api/2.0/mlflow-artifacts/mpu/create/0/r/artifacts',
    payload: {},
  });
  assert.deepEqual(
    [answer.status, answer.body],
    [
      501,
      {
        error_code: 'NOT_IMPLEMENTED',
        message: 'Multipart upload is not supported for the current artifact repository',
      },
    ],
  );
});

test('a file that was changed on disk never arrives whole', async (t) => {
  const data = temporaryFolder(t);
  const served = await serve(t, { data });
  const runId = await runOf(served);
  const url = await served.server.listen();
  for (const [name, bytes] of [
    ['small', 100],
    ['large', 300_000],
  ] as const) {
    const path = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/${name}`;
    await served.well({ method: 'PUT', url: path, payload: Buffer.alloc(bytes, name) });
    const whole = await (await fetch(`${url}${path}`)).arrayBuffer();
    assert.equal(whole.byteLength, bytes);
    const [{ sha256 } = { sha256: '' }] = (
      await served.server.directory.tracking.artifacts.files(`0/${runId}/artifacts`)
    ).filter((file) => file.path === name);
    writeFileSync(
      join(data, 'models/objects', sha256.slice(0, 2), sha256.slice(2)),
      Buffer.alloc(bytes, 'evil'),
    );
    const arrived = fetch(`${url}${path}`).then(async (response) =>
      response.ok ? (await response.arrayBuffer()).byteLength : 0,
    );
    assert.notEqual(await arrived.catch(() => 0), bytes);
  }
});

test('sources of versions that name this machine, or another place than they seem to, are refused', async (t) => {
  const served = await serve(t);
  const runId = await runOf(served);
  await served.mlflow('POST', 'registered-models/create', { name: 'm' });
  for (const source of SOURCES) {
    for (const run of [{}, { run_id: runId }]) {
      const answer = await served.mlflow('POST', 'model-versions/create', { name: 'm', source, ...run });
      assert.deepEqual([answer.status, answer.body['error_code']], [400, 'INVALID_PARAMETER_VALUE'], source);
    }
  }
  const { body } = await served.mlflow('GET', 'model-versions/search', { filter: "name='m'" });
  assert.equal(body['model_versions'], undefined);
});

test('experiments are not put where they could read what is not theirs', async (t) => {
  const served = await serve(t);
  for (const [at, location] of LOCATIONS.entries()) {
    const answer = await served.mlflow('POST', 'experiments/create', {
      name: `e${at}`,
      artifact_location: location,
    });
    assert.equal(answer.status, 400, location);
  }
  // One of this machine is kept as a word, and nothing is ever read from it.
  const local = { name: 'local', artifact_location: 'file:///etc' };
  const { body } = await served.mlflow('POST', 'experiments/create', local);
  const run = await served.mlflow('POST', 'runs/create', { experiment_id: body['experiment_id'] });
  const { run_id: runId } = (run.body as { run: { info: { run_id: string } } }).run.info;
  assert.equal((await served.ask({ url: `/get-artifact?run_id=${runId}&path=passwd` })).status, 404);
  assert.equal((await served.mlflow('GET', 'artifacts/list', { run_id: runId })).body['files'], undefined);
});

test('webhooks go to no address within the house', async (t) => {
  const served = await serve(t);
  const hosts = [
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest',
    'https://[::ffff:10.0.0.1]/',
    'http://1.1.1.1/',
  ];
  for (const url of hosts) {
    const events = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];
    const made = await served.mlflow('POST', 'webhooks', { name: 'w', url, events, secret: 'quiet' });
    // Refused when it is made, or when it would be sent.
    if (made.status === 200) assert.doesNotMatch(made.text, /quiet/);
    else assert.equal(made.status, 400, made.text);
  }
  await served.mlflow('POST', 'registered-models/create', { name: 'm' });
  await served.server.runChores();
  const rows = await served.server.directory.state.read((sql) =>
    sql.all('SELECT status, outcome FROM deliveries'),
  );
  for (const { outcome } of rows) assert.match(String(outcome), /^refused/);
});

test('a filter is data, never a statement', async (t) => {
  const served = await serve(t);
  await served.mlflow('POST', 'registered-models/create', { name: 'm' });
  for (const filter of [
    "name = 'x' OR 1=1 --'",
    "name = 'm'; DROP TABLE models",
    "name LIKE '%' UNION SELECT 1",
    "tags.`a') --` = '1'",
  ]) {
    const answer = await served.mlflow('GET', 'registered-models/search', { filter });
    assert.ok(answer.status === 400 || answer.body['registered_models'] === undefined, answer.text);
  }
  assert.equal((await served.mlflow('GET', 'registered-models/get', { name: 'm' })).status, 200);
});

test('a body that is no object, is too deep or names prototypes changes nothing', async (t) => {
  const served = await serve(t);
  const url = '/api/2.0/mlflow/registered-models/create';
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const payload of [
    '[]',
    '5',
    'null',
    '',
    '{',
    '"{}"',
    deep,
    '{"__proto__":{"name":"x"}}',
    '{"constructor":{"name":"x"}}',
  ]) {
    const answer = await served.ask({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(answer.status, 400, payload.slice(0, 40));
  }
  assert.equal((await served.mlflow('GET', 'registered-models/search')).body['registered_models'], undefined);
});
