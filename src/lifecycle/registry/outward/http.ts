import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hasCode, MIB, PilotfishError } from '../../../base/index.ts';

/** One request as it goes out. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces of the body; the header `content-length` says how many bytes they are together. */
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

const MAX_ANSWER_BYTES = 4 * MIB;

/**
 * Sends a request and reads the whole answer. Redirects are not followed: nothing is sent to a host that was not named.
 * @throws PilotfishError `LIMIT` for an answer of more than 4 MiB; what the body throws; Error when nothing answers.
 */
export async function sendHttp({ method, url, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  const open = url.protocol === 'https:' ? secureRequest : plainRequest;
  const request = open(url, { method, headers, signal, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  let failure: unknown;
  const sent = pipeline(Readable.from(body, { objectMode: false }), request).catch((error: unknown) => {
    failure = error;
  });
  // What goes wrong with the body after an early answer is of no account.
  const answer = await answered.catch(async (error: unknown) => {
    // A body that failed ends the request: its error says why, the one of the request only that.
    await sent;
    throw hasCode(failure) ? failure : error;
  });
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await wholeOf(answer) };
}

async function wholeOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new PilotfishError(
        'LIMIT',
        `an answer of more than ${MAX_ANSWER_BYTES} bytes: ask another server`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
