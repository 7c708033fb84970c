// The native API, asked by its own typed client over a socket.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { hasCode, sha256Hex } from '../../src/base/index.ts';
import { PilotfishClient } from '../../src/http/client/index.ts';
import type { RegistryEvent } from '../../src/lifecycle/index.ts';
import { constantModel, TREES } from './models.ts';
import { type Served, serve } from './support.ts';

const passed = (kind: string) => ({
  evidence: [{ kind, passed: true, summary: 'as expected' }],
  reason: 'planned',
});

async function connected(t: TestContext): Promise<{ served: Served; client: PilotfishClient; url: string }> {
  const served = await serve(t);
  const url = await served.server.listen();
  return { served, client: new PilotfishClient({ url }), url };
}

async function produce(client: PilotfishClient, version: string, value: number): Promise<void> {
  await client.register({ ...TREES, version }, constantModel(value));
  const ref = { name: 'trees', version };
  await client.promote(ref, 'testing');
  await client.promote(ref, 'staging', passed('evaluation'));
  await client.promote(ref, 'production', passed('experiment'));
}

test('register, promote, ask, roll back', async (t) => {
  const { served, client } = await connected(t);
  const file = constantModel(1);
  const metadata = {
    ...TREES,
    version: 'v1.0.0',
    metrics: { auc: 0.9 },
    tags: { team: 'a' },
    fileHash: sha256Hex(file),
  };
  const made = await client.register(metadata, file);
  assert.deepEqual(
    [made.number, made.status, made.health, made.metrics, made.tags],
    [1, 'draft', 'verified', { auc: 0.9 }, { team: 'a' }],
  );
  const ref = { name: 'trees', version: 'v1.0.0' };
  const early = client.promote(ref, 'production');
  await assert.rejects(
    early,
    (error) => hasCode(error, 'REFUSED') && /go testing, then staging/.test(error.message),
  );
  await client.promote(ref, 'testing');
  await assert.rejects(
    client.promote(ref, 'staging'),
    (error) => hasCode(error, 'REFUSED') && /needs passed evidence of kind evaluation/.test(error.message),
  );
  await client.promote(ref, 'staging', passed('evaluation'));
  await client.promote(ref, 'production', passed('experiment'));
  assert.deepEqual(await client.predict('trees', [0, 0]), {
    model: 'trees',
    version: '1',
    values: [1],
    label: null,
  });
  await produce(client, 'v2.0.0', 2);
  assert.deepEqual((await client.predict('trees', [0, 0])).values, [2]);
  const restored = await client.rollback('trees', 'slower');
  assert.deepEqual([restored.number, restored.status], [1, 'production']);
  assert.deepEqual((await client.predict('trees', [0, 0])).values, [1]);
  assert.deepEqual(
    (await client.list({ status: 'archived' })).map(({ number }) => number),
    [2],
  );
  await served.server.directory.registry.models.setAlias('trees', 'champion', 1);
  const { evidence, version } = await client.show({ name: 'trees', version: '@champion' });
  assert.equal(version.number, 1);
  assert.deepEqual(
    evidence.map(({ kind }) => kind),
    ['evaluation', 'experiment'],
  );
});

test('a file arrives whole, once, and with the hash that was said', async (t) => {
  const { served, client, url } = await connected(t);
  const bytes = Buffer.alloc(3 * 1024 * 1024, 'pilotfish');
  const stream = new Blob([bytes]).stream();
  const big = { ...TREES, version: 'v1', filePath: 'big.bin' };
  const made = await client.register(big, stream);
  assert.deepEqual(made.files, [{ name: 'big.bin', sha256: sha256Hex(bytes), bytes: bytes.length }]);
  await assert.rejects(client.register(big, bytes), (error) => hasCode(error, 'EXISTS'));
  const other = { ...TREES, version: 'v2', fileHash: '0'.repeat(64) };
  await assert.rejects(client.register(other, bytes), (error) => hasCode(error, 'DAMAGED'));
  const json = await fetch(`${url}/api/v1/models/trees/versions?version=v3&algorithm=a&framework=b`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
  });
  assert.equal(json.status, 400);
  assert.deepEqual(
    (await served.server.directory.registry.listModels()).map(({ version }) => version),
    ['v1'],
  );
});

test('what is wrong is said with a code', async (t) => {
  const { served } = await connected(t);
  const cases: readonly [string, string, object | undefined, number, string][] = [
    ['GET', '/api/v1/models/none/versions/1', undefined, 404, 'MISSING'],
    ['GET', '/api/v1/models?status=nope', undefined, 400, 'USAGE'],
    ['POST', '/api/v1/models/none/rollback', {}, 404, 'MISSING'],
    ['POST', '/api/v1/models/x/versions/1/promote', { to: 'moon' }, 400, 'USAGE'],
    ['POST', '/api/v1/models/x/predict', { features: 'all' }, 400, 'USAGE'],
    ['GET', '/api/v1/audit?limit=100000', undefined, 400, 'USAGE'],
  ];
  for (const [method, url, payload, status, code] of cases) {
    const answer = await served.ask({
      method: method as 'GET',
      url,
      ...(payload === undefined ? {} : { payload }),
    });
    assert.deepEqual(
      [answer.status, (answer.body['error'] as { code: string }).code],
      [status, code],
      `${url} ${answer.text}`,
    );
  }
});

test('the audit log and the scrub tell of what was done to a registry', async (t) => {
  const { served, client } = await connected(t);
  await produce(client, 'v1', 1);
  const entries = await client.audit({ subject: 'trees/1' });
  assert.deepEqual(
    entries
      .filter(({ action }) => action === 'version.transition')
      .map(({ actor, reason }) => [actor, reason]),
    [
      ['local', ''],
      ['local', 'planned'],
      ['local', 'planned'],
    ],
  );
  const all = await client.audit();
  assert.equal((await client.verifyAudit()).entries, all.length);
  assert.deepEqual((await client.verify('trees')).damaged, []);
  const { registry } = served.server.directory;
  registry.store.remove((await registry.versions.get({ name: 'trees' })).fileHash ?? '');
  assert.deepEqual(
    (await client.verify()).damaged.map(({ name, number }) => [name, number]),
    [['trees', 1]],
  );
});

test('events arrive as they happen, and go on where a listener broke off', async (t) => {
  const { client } = await connected(t);
  await client.register({ ...TREES, version: 'v1' }, constantModel(1));
  const stop = new AbortController();
  const seen: RegistryEvent[] = [];
  for await (const event of client.events({ after: 0, signal: stop.signal })) {
    seen.push(event);
    if (seen.length === 2) await client.promote({ name: 'trees', version: 'v1' }, 'testing');
    if (seen.length === 3) stop.abort();
  }
  assert.deepEqual(
    seen.map(({ entity, action }) => `${entity}.${action}`),
    ['REGISTERED_MODEL.CREATED', 'MODEL_VERSION.CREATED', 'MODEL_VERSION.UPDATED'],
  );
  const again = new AbortController();
  for await (const event of client.events({ after: seen[1]?.seq ?? 0, signal: again.signal })) {
    assert.deepEqual(event, seen[2]);
    again.abort();
  }
});

test('only so many listen at once', async (t) => {
  const { client, url } = await connected(t);
  const stop = new AbortController();
  const listen = () => fetch(`${url}/api/v1/events`, { signal: stop.signal });
  const answers = await Promise.all(Array.from({ length: 65 }, listen));
  assert.deepEqual(
    answers
      .map(({ status }) => status)
      .sort()
      .slice(-2),
    [200, 503],
  );
  stop.abort();
  assert.deepEqual(await client.list(), []);
});

test('a server that ends lets its listeners go', async (t) => {
  const { served, client } = await connected(t);
  const events = client.events({ after: 0, signal: new AbortController().signal });
  await client.register({ ...TREES, version: 'v1' }, constantModel(1));
  assert.equal((await events.next()).done, false);
  await served.server.close();
  let rest = await events.next();
  while (rest.done !== true) rest = await events.next();
  await assert.rejects(client.list());
});

test('the OpenAPI document describes the routes of the native API, which are there, and is 3.1', async (t) => {
  const { served } = await connected(t);
  const document = (await served.well({ url: '/openapi.json' })) as {
    openapi: string;
    paths: Record<string, Record<string, { summary?: string; responses: object }>>;
  };
  assert.match(document.openapi, /^3\.1\./);
  const rooms = new Set(Object.keys(document.paths).map((path) => /^\/api\/v1\/(\w+)/.exec(path)?.[1]));
  for (const room of ['alerts', 'audit', 'events', 'ingest', 'models', 'sources', 'verify'])
    assert.ok(rooms.has(room), room);
  for (const [path, methods] of Object.entries(document.paths)) {
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const method of Object.keys(methods))
      assert.ok(
        served.server.app.hasRoute({ method: method.toUpperCase() as 'GET', url }),
        `${method} ${url}`,
      );
  }
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const { summary } of Object.values(methods)) assert.ok(summary, `${path} says nothing of itself`);
  }
});
