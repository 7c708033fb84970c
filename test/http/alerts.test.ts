// Alertmanager at the door: what it sends, what follows, and who may send it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secureBytes, systemClock } from '../../src/base/index.ts';
import { KeyStore } from '../../src/http/index.ts';
import { StateJobQueue, TrainingDataset } from '../../src/lifecycle/index.ts';
import { produce } from './models.ts';
import { type Served, serve } from './support.ts';

type Outcome = { readonly state: string; readonly detail: string; readonly isRepeated: boolean };

/** As Alertmanager 0.25 sends it, with all that is not looked at. */
const message = (labels: Record<string, string>, more: object = {}) => ({
  ...{
    receiver: 'pilotfish',
    status: 'firing',
    version: '4',
    groupKey: '{}:{alertname="A"}',
    truncatedAlerts: 0,
  },
  ...{ groupLabels: {}, commonLabels: labels, commonAnnotations: {}, externalURL: 'http://host:9093' },
  alerts: [
    {
      ...{ status: 'firing', labels: { instance: '127.0.0.1:5000', severity: 'critical', ...labels } },
      annotations: { summary: 'trees decides 10% less well than a day ago' },
      ...{ startsAt: '2999-01-01T00:00:00.123456789Z', endsAt: '0001-01-01T00:00:00Z' },
      ...{ generatorURL: 'http://host:9090/graph', fingerprint: 'c0ffee0000000001', ...more },
    },
  ],
});
const ACCURACY = { alertname: 'PilotfishModelAccuracyDropped', model: 'trees' };

async function send(served: Served, payload: object, headers: Record<string, string> = {}) {
  const answer = await served.ask({ method: 'POST', url: '/api/v1/alerts', payload, headers });
  return { ...answer, outcomes: (answer.body['outcomes'] ?? []) as Outcome[] };
}

test('an accuracy alert rolls back the model that it names, at once and once', async (t) => {
  const served = await serve(t);
  const { registry } = served.server.directory;
  for (const value of [1, 2, 3]) await produce(registry, 'trees', value);
  await served.server.followed();
  const first = await send(served, message(ACCURACY));
  assert.equal(first.status, 200, first.text);
  assert.deepEqual(first.outcomes, [
    {
      ...{ fingerprint: 'c0ffee0000000001', alert: ACCURACY.alertname, model: 'trees', action: 'rollback' },
      ...{ state: 'done', detail: 'trees is back at version 2', isRepeated: false },
    },
  ]);
  assert.deepEqual([...(await served.server.models.predict('trees', [0, 0])).values], [2]);
  const again = await send(served, message(ACCURACY));
  assert.deepEqual([again.outcomes[0]?.isRepeated, again.outcomes[0]?.state], [true, 'done']);
  assert.deepEqual([...(await served.server.models.predict('trees', [0, 0])).values], [2]);
});

test('only approvers may send alerts, and only of their models', async (t) => {
  const served = await serve(t);
  const { directory } = served.server;
  await produce(directory.registry, 'trees', 1);
  await produce(directory.registry, 'trees', 2);
  const store = await keysOf(served);
  const make = async (role: string, models?: string[]) =>
    `Bearer ${(await store.create({ name: role, role, models })).key}`;
  const [contributor, other, approver] = [
    await make('contributor'),
    await make('approver', ['others']),
    await make('approver', ['trees']),
  ];
  await served.server.runChores();
  const status = async (authorization?: string) =>
    (await send(served, message(ACCURACY), authorization === undefined ? {} : { authorization })).status;
  assert.deepEqual([await status(), await status(contributor), await status(other)], [401, 403, 403]);
  assert.equal((await directory.registry.versions.get({ name: 'trees', version: '2' })).status, 'production');
  assert.equal(await status(approver), 200);
  assert.equal((await directory.registry.versions.get({ name: 'trees', version: '1' })).status, 'production');
});

test('what is no message of Alertmanager is refused before anything is done', async (t) => {
  const served = await serve(t);
  const { alerts, ...rest } = message(ACCURACY);
  const [alert] = alerts;
  for (const payload of [
    {},
    { ...rest, version: '3', alerts },
    { ...rest, alerts: [{ ...alert, startsAt: 'yesterday' }] },
    { ...rest, alerts: [alert, { ...alert, labels: { model: 'trees' } }] },
    { ...rest, alerts: new Array(1001).fill(alert) },
  ]) {
    assert.equal((await send(served, payload)).status, 400, JSON.stringify(payload).slice(0, 200));
  }
  const long = { ...rest, alerts: [{ ...alert, annotations: { summary: 'x'.repeat(2 ** 20) } }] };
  assert.equal((await send(served, long)).status, 413);
});

function keysOf({ server }: Served): Promise<KeyStore> {
  const { state, registry } = server.directory;
  const ports = { state, audit: registry.audit, clock: systemClock, random: secureBytes };
  return KeyStore.open(ports);
}

test('an alert by age queues a training on the rows that were sent for the model', async (t) => {
  const served = await serve(t);
  const { directory } = served.server;
  const OLD = { alertname: 'PilotfishModelOld', model: 'codec' };
  const nothing = await send(served, message(OLD));
  assert.deepEqual(
    [nothing.outcomes[0]?.state, /nothing to train codec on/.test(nothing.outcomes[0]?.detail ?? '')],
    ['refused', true],
  );
  const definition = { features: ['size'], classes: ['zstd', 'lz4'], model: 'codec' };
  await served.well({ method: 'PUT', url: '/api/v1/sources/blocks', payload: definition });
  const rows = [0, 1, 2].map((i) => ({ kind: 'sample', id: `${i}`, features: { size: i }, label: 'lz4' }));
  await served.well({
    ...{ method: 'POST', url: '/api/v1/ingest/blocks', headers: { 'content-type': 'application/x-ndjson' } },
    payload: rows.map((row) => JSON.stringify(row)).join('\n'),
  });
  const later = message(OLD, { startsAt: '2999-01-02T00:00:00Z' });
  const { outcomes } = await send(served, later);
  assert.equal(outcomes[0]?.detail, 'training 1 is queued');
  const queue = new StateJobQueue(directory.state, directory.registry);
  const [job] = await queue.list();
  assert.deepEqual([job?.kind, job?.status, job?.createdBy], ['train', 'waiting', 'local']);
  const { datasetPath, modelName } = (job?.request ?? {}) as { datasetPath: string; modelName: string };
  const dataset = await TrainingDataset.load(datasetPath);
  assert.deepEqual([modelName, dataset.length, dataset.classes], ['codec', 3, ['zstd', 'lz4']]);
  assert.equal((await send(served, later)).outcomes[0]?.isRepeated, true);
  assert.equal((await queue.list()).length, 1);
});
