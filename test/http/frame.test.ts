// The frame around all routes: who is let in, how much is taken, what is logged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, secureBytes, silentLog, systemClock } from '../../src/base/index.ts';
import type { Access } from '../../src/http/frame/access.ts';
import { makeFrame } from '../../src/http/frame/frame.ts';
import { serve } from './support.ts';

test('health, readiness and version need no key', async (t) => {
  const served = await serve(t, { token: 'secret' });
  assert.equal((await served.ask({ url: '/health' })).text, 'OK');
  assert.deepEqual(await served.well({ url: '/ready' }), { ready: true });
  assert.equal((await served.ask({ url: '/version' })).text, '0.0.0');
});

test('every answer has the id of its request, that of the caller where there is one', async (t) => {
  const served = await serve(t);
  assert.equal(
    (await served.ask({ url: '/health', headers: { 'x-request-id': 'mine-1' } })).headers['x-request-id'],
    'mine-1',
  );
  const ids = await Promise.all(
    [1, 2, 3].map(async () => (await served.ask({ url: '/health' })).headers['x-request-id']),
  );
  assert.equal(new Set(ids).size, 3);
  const forged = await served.ask({ url: '/health', headers: { 'x-request-id': 'a b\u0001' } });
  assert.match(String(forged.headers['x-request-id']), /^[\w.-]+$/);
});

test('a token opens what is closed without one', async (t) => {
  const served = await serve(t, { token: 'secret' });
  const url = '/api/2.0/mlflow/experiments/search';
  const none = await served.ask({ url });
  assert.deepEqual(
    [none.status, none.body['error_code'], none.headers['www-authenticate']],
    [401, 'UNAUTHENTICATED', 'Bearer'],
  );
  assert.equal((await served.ask({ url, headers: { authorization: 'Bearer wrong' } })).status, 401);
  assert.equal((await served.ask({ url, headers: { authorization: 'Bearer secret' } })).status, 200);
  const basic = Buffer.from('someone:secret').toString('base64');
  assert.equal((await served.ask({ url, headers: { authorization: `Basic ${basic}` } })).status, 200);
});

test('other machines are let in by a key or on purpose only', async (t) => {
  const refused = (error: unknown) => hasCode(error, 'REFUSED') && /--insecure/.test(error.message);
  await assert.rejects(serve(t, { host: '0.0.0.0' }), refused);
  await assert.rejects(serve(t, { host: 'example.org' }), refused);
  const open = await serve(t, { host: '0.0.0.0', isInsecure: true });
  const url = '/api/2.0/mlflow/experiments/search';
  assert.equal((await open.ask({ url, headers: { host: 'registry.example:5000' } })).status, 200);
  const locked = await serve(t, { host: '0.0.0.0', token: 'secret' });
  assert.equal((await locked.ask({ url, headers: { host: 'registry.example:5000' } })).status, 401);
});

test('a page in a browser reaches it neither by a name of its own nor from another site', async (t) => {
  const served = await serve(t);
  const url = '/api/2.0/mlflow/experiments/search';
  const ask = async (headers: Record<string, string>) => (await served.ask({ url, headers })).status;
  for (const host of ['localhost:5000', '127.0.0.1', '[::1]:5000'])
    assert.equal(await ask({ host }), 200, host);
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1']) {
    assert.equal(await ask({ host }), 403, host);
  }
  assert.equal(await ask({ host: 'localhost:5000', origin: 'http://evil.example' }), 403);
  assert.equal(await ask({ host: 'localhost:5000', origin: 'null' }), 403);
  assert.equal(await ask({ host: 'localhost:5000', origin: 'http://localhost:5000' }), 200);
});

test('too many requests a second are sent away, each client for itself', async (t) => {
  const served = await serve(t, { requestsPerSecond: 3, token: 'secret' });
  const ask = async (headers: Record<string, string>) =>
    (await served.ask({ url: '/health', headers })).status;
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map(() => ask({}))), [200, 200, 200, 429]);
  assert.equal(await ask({ authorization: 'Bearer secret' }), 200);
});

test('only so many requests run at once; one whose caller hung up is none of them', async (t) => {
  const access = { identify: () => undefined } as unknown as Access;
  const frame = { access, clock: systemClock, random: secureBytes, log: silentLog, maxRequests: 1 };
  const app = makeFrame(frame);
  t.after(() => app.close());
  const { promise: never } = Promise.withResolvers<void>();
  const [arrived, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  app.get('/slow', { config: { role: 'anyone' } }, async (_request, reply) => {
    reply.raw.once('close', () => gone.resolve());
    arrived.resolve();
    await never;
  });
  app.get('/quick', { config: { role: 'viewer' } }, () => 'done');
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const abort = new AbortController();
  const slow = fetch(`${url}/slow`, { signal: abort.signal }).catch(() => 'hung up');
  await arrived.promise;
  const busy = await app.inject('/quick');
  assert.deepEqual([busy.statusCode, busy.headers['retry-after']], [503, '1']);
  abort.abort();
  assert.equal(await slow, 'hung up');
  await gone.promise;
  // Nobody is known here: let in, and then asked for a key.
  assert.equal((await app.inject('/quick')).statusCode, 401);
});

test('bodies have a limit', async (t) => {
  const served = await serve(t);
  const payload = { name: 'x'.repeat(33 * 1024 * 1024) };
  const answer = await served.mlflow('POST', 'registered-models/create', payload);
  assert.deepEqual([answer.status, answer.body['error_code']], [413, 'INVALID_PARAMETER_VALUE']);
});

test('the log has what failed, and neither keys nor queries', async (t) => {
  const served = await serve(t, { token: 'secret' });
  await served.ask({ url: '/nope?key=hidden', headers: { authorization: 'Bearer secret' } });
  await served.ask({ url: '/health' });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const requests = served.log.filter(({ message }) => message === 'request');
  assert.deepEqual(
    requests.map(({ method, path, status, actor }) => [method, path, status, actor]),
    [['GET', '/nope', 404, 'operator']],
  );
  assert.doesNotMatch(JSON.stringify(served.log), /secret|hidden/);
});

test('metrics: models, registry, requests and process, each with help and a type', async (t) => {
  const served = await serve(t);
  await served.ask({ url: '/health' });
  const { text, type } = await served.ask({ url: '/metrics' });
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  assert.match(text, /pilotfish_http_requests_total\{method="GET",route="\/health",status="200"\} 1\n/);
  assert.match(text, /pilotfish_registry_production_models 0\n/);
  const names = [...text.matchAll(/^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{| )/gm)].map(([, name]) => name);
  for (const name of names) {
    assert.ok(
      text.includes(`# HELP ${name} `) && text.includes(`# TYPE ${name} `),
      `${name} says nothing of itself`,
    );
  }
  const { text: old } = await served.ask({ url: '/metrics/documents' });
  assert.doesNotMatch(text, /^ml_/m);
  assert.match(old, /^# HELP ml_/);
  assert.doesNotMatch(old, /^ml_models_total/m, 'there are no models yet');
});
