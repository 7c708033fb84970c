import type { FastifyInstance } from 'fastify';
import { usage } from '../errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, where it is JSON. */
    source: string;
  }
}

/** Takes every body for JSON, whatever its type is called: clients name it, or do not, as they like. */
export function takeJson(scope: FastifyInstance): void {
  scope.decorateRequest('source', '');
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    try {
      request.source = text.toString();
      done(null, bodyFrom(request.source));
    } catch {
      done(usage('the body is no JSON: send an object'));
    }
  });
}

/** Old clients of MLflow send JSON within JSON. */
function bodyFrom(text: string): unknown {
  if (text === '') return undefined;
  const body: unknown = JSON.parse(text);
  return typeof body === 'string' ? JSON.parse(body) : body;
}
