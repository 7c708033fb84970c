import { lookup as lookupName } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import type { WebhookAnswer, WebhookRequest } from './dispatcher.ts';

/** All addresses of a host, as the machine resolves it. */
export async function resolveHost(host: string): Promise<string[]> {
  return (await lookupName(host, { all: true })).map(({ address }) => address);
}

/**
 * Sends one delivery to the address that was judged, whatever the name means by now; the certificate must be that of the
 * name. Redirects are not followed, and of the answer only its status is read.
 * @throws Error when nothing answers in time.
 */
export async function postWebhook({
  url,
  address,
  headers,
  body,
  timeoutMs,
}: WebhookRequest): Promise<WebhookAnswer> {
  const lookup: LookupFunction = (_host, { all }, done) => {
    const family = isIPv6(address) ? 6 : 4;
    if (all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
  const options = { method: 'POST', headers, lookup, agent: false, signal: AbortSignal.timeout(timeoutMs) };
  const response = await answerOf(send(url, options), body);
  // Whatever else it says stays in the socket.
  response.destroy();
  const seconds = Number(response.headers['retry-after']);
  return {
    status: response.statusCode ?? 0,
    retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined,
  };
}

function answerOf(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end(body);
  });
}
