import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { house } from '../testing/house.ts';
import { isPublicAddress } from './addresses.ts';
import { type WebhookAnswer, WebhookDispatcher, type WebhookRequest } from './dispatcher.ts';
import { eventsAfter, lastEvent, subscribe } from './outbox.ts';

const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;
const CREATED = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }] as const;
const HOOK = { name: 'h', url: 'https://example.org/hook', events: CREATED, secret: 'geheim' };

function told(
  answers: readonly (WebhookAnswer | Error)[],
  options: { allowPrivate?: boolean; addresses?: string[]; encryptionKey?: Uint8Array } = {},
) {
  const { encryptionKey } = options;
  const home = house({ encryptionKey });
  const requests: WebhookRequest[] = [];
  const dispatcher = new WebhookDispatcher({
    ...{ state: home.state, clock: home.clock, rng: home.rng, encryptionKey },
    async post(request) {
      const answer = answers[Math.min(requests.push(request), answers.length) - 1] ?? { status: 200 };
      if (answer instanceof Error) throw answer;
      return answer;
    },
    resolve: async () => options.addresses ?? ['93.184.216.34'],
    allowPrivate: options.allowPrivate ?? false,
  });
  return { ...home, dispatcher, requests };
}

const statuses = (home: ReturnType<typeof house>) =>
  home.state.read(async (sql) =>
    (await sql.all('SELECT status, outcome, attempts FROM deliveries ORDER BY event')).map((row) => ({
      ...row,
    })),
  );

test('an event is delivered once, signed as MLflow signs', async () => {
  const home = told([{ status: 200 }]);
  await home.webhooks.create(HOOK);
  await home.registry.models.create({ name: 'm', tags: { a: '1' } });
  assert.equal(await home.dispatcher.deliverDue(), 1);
  assert.equal(await home.dispatcher.deliverDue(), 0);
  const [request = assert.fail()] = home.requests;
  const { headers, body, address, url } = request;
  assert.deepEqual([url, address], ['https://example.org/hook', '93.184.216.34']);
  assert.deepEqual(JSON.parse(body), {
    ...{
      entity: 'REGISTERED_MODEL',
      action: 'CREATED',
      timestamp: new Date(home.clock.nowMs()).toISOString(),
    },
    data: { name: 'm', tags: { a: '1' }, description: null },
  });
  const [id, timestamp] = [headers['X-MLflow-Delivery-Id'], headers['X-MLflow-Timestamp']];
  const signature = createHmac('sha256', 'geheim').update(`${id}.${timestamp}.${body}`).digest('base64');
  assert.equal(headers['X-MLflow-Signature'], `v1,${signature}`);
});

test('with a key, secrets are sealed in the database and sign all the same', async () => {
  const home = told([{ status: 200 }], { encryptionKey: Buffer.alloc(32, 1) });
  const { id, isSigned } = await home.webhooks.create(HOOK);
  assert.equal(isSigned, true);
  await home.webhooks.update(id, { secret: 'geheimer' });
  const row = await home.state.read((sql) => sql.get('SELECT * FROM webhooks'));
  assert.ok(!Object.values(row ?? {}).some((value) => Buffer.from(String(value)).includes('geheim')));
  assert.ok(!Buffer.from(row?.['sealed_secret'] as Uint8Array).includes('geheim'));
  await home.registry.models.create({ name: 'm' });
  await home.dispatcher.deliverDue();
  const [{ headers, body } = assert.fail()] = home.requests;
  const said = `${headers['X-MLflow-Delivery-Id']}.${headers['X-MLflow-Timestamp']}.${body}`;
  const signature = createHmac('sha256', 'geheimer').update(said).digest('base64');
  assert.equal(headers['X-MLflow-Signature'], `v1,${signature}`);
  // A process without the key tells nobody, rather than without a signature.
  const keyless = new WebhookDispatcher({
    ...{ state: home.state, clock: home.clock, rng: home.rng, resolve: async () => ['93.184.216.34'] },
    post: async () => assert.fail('told'),
  });
  assert.match((await keyless.test(id)).outcome, /the secret is sealed/);
});

test('an example is sent when it is asked for, in the words of the event', async () => {
  const home = told([{ status: 200 }, { status: 500 }, new TypeError('no answer')]);
  const { id } = await home.webhooks.create({ ...HOOK, status: 'DISABLED' });
  assert.deepEqual(await home.dispatcher.test(id), { isDone: true, status: 200, outcome: 'status 200' });
  const gone = { entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' } as const;
  assert.deepEqual(await home.dispatcher.test(id, gone), {
    ...{ isDone: false, status: 500, outcome: 'status 500' },
  });
  assert.deepEqual(await home.dispatcher.test(id), {
    ...{ isDone: false, status: undefined, outcome: 'failed: no answer' },
  });
  const [first, second] = home.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  assert.deepEqual([first?.['entity'], first?.['action']], ['REGISTERED_MODEL', 'CREATED']);
  assert.deepEqual(second, {
    ...{ ...gone, timestamp: new Date(home.clock.nowMs()).toISOString() },
    data: { name: 'example_model', alias: 'example_alias' },
  });
  assert.match(home.requests[0]?.headers['X-MLflow-Signature'] ?? '', /^v1,/);
  assert.deepEqual(await statuses(home), []);
  await assert.rejects(home.dispatcher.test('none'), code('MISSING'));
});

test('what fails is tried again, later and later, until it is told', async () => {
  const home = told([
    { status: 503 },
    new TypeError('no answer'),
    { status: 429, retryAfterSeconds: 100 },
    { status: 204 },
  ]);
  await home.webhooks.create(HOOK);
  await home.registry.models.create({ name: 'm' });
  const waits: number[] = [];
  for (let seconds = 0; home.requests.length < 4; seconds += 1) {
    assert.ok(seconds < 200);
    if ((await home.dispatcher.deliverDue()) > 0) waits.push(seconds);
    home.clock.advance(1000);
  }
  assert.ok((waits.at(-1) ?? 0) >= 100 + (waits[2] ?? 0));
  assert.equal(new Set(home.requests.map(({ headers }) => headers['X-MLflow-Delivery-Id'])).size, 1);
  assert.deepEqual(await statuses(home), [{ status: 'done', outcome: 'status 204', attempts: 4 }]);
});

test('a receiver that says no is not asked again; one that never answers is given up', async () => {
  const home = told([{ status: 410 }]);
  await home.webhooks.create(HOOK);
  await home.registry.models.create({ name: 'm' });
  await home.dispatcher.deliverDue();
  assert.deepEqual(await statuses(home), [{ status: 'failed', outcome: 'status 410', attempts: 1 }]);
  const silent = told([new TypeError('silence')]);
  await silent.webhooks.create(HOOK);
  await silent.registry.models.create({ name: 'm' });
  for (let i = 0; i < 50; i += 1) {
    await silent.dispatcher.deliverDue();
    silent.clock.advance(3_600_000);
  }
  assert.equal(silent.requests.length, 24);
});

test('a process that dies while it delivers leaves the delivery to others', async () => {
  const home = told([]);
  await home.webhooks.create(HOOK);
  await home.registry.models.create({ name: 'm' });
  const dead = new WebhookDispatcher({
    ...{ state: home.state, clock: home.clock, rng: home.rng, resolve: async () => ['93.184.216.34'] },
    post: () => new Promise(() => undefined),
  });
  void dead.deliverDue();
  await home.state.read(async () => undefined);
  assert.equal(await home.dispatcher.deliverDue(), 0);
  home.clock.advance(60_000);
  assert.equal(await home.dispatcher.deliverDue(), 1);
});

test('nothing within the house is told, unless that is allowed', async () => {
  const targets = [
    { url: 'https://127.0.0.1/', addresses: [] },
    { url: 'https://[::1]/', addresses: [] },
    { url: 'https://[::ffff:169.254.169.254]/', addresses: [] },
    { url: 'https://0x7f000001/', addresses: [] },
    { url: 'https://inside.example/', addresses: ['93.184.216.34', '10.0.0.1'] },
    { url: 'http://example.org/', addresses: ['93.184.216.34'] },
  ];
  for (const { url, addresses } of targets) {
    const home = told([], { addresses });
    await home.webhooks.create({ ...HOOK, url });
    await home.registry.models.create({ name: 'm' });
    await home.dispatcher.deliverDue();
    assert.deepEqual([home.requests, (await statuses(home))[0]?.['status']], [[], 'failed'], url);
  }
  const home = told([], { addresses: ['10.0.0.1'], allowPrivate: true });
  await home.webhooks.create({ ...HOOK, url: 'http://inside.example/' });
  await home.registry.models.create({ name: 'm' });
  await home.dispatcher.deliverDue();
  assert.equal(home.requests[0]?.address, '10.0.0.1');
});

test('public and other addresses', () => {
  for (const address of ['93.184.216.34', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])
    assert.ok(isPublicAddress(address), address);
  const others = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
  ];
  for (const address of [
    ...others,
    '::',
    '::1',
    'fc00::1',
    'fe80::1',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '2002:7f00:1::',
    '64:ff9b::a00:1',
    'ff02::1',
    'localhost',
    '',
  ]) {
    assert.ok(!isPublicAddress(address), address);
  }
});

test('webhooks are kept, shown without their secret, changed and deleted', async () => {
  const { webhooks, registry } = house();
  const { id, ...made } = await webhooks.create(HOOK);
  assert.ok(!JSON.stringify(made).includes('geheim'));
  assert.equal(made.isSigned, true);
  const changed = await webhooks.update(id, { status: 'DISABLED', name: 'n', url: undefined as never });
  assert.deepEqual([changed.status, changed.name, changed.url], ['DISABLED', 'n', HOOK.url]);
  assert.equal((await webhooks.list()).length, 1);
  const bad = [
    { url: 'ftp://x' },
    { url: 'https://u:p@x/' },
    { url: 'x' },
    { name: ' ' },
    { events: [] },
    { events: [{ entity: 'X', action: 'CREATED' }] as never },
    { status: 'ON' as never },
  ];
  for (const fields of bad) {
    await assert.rejects(webhooks.create({ ...HOOK, ...fields }), code('USAGE'));
    await assert.rejects(webhooks.update(id, fields), code('USAGE'));
  }
  await webhooks.delete(id);
  await assert.rejects(webhooks.get(id), code('MISSING'));
  assert.ok(!JSON.stringify(await registry.audit.entries()).includes('geheim'));
});

test('an event is of the transaction: what is refused tells nobody', async () => {
  const home = told([]);
  await home.webhooks.create(HOOK);
  await home.registry.models.create({ name: 'm' });
  await assert.rejects(home.registry.models.create({ name: 'm' }), code('EXISTS'));
  assert.equal((await statuses(home)).length, 1);
  assert.equal(await lastEvent(home.state), 1);
});

test('subscribers get every event in order, those they missed and those to come', async () => {
  const { state, registry, clock } = house();
  const controller = new AbortController();
  await registry.models.create({ name: 'm0' });
  await registry.models.create({ name: 'm1' });
  const names: unknown[] = [];
  const reading = (async () => {
    for await (const { data } of subscribe(state, { after: 1, signal: controller.signal, clock })) {
      names.push(data['name']);
      if (names.length === 3) controller.abort();
    }
  })();
  for (const name of ['m2', 'm3']) await registry.models.create({ name });
  await reading;
  assert.deepEqual(names, ['m1', 'm2', 'm3']);
  // One that has all it can get waits for more, also for what another process adds.
  const waiting = subscribe(state, { after: 4, signal: new AbortController().signal, clock });
  const next = waiting.next();
  for (let turn = 0; turn < 20; turn += 1) await state.read(async () => undefined);
  await registry.models.create({ name: 'm4' });
  assert.equal((await next).value?.data['name'], 'm4');
  // One that waits ends as well.
  const stop = new AbortController();
  const idle = subscribe(state, { after: 99, signal: stop.signal, clock }).next();
  stop.abort();
  assert.equal((await idle).done, true);
  assert.equal((await eventsAfter(state, 0, 2)).length, 2);
});
