import { z } from 'zod';
import type { IngestDefinition, IngestRow } from '../../../lifecycle/index.ts';

// What a source is, what its rows are, and what is answered.

const MAX_FEATURES = 4096;
const MAX_CLASSES = 4096;
const MAX_COSTS = 256;
const DEFAULT_ROWS = 1_000_000;
const MAX_ROWS = 100_000_000;
const text = (max: number) => z.string().min(1).max(max);
const hasNoTwins = (names: readonly string[]): boolean =>
  new Set(names.map((name) => name.toLowerCase())).size === names.length;

export const sourcePath = z.object({
  source: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
    .meta({ examples: ['blocks'] }),
});

const definition = {
  features: z
    .array(z.string().regex(/^[A-Za-z][\w.-]{0,63}$/))
    .min(1)
    .max(MAX_FEATURES)
    .refine(hasNoTwins, 'a feature is named twice')
    .meta({ description: 'names of the features of every row' }),
  classes: z
    .array(text(256))
    .min(2)
    .max(MAX_CLASSES)
    .refine((names) => new Set(names).size === names.length, 'a class is named twice')
    .nullable()
    .default(null)
    .meta({ description: 'null where labels are numbers' }),
  costs: z.int().min(0).max(MAX_COSTS).default(0).meta({ description: 'how many costs come with a label' }),
  model: text(128).nullable().default(null).meta({ description: 'whose decisions the outcomes judge' }),
  keepRows: z.int().min(1).max(MAX_ROWS).default(DEFAULT_ROWS),
};

export const sourceBody = z.strictObject(definition);

export const source = z
  .object({
    ...definition,
    ...{ name: z.string(), rows: z.int(), createdMs: z.number(), updatedMs: z.number() },
  })
  .meta({ id: 'IngestSource' });

export const sources = z.object({ sources: z.array(source) });

export const report = z.object({
  accepted: z.int().meta({ description: 'rows that are new, and on disk' }),
  repeated: z.int().meta({ description: 'rows that were sent before, and count once' }),
  rejected: z.int(),
  errors: z
    .array(z.object({ line: z.int(), message: z.string() }))
    .meta({ description: 'the first hundred of those that were rejected' }),
});

/** What a line of a source must be. */
export function rowSchema({ features, classes, costs }: IngestDefinition): z.ZodType<IngestRow> {
  const value = z.number().nullable();
  // Two ids with different broken halves of a character would be kept as one.
  const id = text(200).refine((given) => given.isWellFormed(), 'is no well-formed text');
  const known = {
    features: z.strictObject(Object.fromEntries(features.map((name) => [name, value]))),
    group: text(256).optional(),
    time: z.number().optional(),
  };
  const choice = classes === null ? undefined : z.enum(classes as [string, ...string[]]);
  const judged = {
    label: choice ?? z.number(),
    weight: z.number().min(0).optional(),
    ...(costs === 0 ? {} : { cost: z.array(z.number()).length(costs) }),
    ...(choice === undefined ? {} : { decision: choice.optional(), rule: choice.optional() }),
    version: text(80).optional(),
  };
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('sample'), id, ...known, ...judged }),
    z.strictObject({ kind: z.literal('features'), id, ...known }),
    z.strictObject({ kind: z.literal('outcome'), id, ...judged }),
  ]) as unknown as z.ZodType<IngestRow>;
}
