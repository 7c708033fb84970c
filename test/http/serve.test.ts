// `pilotfish serve` as a process: its address, a client that knows nothing of Pilotfish, and its end.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import MLflow from 'mlflow';
import { Place } from '../cli/support.ts';
import { serve } from './support.ts';

/** The first line that a process prints. */
async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.slice(0, text.indexOf('\n'));
}

/** The exported class, which is not where its types say. */
const Client = MLflow as unknown as typeof MLflow.default;

test('it prints its address, answers there, ends what is under way and goes', async (t) => {
  const place = new Place(t);
  place.write({ 'models/none.txt': '' });
  const child = place.start(['serve', '--data', 'data', '--port', '0', '--models', 'models']);
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += String(chunk);
  });
  const [, url = ''] =
    /^(http:\/\/127\.0\.0\.1:\d+) serves no models yet: `pilotfish models register` adds one$/.exec(
      await firstLine(child),
    ) ?? [];
  const create = () =>
    fetch(`${url}/api/2.0/mlflow/registered-models/create`, { method: 'POST', body: '{"name":"m"}' });
  assert.equal((await create()).status, 200);
  assert.equal((await create()).status, 400);
  assert.equal((await fetch(`${url}/ready`)).status, 200);
  // An upload whose end is still to come when the signal does.
  const path = '/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/file';
  const headers = { 'transfer-encoding': 'chunked', expect: '100-continue' };
  const upload = request(`${url}${path}`, { method: 'PUT', headers });
  upload.flushHeaders();
  await once(upload, 'continue');
  const answered = once(upload, 'response');
  upload.write('first, ');
  child.kill('SIGTERM');
  upload.end('last');
  const [response] = await answered;
  assert.equal(response.statusCode, 200);
  response.resume();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.match(log, /"status":400/);
  // It may be opened again: nothing is held, nothing is half written.
  assert.deepEqual((await serve(t, { data: place.path('data') })).server.served, []);
});

test('keys are made, listed and ended on the command line; nobody sees one twice', async (t) => {
  const place = new Place(t);
  const data = ['--data', 'data'];
  const { id, key } = place.json<{ id: string; key: string }>(
    ...['keys', 'create', 'ci', '--role', 'contributor', '--model', 'trees', ...data],
  );
  assert.match(key, new RegExp(`^pf_${id}_[A-Za-z0-9_-]{43}$`));
  const { stdout } = place.runWell('keys', 'list', ...data);
  assert.match(stdout, new RegExp(`^${id}  \\S+ \\S+  contributor  ci  trees\\n$`));
  const served = await serve(t, { data: place.path('data') });
  const ask = async (headers: Record<string, string>) =>
    (await served.ask({ url: '/api/2.0/mlflow/registered-models/get?name=trees', headers })).status;
  assert.deepEqual([await ask({}), await ask({ authorization: `Bearer ${key}` })], [401, 404]);
  place.runWell('keys', 'revoke', id, ...data);
  const { stdout: none } = place.runWell('keys', 'list', ...data);
  assert.match(none, /^no keys: `pilotfish keys create` makes one/);
  assert.deepEqual(place.json('keys', 'list', ...data), { keys: [] });
  await served.server.runChores();
  assert.equal(await ask({}), 404);
});

test('an unmodified client from npm logs a run and finds it', async (t) => {
  const served = await serve(t);
  // What it sends, it also prints.
  t.mock.method(console, 'log', () => undefined);
  const { Experiments, Runs, Artifacts } = new Client({ endpoint: await served.server.listen() });
  const { experiment_id } = await Experiments.create({ name: 'e', artifact_location: '' });
  assert.deepEqual((await Experiments.list()).experiments.map(({ name }) => name).sort(), ['Default', 'e']);
  const { run } = await Runs.create({ experiment_id, user_id: 'u', start_time: 1 });
  const { run_id } = run.info;
  await Runs.logMetric({ run_id, key: 'loss', value: 0.25, timestamp: 1, step: 1 });
  await Runs.logParameter({ run_id, key: 'p', value: '1' });
  await Runs.logBatch({
    run_id,
    metrics: [{ key: 'acc', value: 0.5, timestamp: 2, step: 1 }],
    tags: [{ key: 't', value: 'x' }],
  });
  await Runs.deleteTag({ run_id, key: 't' });
  const { runs } = await Runs.search({ experiment_ids: [experiment_id], filter: 'metrics.loss < 0.5' });
  assert.deepEqual(
    runs[0]?.data.metrics.map(({ key, value }) => [key, value]),
    [
      ['acc', 0.5],
      ['loss', 0.25],
    ],
  );
  assert.equal((await Artifacts.list({ run_id, path: '' })).root_uri, run.info.artifact_uri);
  await Runs.delete({ run_id });
  assert.equal((await Runs.search({ experiment_ids: [experiment_id] })).runs, undefined);
  await Runs.restore({ run_id });
  assert.equal((await Runs.get({ run_id })).run.data.params[0]?.value, '1');
  await assert.rejects(Runs.logParameter({ run_id, key: 'p', value: '2' }), /INVALID_PARAMETER_VALUE/);
});

test('paths are refused as they come over the wire, where no client has resolved them', async (t) => {
  const served = await serve(t);
  const url = new URL(await served.server.listen());
  const ask = async (path: string): Promise<number> => {
    const sent = request({ host: url.hostname, port: url.port, path, method: 'GET' }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  };
  const base = '/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts';
  for (const path of ['/..', '/../../../x', '/%2e%2e/x', '/a/..%2f..%2fx', '/%252e%252e/x', '/..\\x']) {
    assert.equal(await ask(`${base}${path}`), 400, path);
  }
  for (const path of ['/../../etc/passwd', '/..%2f..%2fetc/passwd', '//etc/passwd', '/%2e%2e/']) {
    assert.equal(await ask(path), 404, path);
  }
});
