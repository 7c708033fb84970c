import { z } from 'zod';
import { MODEL_STATUSES } from '../../lifecycle/index.ts';

// What the native API takes and answers; the OpenAPI document is made of it.

const text = (max: number) => z.string().min(1).max(max);
const json = z.record(z.string(), z.unknown());

export const status = z
  .enum(MODEL_STATUSES as [string, ...string[]])
  .meta({ description: 'draft → testing → staging → production → archived' });

export const evidence = z.object({
  kind: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .max(64)
    .meta({ examples: ['evaluation', 'experiment'] }),
  passed: z.boolean(),
  summary: z.string().max(2000),
  report: z.unknown().optional(),
});

const file = z.object({ name: z.string(), sha256: z.string(), bytes: z.number() });

export const version = z
  .object({
    modelId: z.string(),
    name: z.string(),
    version: z.string().optional().meta({ description: 'its text, such as v1.2.0' }),
    number: z.int().meta({ description: '1, 2, 3, …, never used again' }),
    status: z.string(),
    health: z.enum(['verified', 'unverified', 'damaged']),
    ...{ algorithm: z.string(), framework: z.string(), description: z.string().optional() },
    ...{
      metrics: z.record(z.string(), z.number()),
      parameters: json,
      tags: z.record(z.string(), z.string()),
    },
    ...{
      aliases: z.array(z.string()),
      files: z.array(file),
      fileHash: z.string().optional(),
      fileSize: z.number(),
    },
    ...{
      source: z.string(),
      runId: z.string(),
      createdBy: z.string(),
      createdMs: z.number(),
      updatedMs: z.number(),
    },
    ...{ trainingData: z.unknown().optional(), lineage: z.unknown().optional() },
  })
  .meta({ id: 'ModelVersion' });

export const versions = z.object({ models: z.array(version) });

export const storedEvidence = evidence.extend({ actor: z.string(), createdMs: z.number() });

export const shown = z.object({ version, evidence: z.array(storedEvidence) });

export const listQuery = z.object({ name: text(256).optional(), status: status.optional() });

export const modelPath = z.object({ name: text(256) });

export const versionPath = modelPath.extend({
  version: text(256).meta({ description: 'the number, the text, or an alias after @' }),
});

/** JSON in a query. */
const jsonText = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .max(100_000)
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'give JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

export const registerQuery = z.object({
  version: text(64).meta({ examples: ['v1.2.0'] }),
  algorithm: text(256),
  framework: text(256),
  description: z.string().max(100_000).optional(),
  file: text(1000).optional().meta({ description: 'what the file is called, such as model.onnx' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .meta({ description: 'refused when it is another file' }),
  metrics: jsonText(z.record(z.string(), z.number())).optional(),
  tags: jsonText(z.record(z.string(), z.string())).optional(),
  reason: z.string().max(2000).optional(),
});

const reason = z.string().max(2000).optional().meta({ description: 'kept in the audit log' });

export const promoteBody = z.object({ to: status, evidence: z.array(evidence).max(100).optional(), reason });

export const reasonBody = z.object({ reason }).nullish();

export const predictBody = z.object({
  features: z.union([z.array(z.number()).max(100_000), z.record(z.string(), z.number())]),
  version: text(80).optional(),
});

export const prediction = z.object({
  ...{ model: z.string(), version: z.string(), values: z.array(z.number()), label: z.string().nullable() },
});

export const scrub = z.object({
  ...{ files: z.int(), bytes: z.number() },
  damaged: z.array(z.object({ name: z.string(), number: z.int(), reason: z.string() })),
  repaired: z.array(z.object({ name: z.string(), number: z.int() })),
});

export const verifyBody = z.object({ name: text(256).optional() }).nullish();

const eventId = z.coerce.number().int().min(0);
export const eventsQuery = z.object({ after: eventId.optional() });
export const eventsHeaders = z.object({ 'last-event-id': eventId.optional() });

export const auditQuery = z.object({
  after: z.coerce.number().int().min(0).optional(),
  subject: text(600).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

export const auditEntries = z.object({
  entries: z.array(
    z.object({
      ...{ seq: z.int(), timeMs: z.number(), actor: z.string(), action: z.string(), subject: z.string() },
      ...{ reason: z.string(), before: z.unknown(), after: z.unknown(), hash: z.string() },
    }),
  ),
});

export const auditReport = z.object({ entries: z.int(), head: z.string() });
