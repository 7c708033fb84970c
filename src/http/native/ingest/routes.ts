import { Readable } from 'node:stream';
import type { DataSource } from '../../../lifecycle/index.ts';
import { TurnedAway, usage } from '../../errors.ts';
import { type Identity, requireAllModels, requireModel } from '../../identity.ts';
import { changeOf, type NativeOptions, type NativeScope } from '../scope.ts';
import { Intake } from './intake.ts';
import * as schemas from './schemas.ts';

/** Bodies that are taken at once: each holds a batch, and all write to one database. */
const MAX_INTAKES = 8;
const JSON_LINES = 'application/x-ndjson';
const TYPES = [JSON_LINES, 'application/jsonl', 'application/x-jsonlines'];
const tags = ['ingest'];
const [viewer, contributor] = [{ role: 'viewer' }, { role: 'contributor' }] as const;

/** Adds `/sources` and `/ingest`: rows in bulk, and what they are. */
export function addIngest(scope: NativeScope, options: NativeOptions): void {
  scope.addContentTypeParser(TYPES, (_request, payload, parsed) => parsed(null, payload));
  addSources(scope, options);
  addSamples(scope, options);
  addIntake(scope, options);
}

/** A key for some models is for the sources of those. */
function requireSource(identity: Identity | undefined, { model }: { readonly model: string | null }): void {
  if (model === null) requireAllModels(identity);
  else requireModel(identity, model);
}

const shown = <
  T extends { readonly features: readonly string[]; readonly classes: readonly string[] | null },
>(
  source: T,
) => ({ ...source, features: [...source.features], classes: source.classes && [...source.classes] });

function addSources(scope: NativeScope, { ingest: { store } }: NativeOptions): void {
  scope.put(
    '/sources/:source',
    {
      config: contributor,
      schema: {
        ...{ tags, summary: 'Say what the rows of a source are' },
        ...{ params: schemas.sourcePath, body: schemas.sourceBody, response: { 200: schemas.source } },
      },
    },
    async (request) => {
      const { identity, params, body } = request;
      requireSource(identity, body);
      // One that is there may be of a model that is not the caller's.
      const allows = (before: { readonly model: string | null }): void => requireSource(identity, before);
      return shown(await store.define(params.source, body, { ...changeOf(request), allows }));
    },
  );
  scope.get(
    '/sources',
    { config: viewer, schema: { tags, summary: 'Sources of rows', response: { 200: schemas.sources } } },
    async ({ identity }) => {
      const all = await store.list();
      const isAllowed = (model: string | null): boolean =>
        identity?.models === undefined || (model !== null && identity.models.includes(model));
      return { sources: all.filter(({ model }) => isAllowed(model)).map(shown) };
    },
  );
}

function addSamples(scope: NativeScope, { ingest: { store } }: NativeOptions): void {
  scope.get(
    '/sources/:source/samples',
    {
      config: viewer,
      schema: { tags, summary: 'The samples of a source as JSON lines', params: schemas.sourcePath },
    },
    async ({ params, identity }, reply) => {
      requireSource(identity, await store.get(params.source));
      const lines = writtenLines(store.source(params.source));
      return reply.type(JSON_LINES).send(Readable.from(lines, { objectMode: false }));
    },
  );
}

/** Such as `openDataSource` reads. */
async function* writtenLines(source: DataSource): AsyncGenerator<string> {
  for await (const { features, label, options } of source.samples()) {
    // A missing value is NaN, which JSON writes as null.
    yield `${JSON.stringify({ features, label, ...options })}\n`;
  }
}

function addIntake(scope: NativeScope, { ingest: { store, feed } }: NativeOptions): void {
  let running = 0;
  scope.post(
    '/ingest/:source',
    {
      config: contributor,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        ...{ tags, summary: 'Send rows, one a line: samples, features, outcomes' },
        description: 'What is answered is on disk. An id counts once: after trouble, send all of it again.',
        consumes: TYPES,
        ...{ params: schemas.sourcePath, response: { 200: schemas.report } },
      },
    },
    async (request, reply) => {
      const { params, body, identity } = request;
      const source = await store.get(params.source);
      requireSource(identity, source);
      if (!(body instanceof Readable)) throw usage(`send the rows as the body, as ${JSON_LINES}`);
      if (running >= MAX_INTAKES) {
        void reply.header('retry-after', '1');
        throw new TurnedAway(429, `${MAX_INTAKES} bodies are being taken: send it again in a second`);
      }
      running += 1;
      try {
        const taken = { store, source, schema: schemas.rowSchema(source) };
        const report = await new Intake(taken).take(body);
        if (source.model !== null && report.accepted > 0) await feed.tell(source.name, source.model);
        return report;
      } finally {
        running -= 1;
      }
    },
  );
}
