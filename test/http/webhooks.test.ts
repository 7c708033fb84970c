// Webhooks over MLflow's interface: the call that sends an example.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { serve } from './support.ts';

const events = [{ entity: 'MODEL_VERSION', action: 'CREATED' }];

test('a webhook can be tried, and its owner learns how that went, not what was answered', async (t) => {
  const seen: string[] = [];
  let status = 200;
  const receiver = createServer(async (request, response) => {
    seen.push(Buffer.concat((await request.toArray()) as Buffer[]).toString());
    response.writeHead(status).end('inside');
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => receiver.close());
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const served = await serve(t, { allowsPrivateWebhooks: true });
  const made = await served.mlflow('POST', 'webhooks', { name: 'w', url, events });
  const { webhook_id: id } = made.body['webhook'] as { webhook_id: string };
  const trial = async (values: object = {}) =>
    (await served.mlflow('POST', `webhooks/${id}/test`, values)).body['result'];
  assert.deepEqual(await trial(), { success: true, response_status: 200 });
  status = 404;
  assert.deepEqual(await trial({ event: { entity: 'MODEL_VERSION_TAG', action: 'SET' } }), {
    ...{ success: false, response_status: 404, error_message: 'Failed to test webhook: status 404' },
  });
  assert.deepEqual(
    seen.map((body) => (JSON.parse(body) as { entity: string }).entity),
    ['MODEL_VERSION', 'MODEL_VERSION_TAG'],
  );
  assert.equal((await served.mlflow('POST', 'webhooks/none/test')).status, 404);
  assert.equal((await served.mlflow('POST', `webhooks/${id}/test`, { event: { entity: 'X' } })).status, 400);
});

test('nothing within the house is tried, unless that is allowed', async (t) => {
  const served = await serve(t);
  const made = await served.mlflow('POST', 'webhooks', { name: 'w', url: 'https://127.0.0.1/', events });
  const { webhook_id: id } = made.body['webhook'] as { webhook_id: string };
  const { body } = await served.mlflow('POST', `webhooks/${id}/test`);
  assert.deepEqual(body['result'], {
    success: false,
    error_message: 'Failed to test webhook: refused: the target is not a public https address',
  });
});
