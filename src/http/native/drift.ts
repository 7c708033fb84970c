import { z } from 'zod';
import { DRIFT_SEVERITIES, DRIFT_TYPES, type DriftAlert, type DriftStatus } from '../../lifecycle/index.ts';
import { requireAllModels } from '../identity.ts';
import { changeOf, type NativeOptions, type NativeScope } from './scope.ts';

const MAX_ROWS = 10_000;
const MAX_VALUES = 1_000_000;
const BODY_BYTES = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;
const name = z.string().min(1).max(256);
const type = z
  .enum(DRIFT_TYPES)
  .meta({ description: 'an input of models, an answer, or whether answers were wrong' });

const stats = z.object({
  ...{ featureName: z.string(), count: z.int(), mean: z.number(), variance: z.number() },
  ...{ min: z.number(), max: z.number(), histogram: z.array(z.number()), bins: z.array(z.number()) },
  updatedAt: z.iso.datetime(),
});

const alert = z
  .object({
    ...{ id: z.string(), type, featureName: z.string(), severity: z.enum(DRIFT_SEVERITIES) },
    score: z
      .number()
      .meta({ description: 'Kolmogorov-Smirnov distance, or of errors and flags the difference of rates' }),
    scoreAtLeast: z.number().meta({ description: 'the score that is certain at 95 %; severity goes by it' }),
    ...{ pValue: z.number(), method: z.enum(['ks', 'fisher']), psi: z.number(), psiLimit: z.number() },
    ...{ baselineStats: stats, currentStats: stats, detectedAt: z.iso.datetime() },
    ...{ message: z.string(), recommendation: z.string(), models: z.array(z.string()) },
    actions: z.array(
      z.object({
        model: z.string(),
        response: z.string(),
        state: z.enum(['done', 'failed']),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'DriftAlert' });

const stream = z
  .object({
    ...{ type, featureName: z.string(), models: z.array(z.string()), baselineCount: z.int(), count: z.int() },
    ...{ distance: z.number().nullable(), severity: z.enum(DRIFT_SEVERITIES).nullable() },
    ...{ since: z.iso.datetime().nullable(), alarms: z.int() },
  })
  .meta({ id: 'DriftStream' });

const explanation = stream.extend({
  ...{
    comparisons: z.int(),
    certain: z.int(),
    alarmsPerMillion: z.number(),
    falseAlarmsPerMonth: z.number().nullable(),
  },
  thresholds: z.array(z.object({ threshold: z.number(), alarms: z.int() })),
  sizes: z.array(z.object({ windowSize: z.int(), critical: z.number() })),
  ...{ autocorrelation: z.number().nullable(), advice: z.array(z.string()) },
});

const baselineBody = z.object({
  features: z.record(name, z.array(z.number()).max(MAX_VALUES)),
  type: type.optional(),
  models: z.array(name).max(256).optional(),
  reason: z.string().max(2000).optional(),
});

const recordBody = z.object({
  rows: z.array(z.record(name, z.number())).max(MAX_ROWS),
  type: type.optional(),
});

const tags = ['drift'];

/** As JSON has it. */
const shownAlert = (it: DriftAlert) => ({
  ...it,
  ...{ models: [...it.models], actions: [...it.actions], detectedAt: it.detectedAt.toISOString() },
  ...{ baselineStats: shownStats(it.baselineStats), currentStats: shownStats(it.currentStats) },
});

const shownStats = (it: DriftAlert['baselineStats']) => ({
  ...{ ...it, histogram: [...it.histogram], bins: [...it.bins], updatedAt: it.updatedAt.toISOString() },
});

const shownStream = (it: DriftStatus) => ({
  ...{ ...it, models: [...it.models], since: it.since?.toISOString() ?? null },
});

/** Adds `/drift`: baselines, what is recorded, alarms and why they come. */
export function addDrift(scope: NativeScope, options: NativeOptions): void {
  addWriting(scope, options);
  addReading(scope, options);
}

function addWriting(scope: NativeScope, { drift }: NativeOptions): void {
  scope.put(
    '/drift/baseline',
    {
      config: { role: 'approver' },
      bodyLimit: BODY_BYTES,
      schema: {
        ...{ tags, summary: 'Set what features were when the models learnt', body: baselineBody },
        response: { 200: z.object({ streams: z.array(stream) }) },
      },
    },
    async (request) => {
      requireAllModels(request.identity);
      const { features, type: of = 'feature', models = [], reason } = request.body;
      await drift.setBaseline(features, { type: of, models, ...changeOf(request, reason) });
      const all = await drift.status();
      const wanted = all.filter((it) => it.type === of && Object.hasOwn(features, it.featureName));
      return { streams: wanted.map(shownStream) };
    },
  );
  scope.post(
    '/drift/record',
    {
      config: { role: 'contributor' },
      bodyLimit: BODY_BYTES,
      schema: {
        ...{ tags, summary: 'Take in rows of numbers by name; all or none', body: recordBody },
        response: { 200: z.object({ rows: z.int() }) },
      },
    },
    async ({ body, identity }) => {
      requireAllModels(identity);
      await drift.load();
      drift.recordRows(body.rows, body.type);
      return { rows: body.rows.length };
    },
  );
}

function addReading(scope: NativeScope, { drift, clock }: NativeOptions): void {
  const config = { role: 'viewer' } as const;
  scope.get(
    '/drift',
    {
      config,
      schema: {
        ...{ tags, summary: 'What is watched, and how far it is from its baseline' },
        response: { 200: z.object({ streams: z.array(stream) }) },
      },
    },
    async ({ identity }) => {
      requireAllModels(identity);
      return { streams: (await drift.status()).map(shownStream) };
    },
  );
  scope.get(
    '/drift/alerts',
    {
      config,
      schema: {
        ...{ tags, summary: 'Alarms, oldest first; of the last day unless a time is given' },
        querystring: z.object({ since: z.iso.datetime({ offset: true }).optional() }),
        response: { 200: z.object({ alerts: z.array(alert) }) },
      },
    },
    async ({ query, identity }) => {
      requireAllModels(identity);
      const since = query.since === undefined ? new Date(clock.nowMs() - DAY_MS) : new Date(query.since);
      return { alerts: (await drift.getDriftReports(since)).map(shownAlert) };
    },
  );
  scope.get(
    '/drift/features/:feature',
    {
      config,
      schema: {
        ...{ tags, summary: 'Why a feature alarms as often as it does, and what to change' },
        ...{ params: z.object({ feature: name }), querystring: z.object({ type: type.optional() }) },
        response: { 200: explanation },
      },
    },
    async ({ params, query, identity }) => {
      requireAllModels(identity);
      const { thresholds, sizes, advice, ...rest } = await drift.explain(params.feature, query.type);
      return {
        ...{ ...shownStream(rest), comparisons: rest.comparisons, certain: rest.certain },
        ...{ alarmsPerMillion: rest.alarmsPerMillion, falseAlarmsPerMonth: rest.falseAlarmsPerMonth },
        ...{ thresholds: [...thresholds], sizes: [...sizes], advice: [...advice] },
        autocorrelation: rest.autocorrelation,
      };
    },
  );
}
