import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { postWebhook, resolveHost } from './post.ts';

/** A receiver on a port of this machine that answers as told. */
async function receiver(answer: { status: number; headers?: Record<string, string> } | 'silence') {
  const seen: { request: IncomingMessage; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ request, body });
      if (answer !== 'silence') response.writeHead(answer.status, answer.headers).end('whatever it says');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { seen, port, stop };
}

const REQUEST = {
  address: '127.0.0.1',
  headers: { 'X-MLflow-Delivery-Id': '1' },
  body: '{"a":"ä"}',
  timeoutMs: 10_000,
};

test('a delivery goes to the address that was judged, under the name that was meant', async (t) => {
  const { seen, port, stop } = await receiver({ status: 200 });
  t.after(stop);
  // Nobody resolves this name; the delivery arrives all the same.
  const { status } = await postWebhook({ ...REQUEST, url: `http://hooks.invalid:${port}/path?q=1` });
  assert.equal(status, 200);
  const [{ request, body } = assert.fail()] = seen;
  assert.deepEqual(
    [request.method, request.url, request.headers.host, request.headers['x-mlflow-delivery-id'], body],
    ['POST', '/path?q=1', `hooks.invalid:${port}`, '1', '{"a":"ä"}'],
  );
});

test('a redirect is an answer like others, and Retry-After is told', async (t) => {
  const redirect = await receiver({ status: 302, headers: { Location: 'http://127.0.0.1:1/' } });
  const busy = await receiver({ status: 429, headers: { 'Retry-After': '7' } });
  t.after(redirect.stop);
  t.after(busy.stop);
  const post = (port: number) => postWebhook({ ...REQUEST, url: `http://hooks.invalid:${port}/` });
  assert.deepEqual(await post(redirect.port), { status: 302, retryAfterSeconds: undefined });
  assert.deepEqual(await post(busy.port), { status: 429, retryAfterSeconds: 7 });
});

test('silence and a closed port are errors', async (t) => {
  const { port, stop } = await receiver('silence');
  await assert.rejects(postWebhook({ ...REQUEST, url: `http://hooks.invalid:${port}/`, timeoutMs: 50 }));
  stop();
  t.after(stop);
  await assert.rejects(postWebhook({ ...REQUEST, url: `http://hooks.invalid:${port}/` }));
});

test('a host has addresses', async () => {
  assert.ok((await resolveHost('localhost')).some((address) => ['127.0.0.1', '::1'].includes(address)));
});
