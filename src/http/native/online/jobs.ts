import { z } from 'zod';
import { type Job, type JobDraft, StateJobQueue } from '../../../lifecycle/index.ts';
import { requireAllModels } from '../../identity.ts';
import { changeOf, type NativeOptions, type NativeScope } from '../scope.ts';

const text = (max: number) => z.string().min(1).max(max);
const json = z.record(z.string(), z.unknown());
const statuses = z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']);

const draft = z
  .strictObject({
    kind: z.enum(['train', 'tune']),
    request: json.meta({
      description: 'modelName, datasetPath (on the server), config, modelOptions, space, trials',
    }),
    priority: z.number().optional(),
    dedupeKey: text(256).optional().meta({ description: 'no second job of this key while one is open' }),
    reason: z.string().max(2000).optional(),
  })
  .meta({ id: 'JobDraft' });

const job = z
  .object({
    ...{ id: z.int(), kind: z.string(), request: json, priority: z.number(), status: statuses },
    ...{ worker: z.string().nullable(), token: z.int(), leaseUntilMs: z.number(), dueMs: z.number() },
    ...{ failures: z.int(), result: z.unknown().nullable(), error: z.string().nullable() },
    ...{ createdBy: z.string(), createdMs: z.number(), updatedMs: z.number() },
  })
  .meta({ id: 'Job' });

const path = z.object({ job: z.coerce.number().int().min(1) });
const tags = ['jobs'];

const shown = (it: Job) => ({
  ...{ ...it, request: { ...it.request }, worker: it.worker ?? null },
  ...{ result: it.result ?? null, error: it.error ?? null },
});

/** Adds `/jobs`: what `pilotfish worker` does. */
export function addJobs(scope: NativeScope, { directory, clock }: NativeOptions): void {
  const queue = new StateJobQueue(directory.state, directory.registry, { clock });
  scope.get(
    '/jobs',
    {
      config: { role: 'viewer' },
      schema: {
        ...{ tags, summary: 'Trainings and searches, the newest first' },
        querystring: z.object({ status: statuses.optional() }),
        response: { 200: z.object({ jobs: z.array(job) }) },
      },
    },
    async ({ query, identity }) => {
      requireAllModels(identity);
      const jobs = await queue.list(query.status === undefined ? {} : { status: query.status });
      return { jobs: jobs.map(shown) };
    },
  );
  scope.post(
    '/jobs',
    {
      // It names files of the server.
      config: { role: 'admin' },
      schema: { tags, summary: 'Queue a training or a search', body: draft, response: { 201: job } },
    },
    async (request, reply) => {
      const { reason, ...wanted } = request.body;
      const queued = await queue.submit(wanted as unknown as JobDraft, changeOf(request, reason));
      return reply.code(201).send(shown(queued));
    },
  );
  scope.post(
    '/jobs/:job/cancel',
    {
      config: { role: 'approver' },
      schema: { tags, summary: 'Take a job back, also one that runs', params: path, response: { 200: job } },
    },
    async (request) => {
      requireAllModels(request.identity);
      return shown(await queue.cancel(request.params.job, changeOf(request)));
    },
  );
}
