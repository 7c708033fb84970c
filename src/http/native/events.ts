import { Readable } from 'node:stream';
import { lastEvent, type RegistryEvent, subscribeEvents } from '../../lifecycle/index.ts';
import { TurnedAway } from '../errors.ts';
import { requireAllModels } from '../identity.ts';
import * as schemas from './schemas.ts';
import type { NativeOptions, NativeScope } from './scope.ts';

/** Each asks the registry once a second. */
const MAX_LISTENERS = 64;

/** Adds `/events`: what happens to models, as server-sent events; `Last-Event-ID` goes on where it broke off. */
export function addEvents(scope: NativeScope, { directory, clock }: NativeOptions): void {
  const end = new AbortController();
  let listeners = 0;
  // Or a drain would wait for those who only listen.
  scope.addHook('preClose', (done) => {
    end.abort();
    done();
  });
  scope.get(
    '/events',
    {
      config: { role: 'viewer' },
      schema: {
        ...{ tags: ['events'], summary: 'Changes of models as server-sent events' },
        ...{ querystring: schemas.eventsQuery, headers: schemas.eventsHeaders },
      },
    },
    async (request, reply) => {
      requireAllModels(request.identity);
      const { state } = directory;
      const given = request.headers['last-event-id'] ?? request.query.after;
      const after = given ?? (await lastEvent(state));
      if (listeners >= MAX_LISTENERS) {
        throw new TurnedAway(503, `${MAX_LISTENERS} listen already: try again later`);
      }
      listeners += 1;
      const gone = new AbortController();
      reply.raw.once('close', () => {
        listeners -= 1;
        gone.abort();
      });
      const signal = AbortSignal.any([end.signal, gone.signal]);
      const lines = textOf(subscribeEvents(state, { after, signal, clock }));
      return (
        reply
          // Or the end of the server would wait until the other side hangs up.
          .header('connection', 'close')
          .header('cache-control', 'no-store')
          .type('text/event-stream')
          .send(Readable.from(lines, { objectMode: false }))
      );
    },
  );
}

async function* textOf(events: AsyncIterable<RegistryEvent>): AsyncGenerator<string> {
  // At once, so that whoever listens knows that they are heard.
  yield ': listening\n\n';
  for await (const { seq, entity, action, timeMs, data } of events) {
    const text = JSON.stringify({ entity, action, timeMs, data });
    yield `id: ${seq}\nevent: ${entity}.${action}\ndata: ${text}\n\n`;
  }
}
