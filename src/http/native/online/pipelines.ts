import { z } from 'zod';
import {
  type LearningPipeline,
  type PipelineStatus,
  type PipelineUpdate,
  STRATEGIES,
  type TrainingSample,
} from '../../../lifecycle/index.ts';
import { requireAllModels } from '../../identity.ts';
import { changeOf, type NativeOptions, type NativeScope } from '../scope.ts';

const MAX_SAMPLES = 10_000;
const BODY_BYTES = 64 * 1024 * 1024;
const text = (max: number) => z.string().min(1).max(max);
const whole = z.int().min(1);
const strategy = z.enum(STRATEGIES).meta({ description: 'when a pipeline learns what has come' });

const draft = z
  .strictObject({
    ...{ pipelineId: text(40), name: text(256), modelId: text(64).optional(), strategy: strategy.optional() },
    learner: z
      .strictObject({
        kind: z.enum(['linear', 'logistic', 'softmax', 'naive-bayes', 'hoeffding']),
        features: z.array(text(100)).min(1).max(4096),
        classes: z.int().min(2).optional(),
      })
      .optional()
      .meta({ description: 'in place of modelId: one that has learnt nothing' }),
    features: z.array(text(100)).min(1).max(4096).optional(),
    updateFrequency: whole.optional().meta({ description: 'milliseconds; 1 hour' }),
    ...{ batchSize: whole.optional(), minSamples: whole.optional(), maxBufferSize: whole.optional() },
    ...{ learningRate: z.number().optional(), alpha: z.number().optional() },
    reason: z.string().max(2000).optional(),
  })
  .meta({ id: 'PipelineDraft' });

const status = z
  .object({
    ...{ pipelineId: z.string(), name: z.string(), status: z.string(), strategy: z.string() },
    settings: z.record(z.string(), z.unknown()),
    champion: z.object({ version: z.string(), modelId: z.string() }),
    samples: z.record(z.string(), z.int()),
    nextUpdate: z.string().meta({ description: 'why no update is due, or that one is' }),
    updates: z.object({
      ...{ made: z.int(), swaps: z.int(), rejected: z.int(), rollbacks: z.int(), falls: z.int() },
      lastMs: z.number().nullable(),
    }),
    accuracy: z.object({
      ...{ measure: z.string(), overall: z.number().nullable() },
      ...{ history: z.array(z.number()), trend: z.number().nullable() },
    }),
    candidates: z.array(
      z.object({ candidate: z.string(), trialSamples: z.int(), evidence: z.number(), needed: z.number() }),
    ),
    exploration: z.object({ share: z.number(), bound: z.number() }),
    ...{ lastError: z.string().nullable(), retryAtMs: z.number().nullable() },
  })
  .meta({ id: 'PipelineStatus' });

const sample = z.object({
  sampleId: text(256),
  features: z.record(z.string(), z.number()),
  label: z.number().optional().meta({ description: 'left out when it comes later' }),
  weight: z.number().optional(),
});

const update = z.object({
  ...{ seq: z.int(), kind: z.string(), subject: z.string(), timeMs: z.number() },
  report: z.record(z.string(), z.union([z.number(), z.string()])),
});

const path = z.object({ pipeline: text(40) });
const reasonBody = z.object({ reason: z.string().max(2000).optional() }).nullish();
const tags = ['online'];

/** As JSON has it. */
const shown = (it: PipelineStatus) => ({
  ...it,
  ...{ settings: { ...it.settings }, samples: { ...it.samples }, candidates: [...it.candidates] },
  updates: { ...it.updates, lastMs: it.updates.lastMs ?? null },
  accuracy: {
    ...{ measure: it.accuracy.measure, overall: it.accuracy.overall ?? null },
    ...{ history: [...it.accuracy.history], trend: it.accuracy.trend ?? null },
  },
  ...{ lastError: it.lastError ?? null, retryAtMs: it.retryAtMs ?? null },
});

const shownUpdate = (it: PipelineUpdate) => ({ ...it, report: { ...it.report } });

/** Adds `/pipelines`: learning while serving. */
export function addPipelines(scope: NativeScope, options: NativeOptions): void {
  addKeeping(scope, options);
  addSamples(scope, options);
  addMoves(scope, options);
}

function addKeeping(scope: NativeScope, { online }: NativeOptions): void {
  scope.get(
    '/pipelines',
    {
      config: { role: 'viewer' },
      schema: { tags, summary: 'Pipelines', response: { 200: z.object({ pipelines: z.array(status) }) } },
    },
    async ({ identity }) => {
      requireAllModels(identity);
      return { pipelines: (await online.listPipelines()).map(shown) };
    },
  );
  scope.post(
    '/pipelines',
    {
      config: { role: 'approver' },
      schema: { tags, summary: 'Make a pipeline', body: draft, response: { 201: status } },
    },
    async (request, reply) => {
      requireAllModels(request.identity);
      const { reason, ...pipeline } = request.body;
      const made = await online.createPipeline(pipeline as LearningPipeline, changeOf(request, reason));
      return reply.code(201).send(shown(made));
    },
  );
  scope.get(
    '/pipelines/:pipeline',
    {
      config: { role: 'viewer' },
      schema: { tags, summary: 'How a pipeline is doing', params: path, response: { 200: status } },
    },
    async ({ params, identity }) => {
      requireAllModels(identity);
      return shown(await online.getPipelineStatus(params.pipeline));
    },
  );
  scope.get(
    '/pipelines/:pipeline/updates',
    {
      config: { role: 'viewer' },
      schema: {
        ...{ tags, summary: 'Updates, swaps, rejections and rollbacks, the latest last', params: path },
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
        response: { 200: z.object({ updates: z.array(update) }) },
      },
    },
    async ({ params, query, identity }) => {
      requireAllModels(identity);
      return { updates: (await online.readUpdates(params.pipeline, query.limit)).map(shownUpdate) };
    },
  );
}

function addSamples(scope: NativeScope, { online }: NativeOptions): void {
  scope.post(
    '/pipelines/:pipeline/samples',
    {
      config: { role: 'contributor' },
      bodyLimit: BODY_BYTES,
      schema: {
        ...{ tags, summary: 'Add samples; all or none', params: path },
        body: z.object({ samples: z.array(sample).max(MAX_SAMPLES) }),
        response: {
          200: z.object({
            samples: z.array(
              z.object({ sampleId: z.string(), outcome: z.string(), prediction: z.number().nullable() }),
            ),
          }),
        },
      },
    },
    async ({ params, body, identity }) => {
      requireAllModels(identity);
      const added = await online.addSamples(params.pipeline, body.samples as TrainingSample[]);
      return { samples: added.map((it) => ({ ...it, prediction: it.prediction ?? null })) };
    },
  );
  scope.post(
    '/pipelines/:pipeline/labels',
    {
      config: { role: 'contributor' },
      schema: {
        ...{ tags, summary: 'The label of a sample that came without', params: path },
        body: z.object({ sampleId: text(256), label: z.number() }),
        response: { 200: z.object({ outcome: z.string() }) },
      },
    },
    async ({ params, body, identity }) => {
      requireAllModels(identity);
      return { outcome: await online.addLabel(params.pipeline, body.sampleId, body.label) };
    },
  );
}

function addMoves(scope: NativeScope, { online, follow }: NativeOptions): void {
  scope.post(
    '/pipelines/:pipeline/update',
    {
      config: { role: 'contributor' },
      schema: { tags, summary: 'Learn now what waits', params: path, response: { 200: status } },
    },
    async ({ params, identity }) => {
      requireAllModels(identity);
      const found = await online.triggerUpdate(params.pipeline);
      await follow();
      return shown(found);
    },
  );
  const moves = {
    pause: ['Take no samples until it is resumed', online.pausePipeline.bind(online)],
    resume: ['Take samples again', online.resumePipeline.bind(online)],
    archive: ['End a pipeline; its log and its versions stay', online.archivePipeline.bind(online)],
  } as const;
  for (const [name, [summary, move]] of Object.entries(moves)) {
    scope.post(
      `/pipelines/:pipeline/${name}`,
      {
        config: { role: 'approver' },
        schema: { tags, summary, params: path, body: reasonBody, response: { 200: status } },
      },
      async (request) => {
        requireAllModels(request.identity);
        await move(request.params.pipeline, changeOf(request, request.body?.reason));
        return shown(await online.getPipelineStatus(request.params.pipeline));
      },
    );
  }
}
