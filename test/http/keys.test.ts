// API keys: what each role may do, for which models, and for how long.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock, secureBytes } from '../../src/base/index.ts';
import { KeyStore } from '../../src/http/index.ts';
import { produce } from './models.ts';
import { type Served, serve } from './support.ts';

const CALLS = {
  look: ['GET', '/api/2.0/mlflow/experiments/search'],
  make: ['POST', '/api/2.0/mlflow/registered-models/create'],
  move: ['POST', '/api/2.0/mlflow/model-versions/transition-stage'],
  webhook: ['GET', '/api/2.0/mlflow/webhooks'],
} as const;

async function keysOf({ server }: Served): Promise<KeyStore> {
  const { state, registry } = server.directory;
  return KeyStore.open({ state, audit: registry.audit, clock: new ManualClock(), random: secureBytes });
}

/** A server that has had a second to see the keys that were made. */
async function withKeys(
  t: TestContext,
  drafts: readonly { name: string; role: string; models?: readonly string[] }[],
) {
  const served = await serve(t);
  const store = await keysOf(served);
  const keys: string[] = [];
  for (const draft of drafts) keys.push((await store.create(draft)).key);
  await served.server.runChores();
  return { served, store, keys };
}

const status = async (
  served: Served,
  key: string | undefined,
  call: readonly [string, string],
  payload?: object,
) => {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const [method, url] = call;
  return (
    await served.ask({ method: method as 'GET', url, headers, ...(payload === undefined ? {} : { payload }) })
  ).status;
};

test('each role may do what those before it may', async (t) => {
  const roles = ['viewer', 'contributor', 'approver', 'admin'];
  const { served, keys } = await withKeys(
    t,
    roles.map((role) => ({ name: `the ${role}`, role })),
  );
  const seen: number[][] = [];
  for (const key of keys) {
    const row: number[] = [];
    // Nothing named: who is let in is told that something lacks.
    for (const call of Object.values(CALLS))
      row.push(await status(served, key, call, call[0] === 'POST' ? {} : undefined));
    seen.push(row);
  }
  assert.deepEqual(seen, [
    [200, 403, 403, 403],
    [200, 400, 403, 403],
    [200, 400, 400, 403],
    [200, 400, 400, 200],
  ]);
  assert.equal(await status(served, undefined, CALLS.look), 401);
});

test('a key for some models touches no others', async (t) => {
  const { served, keys } = await withKeys(t, [{ name: 'a team', role: 'admin', models: ['trees'] }]);
  for (const name of ['trees', 'other']) await produce(served.server.directory.registry, name, 1);
  await served.server.followed();
  const allowed = (method: string, url: string, payload?: object) =>
    status(served, keys[0], [method, url], payload);
  const infer = { inputs: [{ name: 'x', datatype: 'FP64', shape: [1, 2], data: [0, 0] }] };
  for (const [name, expected] of [
    ['trees', 200],
    ['other', 403],
  ] as const) {
    assert.equal(await allowed('GET', `/api/2.0/mlflow/registered-models/get?name=${name}`), expected);
    assert.equal(await allowed('GET', `/api/2.0/mlflow/model-versions/get?name=${name}&version=1`), expected);
    assert.equal(await allowed('GET', `/api/v1/models/${name}/versions/1`), expected);
    assert.equal(await allowed('POST', `/v2/models/${name}/infer`, infer), expected);
    assert.equal(await allowed('POST', `/api/v1/models/${name}/predict`, { features: [0, 0] }), expected);
  }
  assert.equal(
    await allowed('POST', '/api/2.0/mlflow/registered-models/rename', { name: 'trees', new_name: 'other-2' }),
    403,
  );
  assert.equal(await allowed('GET', '/api/2.0/mlflow/registered-models/search'), 403);
  assert.equal(await allowed('GET', '/api/v1/audit'), 403);
  const listed = await served.ask({ url: '/api/v1/models', headers: { authorization: `Bearer ${keys[0]}` } });
  assert.deepEqual(
    (listed.body['models'] as { name: string }[]).map(({ name }) => name),
    ['trees'],
  );
});

test('a key that was revoked opens nothing; the last one gone leaves this machine open again', async (t) => {
  const { served, store, keys } = await withKeys(t, [{ name: 'ci', role: 'viewer' }]);
  assert.equal(await status(served, keys[0], CALLS.look), 200);
  const [key] = store.list();
  await store.revoke(key?.id ?? '');
  await served.server.runChores();
  assert.equal(await status(served, undefined, CALLS.look), 200);
  const entries = await served.server.directory.registry.audit.entries();
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['key.create', 'key.revoke'],
  );
});

test('what is stored opens nothing, and near misses do not either', async (t) => {
  const { served, keys } = await withKeys(t, [{ name: 'ci', role: 'viewer' }]);
  const [key = ''] = keys;
  const secret = key.slice(key.lastIndexOf('_') + 1);
  const rows = await served.server.directory.state.read((sql) => sql.all('SELECT * FROM api_keys'));
  assert.doesNotMatch(JSON.stringify(rows), new RegExp(secret));
  assert.doesNotMatch(Buffer.from(rows[0]?.['hash'] as Uint8Array).toString('base64url'), new RegExp(secret));
  const last = key.at(-1) === 'A' ? 'B' : 'A';
  for (const wrong of [
    `${key.slice(0, -1)}${last}`,
    key.slice(0, -1),
    `${key}A`,
    key.toUpperCase(),
    'pf__',
    '',
  ]) {
    assert.equal(await status(served, wrong, CALLS.look), 401, wrong);
  }
});

test('a key is made with sense', async (t) => {
  const store = await keysOf(await serve(t));
  const bad = [
    ...[
      { name: '', role: 'viewer' },
      { name: 'x\n', role: 'viewer' },
      { name: 'x', role: 'king' },
    ],
    { name: 'x', role: 'viewer', models: [] },
  ];
  for (const draft of bad) await assert.rejects(store.create(draft), { code: 'USAGE' });
  await assert.rejects(store.revoke('none'), { code: 'MISSING' });
  assert.ok(store.isEmpty);
});
