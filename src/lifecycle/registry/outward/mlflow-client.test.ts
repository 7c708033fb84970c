// The client of MLflow against a server that fails in every way; that it does right is tested where a server is.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { type Clock, type FileSystem, hasCode, ManualClock } from '../../../base/index.ts';
import { MlflowClient, type MlflowClientOptions } from './mlflow-client.ts';

type Reply =
  | { readonly status: number; readonly body?: object; readonly headers?: Record<string, string> }
  | 'hang up';
type Asked = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
};

const RUN = { run: { info: { run_id: 'r', artifact_uri: 'mlflow-artifacts:/0/r/artifacts' } } };
/** What a server says that has nothing against anything. */
const GOOD: Readonly<Record<string, object>> = {
  'experiments/get-by-name': { experiment: { experiment_id: '7', lifecycle_stage: 'active' } },
  'runs/create': RUN,
};

/** A server that answers as told, call by call, and well when nothing is told. */
async function fake(t: TestContext, told: Record<string, Reply[]> = {}, options: MlflowClientOptions = {}) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://fake');
    const path = url.pathname.replace(/^\/api\/2\.0\/(?:mlflow\/)?/, '');
    const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
    asked.push({ method: request.method ?? '', path, body, headers: request.headers });
    const reply = told[path]?.shift() ?? { status: 200 };
    if (reply === 'hang up') request.socket.destroy();
    else response.writeHead(reply.status, reply.headers).end(JSON.stringify(reply.body ?? GOOD[path] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const waits: number[] = [];
  const clock: Clock = Object.assign(new ManualClock(), {
    every: (ms: number, task: () => void) => {
      waits.push(ms);
      queueMicrotask(task);
      return () => undefined;
    },
  });
  const fs = new SimFileSystem();
  fs.makeDirectory('/m');
  for (const name of ['a.onnx', 'b c.json'])
    fs.write(fs.open(`/m/${name}`, 'create'), Buffer.from(name), {
      ...{ offset: 0, length: name.length, position: 0 },
    });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new MlflowClient(url, { fs, clock, ...options });
  const log = (model: object = {}) =>
    client.logModel({ experimentName: 'e', runName: 'n', modelPath: '/m/a.onnx', ...model });
  const paths = () => asked.map(({ path }) => path);
  return { asked, paths, waits, url, client, log, fs };
}

const code =
  (wanted: string, message = /./) =>
  (error: unknown) =>
    hasCode(error) && error.code === wanted && message.test(error.message);

test('a run is made, told everything, given its files and ended', async (t) => {
  const { asked, log } = await fake(t);
  const logged = await log({
    modelPath: '/m',
    metrics: { loss: Number.NaN, top: Infinity, accuracy: 0.95 },
    parameters: { depth: 6, isDeep: true },
  });
  assert.deepEqual(logged, {
    ...{ experimentId: '7', runId: 'r', modelUri: 'mlflow-artifacts:/0/r/artifacts/model' },
  });
  const [, create, metrics, params, first, second, end] = asked;
  assert.equal(JSON.parse(create?.body ?? '').run_name, 'n');
  const values = (JSON.parse(metrics?.body ?? '') as { metrics: { value: unknown }[] }).metrics;
  assert.deepEqual(
    values.map(({ value }) => value),
    ['NaN', 'Infinity', 0.95],
  );
  assert.deepEqual(JSON.parse(params?.body ?? '').params, [
    { key: 'depth', value: '6' },
    { key: 'isDeep', value: 'true' },
  ]);
  const folder = 'mlflow-artifacts/artifacts/0/r/artifacts/model';
  assert.deepEqual(
    [first, second].map((put) => [put?.method, put?.path, put?.body, put?.headers['content-length']]),
    [
      ['PUT', `${folder}/a.onnx`, 'a.onnx', '6'],
      ['PUT', `${folder}/b%20c.json`, 'b c.json', '8'],
    ],
  );
  assert.equal(JSON.parse(end?.body ?? '').status, 'FINISHED');
});

test('more values than a call takes go in several', async (t) => {
  const { asked, log } = await fake(t);
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, i]));
  await log({ metrics: many, parameters: many });
  const sizes = asked
    .filter(({ path }) => path === 'runs/log-batch')
    .map(
      ({ body }) => Object.values(JSON.parse(body) as Record<string, unknown[]>).find(Array.isArray)?.length,
    );
  assert.deepEqual(sizes, [1000, 1, ...Array<number>(10).fill(100), 1]);
});

test('an experiment is made when there is none, also when another was faster', async (t) => {
  const missing = { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'none' } };
  for (const made of [
    { status: 200, body: { experiment_id: '7' } },
    { status: 400, body: { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'there' } },
  ]) {
    const { log } = await fake(t, { 'experiments/get-by-name': [missing], 'experiments/create': [made] });
    assert.equal((await log()).experimentId, '7');
  }
  const deleted = { status: 200, body: { experiment: { experiment_id: '7', lifecycle_stage: 'deleted' } } };
  const { log } = await fake(t, { 'experiments/get-by-name': [deleted] });
  await assert.rejects(log(), code('REFUSED', /restore it/));
});

test('what fails by the moment is tried again, later and later, and then given up', async (t) => {
  const busy = { status: 503 };
  const late = { status: 429, headers: { 'retry-after': '7' } };
  const kind = await fake(t, {
    'runs/create': [busy, late, busy],
    'runs/update': ['hang up', { status: 500 }],
  });
  await kind.log();
  assert.deepEqual(kind.waits, [500, 7000, 2000, 500, 1000]);
  const put = 'mlflow-artifacts/artifacts/0/r/artifacts/model/a.onnx';
  const gone = await fake(t, { [put]: [busy, busy, busy, busy] });
  await assert.rejects(gone.log(), code('IO', /503/));
  assert.equal(JSON.parse(gone.asked.at(-1)?.body ?? '').status, 'FAILED');
});

test('a run is not made twice: only what surely was not done is tried again', async (t) => {
  for (const reply of ['hang up', { status: 500 }, { status: 504 }] as const) {
    const { log, paths } = await fake(t, { 'runs/create': [reply] });
    await assert.rejects(log(), code('IO'));
    assert.equal(paths().filter((path) => path === 'runs/create').length, 1);
  }
});

test('what the server says becomes a code of ours, and nothing is sent after a redirect', async (t) => {
  const said = (error_code: string, status = 400) => ({ status, body: { error_code, message: 'because' } });
  const cases: [Reply, string, RegExp][] = [
    [said('INVALID_PARAMETER_VALUE'), 'USAGE', /because/],
    [said('PERMISSION_DENIED', 403), 'REFUSED', /MLFLOW_TRACKING_TOKEN/],
    [said('NOT_IMPLEMENTED', 501), 'UNSUPPORTED', /because/],
    [{ status: 413 }, 'LIMIT', /413/],
    [{ status: 307, headers: { location: 'http://127.0.0.1:1/x' } }, 'REFUSED', /sends elsewhere .*:1\/x/],
  ];
  for (const [reply, wanted, message] of cases) {
    const { log, asked } = await fake(t, { 'experiments/get-by-name': [reply] });
    await assert.rejects(log(), code(wanted, message));
    assert.equal(asked.length, 1);
  }
});

test('credentials go where they belong, and into no message', async (t) => {
  const secret = { token: 'geheim-1' };
  const { log, asked } = await fake(t, { 'experiments/get-by-name': [{ status: 401 }] }, secret);
  await assert.rejects(log(), (error: Error) => !error.message.includes('geheim'));
  assert.equal(asked[0]?.headers.authorization, 'Bearer geheim-1');
  const basic = await fake(t, {}, { username: 'u', password: 'p:q' });
  await basic.log();
  assert.equal(basic.asked[0]?.headers.authorization, `Basic ${Buffer.from('u:p:q').toString('base64')}`);
  const open = await fake(t);
  await open.log();
  assert.equal(open.asked[0]?.headers.authorization, undefined);
});

test('what cannot work is refused before anything is sent', async (t) => {
  for (const url of [
    'mlflow',
    'ftp://h',
    'https://u:geheim@h',
    'https://u:geheim@',
    'http://h/?a=1',
    'http://h/#a',
  ]) {
    assert.throws(() => new MlflowClient(url), code('USAGE', /^(?!.*geheim)/));
  }
  const { log, asked, fs } = await fake(t);
  await assert.rejects(log({ modelPath: '/none' }), code('MISSING'));
  fs.makeDirectory('/empty');
  await assert.rejects(log({ modelPath: '/empty' }), code('EMPTY'));
  fs.symlink(Buffer.from('/m'), '/empty/link');
  await assert.rejects(log({ modelPath: '/empty' }), code('UNSUPPORTED'));
  assert.equal(asked.length, 0);
});

test('a server that keeps its artifacts elsewhere is told from one that keeps them itself', async (t) => {
  for (const artifact_uri of ['s3://bucket/r', '/srv/mlruns/r', 'mlflow-artifacts://other:5000/0/r']) {
    const created = { status: 200, body: { run: { info: { run_id: 'r', artifact_uri } } } };
    const { log } = await fake(t, { 'runs/create': [created] });
    await assert.rejects(log(), code('UNSUPPORTED', /--serve-artifacts/));
  }
});

test('a file that changes while it is sent is not passed off as the one that was meant', async (t) => {
  const { fs } = await fake(t);
  const failing = async (changes: Partial<FileSystem>) => {
    const get = (_: FileSystem, name: string | symbol) =>
      changes[name as keyof FileSystem] ?? fs[name as keyof FileSystem].bind(fs);
    const { log, asked } = await fake(t, {}, { fs: new Proxy<FileSystem>(fs, { get }) });
    const error: unknown = await log().catch((reason: unknown) => reason);
    assert.equal(JSON.parse(asked.at(-1)?.body ?? '').status, 'FAILED');
    assert.ok(hasCode(error));
    return error;
  };
  const shorter = await failing({ lstat: (path) => ({ ...fs.lstat(path), sizeBytes: 5 }) });
  const longer = await failing({ lstat: (path) => ({ ...fs.lstat(path), sizeBytes: 7 }) });
  assert.deepEqual([shorter.code, longer.code], ['CHANGED', 'CHANGED']);
  const broken = await failing({
    open: () => {
      throw Object.assign(new TypeError('broken'), { code: 'EIO' });
    },
  });
  assert.match(broken.message, /^file call failed on \/m\/a\.onnx/);
});

test('an interrupt ends it', async (t) => {
  const stop = new AbortController();
  const { log, paths } = await fake(t, {}, { signal: stop.signal });
  stop.abort();
  await assert.rejects(log(), code('INTERRUPTED'));
  assert.deepEqual(paths(), []);
});

test('a page of something else is no answer', async (t) => {
  const server = createServer((_request, response) => response.end('<html>hello</html>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = new MlflowClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/deep`);
  await assert.rejects(
    client.findVersion('m', { key: 'k', value: 'v' }),
    code('IO', /does not answer as MLflow/),
  );
});
