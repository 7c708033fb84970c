import { z } from 'zod';
import { EXPERIMENT_STATUSES, experimentEvidence, type FlagValue } from '../../lifecycle/index.ts';
import { requireAllModels } from '../identity.ts';
import { changeOf, type NativeOptions, type NativeScope, refOf } from './scope.ts';

const MAX_RECORDS = 1000;
const text = (max: number) => z.string().min(1).max(max);
const part = z.number().gt(0).max(1);

const metric = z.object({
  name: text(100),
  direction: z.enum(['higher', 'lower']).meta({ description: 'what is better' }),
  value: text(100).optional().meta({ description: 'what it is recorded under, if not its name' }),
  quantile: z.number().gt(0).lt(1).optional().meta({ description: 'it is this quantile, not the mean' }),
  denominator: text(100).optional().meta({ description: 'the sum of values over the sum of these' }),
});
const guardrail = metric.extend({
  marginRelative: z
    .number()
    .optional()
    .meta({ description: 'share of the control’s mean it may get worse by' }),
  marginAbsolute: z.number().optional(),
});
const flagValue: z.ZodType<FlagValue> = z.json();

/** Document 003's fields, and what they leave open. A misspelt guardrail would guard nothing: unknown fields are refused. */
const draft = z
  .strictObject({
    id: text(128),
    name: text(2000).optional(),
    description: z.string().max(2000).optional(),
    targetMetric: z.union([text(100), metric.strict()]),
    models: z
      .array(
        z.strictObject({
          ...{ modelId: text(256), isControl: z.boolean(), trafficPct: z.number().optional() },
          ...{ description: z.string().max(2000).optional(), value: flagValue.optional() },
        }),
      )
      .min(2),
    stickyAssignment: z.boolean().optional(),
    minimumSamples: z.int().optional(),
    guardrails: z.array(guardrail.strict()).optional(),
    secondaryMetrics: z.array(metric.strict()).optional(),
    analysis: z
      .strictObject({
        method: z.enum(['anytime', 'fixed']).optional(),
        alpha: z.number().optional(),
        tuneCount: z.int().optional(),
        samplesPerArm: z.int().optional(),
      })
      .optional(),
    coverage: part.optional(),
    namespace: z.object({ name: text(256), from: z.number(), to: z.number() }).optional(),
    holdout: z.object({ name: text(256), share: z.number() }).optional(),
    hash: z.enum(['pilotfish-1', 'growthbook-1', 'growthbook-2']).optional(),
    salt: text(2000).optional(),
    reason: z.string().max(2000).optional(),
  })
  .meta({ id: 'ExperimentDraft' });

const stored = z
  .object({
    ...{ id: z.string(), name: z.string(), description: z.string(), rule: z.string() },
    status: z.enum(EXPERIMENT_STATUSES),
    target: metric,
    arms: z.array(
      z.object({
        ...{ modelId: z.string(), isControl: z.boolean(), trafficPct: z.number(), description: z.string() },
        value: flagValue.optional(),
      }),
    ),
    ...{ stickyAssignment: z.boolean(), minimumSamples: z.int() },
    ...{
      guardrails: z.array(guardrail),
      secondary: z.array(metric),
      analysis: z.record(z.string(), z.unknown()),
    },
    ...{
      namespace: z.unknown().optional(),
      holdout: z.unknown().optional(),
      hash: z.string(),
      salt: z.string(),
    },
    ...{ coverage: z.number(), note: z.string(), records: z.int() },
    ...{
      createdMs: z.number(),
      updatedMs: z.number(),
      startedMs: z.number().optional(),
      endedMs: z.number().optional(),
    },
  })
  .meta({ id: 'AbTest' });

const idPath = z.object({ id: text(128) });
const reasonBody = z.object({ reason: z.string().max(2000).optional() }).nullish();
const coverBody = z.object({ coverage: part, reason: z.string().max(2000).optional() });
const listQuery = z.object({
  status: z.enum(EXPERIMENT_STATUSES).optional(),
});
const recordsBody = z.object({
  records: z
    .array(
      z.object({
        id: text(256).optional().meta({ description: 'one that comes again is not counted again' }),
        unit: text(256).optional(),
        modelId: text(256).optional(),
        values: z.record(z.string(), z.number()),
        fellBack: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(MAX_RECORDS),
});
const evidenceBody = z.object({
  ...{ name: text(256), version: text(256), treatment: text(256).optional() },
  reason: z.string().max(2000).optional(),
});
const evidenceAnswer = z.object({ passed: z.boolean(), summary: z.string() });
const outcomes = z.object({ outcomes: z.array(z.enum(['counted', 'repeated', 'outside'])) });
const assignment = z.object({
  ...{
    experimentId: z.string(),
    modelId: z.string(),
    isControl: z.boolean(),
    unit: z.string(),
    isIn: z.boolean(),
  },
});
const results = z
  .object({
    ...{ experimentId: z.string(), status: z.string(), rule: z.string(), records: z.int() },
    ...{ recommendation: z.enum(['rollout', 'rollback', 'continue']), reason: z.string() },
    winner: z.string().nullable(),
  })
  .loose()
  .meta({ id: 'AbTestResults' });

const tags = ['experiments'];

/** Steps of an experiment's life: the end of the path, what it is for, and the call. */
const MOVES = [
  ['start', 'Begin, or go on after a pause', 'startExperiment'],
  ['pause', 'Give every unit the control and count nothing', 'pauseExperiment'],
  ['stop', 'End it for good', 'completeExperiment'],
  ['archive', 'Put it away, without what it knew of single units', 'archiveExperiment'],
] as const;

/** Adds `/experiments`: A/B tests of models. */
export function addExperiments(scope: NativeScope, options: NativeOptions): void {
  addReading(scope, options);
  addChanging(scope, options);
  addUnits(scope, options);
  addEvidence(scope, options);
}

/** As JSON has it: no list that cannot be changed. */
const shown = <T extends object>(value: T) => structuredClone(value) as never;

function addReading(scope: NativeScope, { experiments }: NativeOptions): void {
  scope.get(
    '/experiments',
    {
      config: { role: 'viewer' },
      schema: {
        ...{ tags, summary: 'Experiments, oldest first', querystring: listQuery },
        response: { 200: z.object({ experiments: z.array(stored) }) },
      },
    },
    async ({ query, identity }) => {
      requireAllModels(identity);
      const { status } = query;
      const found = await experiments.listExperiments(status === undefined ? {} : { status });
      return shown({ experiments: found });
    },
  );
  scope.get(
    '/experiments/:id',
    {
      config: { role: 'viewer' },
      schema: { tags, summary: 'What was fixed at its creation', params: idPath, response: { 200: stored } },
    },
    async ({ params, identity }) => {
      requireAllModels(identity);
      return shown(await experiments.getExperiment(params.id));
    },
  );
  scope.get(
    '/experiments/:id/results',
    {
      config: { role: 'viewer' },
      schema: {
        ...{ tags, summary: 'What the records show, and what follows', params: idPath },
        description: 'By the rule fixed at creation; look as often as you like.',
        response: { 200: results },
      },
    },
    async ({ params, identity }) => {
      requireAllModels(identity);
      return shown(await experiments.getExperimentResults(params.id));
    },
  );
}

function addChanging(scope: NativeScope, { experiments }: NativeOptions): void {
  scope.post(
    '/experiments',
    {
      config: { role: 'contributor' },
      schema: {
        ...{ tags, summary: 'Keep a draft; what decides, and how, is fixed from then on' },
        ...{ body: draft, response: { 201: stored } },
      },
    },
    async (request, reply) => {
      requireAllModels(request.identity);
      const { reason, ...rest } = request.body;
      const made = await experiments.createExperiment(rest, changeOf(request, reason));
      return reply.code(201).send(shown(made));
    },
  );
  for (const [step, summary, call] of MOVES) {
    scope.post(
      `/experiments/:id/${step}`,
      {
        config: { role: 'approver' },
        schema: { tags, summary, params: idPath, body: reasonBody, response: { 200: stored } },
      },
      async (request) => {
        requireAllModels(request.identity);
        return shown(await experiments[call](request.params.id, changeOf(request, request.body?.reason)));
      },
    );
  }
  scope.post(
    '/experiments/:id/coverage',
    {
      config: { role: 'approver' },
      schema: {
        ...{ tags, summary: 'Let more units take part; nobody changes the arm' },
        ...{ params: idPath, body: coverBody, response: { 200: stored } },
      },
    },
    async (request) => {
      requireAllModels(request.identity);
      const { coverage, reason } = request.body;
      return shown(await experiments.setCoverage(request.params.id, coverage, changeOf(request, reason)));
    },
  );
}

function addEvidence(scope: NativeScope, { experiments, directory }: NativeOptions): void {
  scope.post(
    '/experiments/:id/evidence',
    {
      config: { role: 'approver' },
      schema: {
        ...{ tags, summary: 'Keep what it has shown as evidence for the version of a model that it tried' },
        ...{ params: idPath, body: evidenceBody, response: { 200: evidenceAnswer } },
      },
    },
    async (request) => {
      requireAllModels(request.identity);
      const { name, version, treatment, reason } = request.body;
      const results = await experiments.getExperimentResults(request.params.id);
      const evidence = experimentEvidence(results, treatment);
      const ref = refOf({ name, version });
      await directory.registry.transitions.addEvidence(ref, evidence, changeOf(request, reason));
      return { passed: evidence.passed, summary: evidence.summary };
    },
  );
}

function addUnits(scope: NativeScope, { experiments }: NativeOptions): void {
  scope.get(
    '/experiments/:id/assignments/:unit',
    {
      config: { role: 'viewer' },
      schema: {
        ...{ tags, summary: 'Which model serves a unit: the same at every call, start and machine' },
        ...{ params: idPath.extend({ unit: text(256) }), response: { 200: assignment } },
      },
    },
    ({ params, identity }) => {
      requireAllModels(identity);
      return experiments.assign(params.id, params.unit);
    },
  );
  scope.post(
    '/experiments/:id/records',
    {
      config: { role: 'contributor' },
      schema: {
        ...{ tags, summary: 'Count what happened to units; all or none' },
        ...{ params: idPath, body: recordsBody, response: { 200: outcomes } },
      },
    },
    async ({ params, body, identity }) => {
      requireAllModels(identity);
      return { outcomes: await experiments.recordMany(params.id, body.records) };
    },
  );
}
