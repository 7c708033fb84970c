import { isObject, need, PilotfishError, sha256 } from '../../../base/index.ts';
import { finite } from '../../../learn/index.ts';
import type { Plan } from '../plan.ts';
import { binOf } from './bins.ts';
import type { ExperimentRecord } from './types.ts';

/** What a record adds to a metric of its unit. */
export type Contribution = {
  readonly metric: number;
  readonly numerator: number;
  readonly denominator: number;
  /** Where its value falls, if a quantile of it is asked for. */
  readonly bin?: number;
};

/** A record whose every part makes sense. */
export type CheckedRecord = {
  /** Hash of its id. */
  readonly id: Uint8Array | undefined;
  /** Hash of everything in it, to tell a repetition from another record by the same id. */
  readonly content: Uint8Array;
  readonly unit: Uint8Array | undefined;
  /** Where the unit belongs; -1: nowhere. */
  readonly arm: number;
  /** Whose way served it. */
  readonly served: number;
  readonly contributions: readonly Contribution[];
};

export const MAX_RECORDS_PER_CALL = 1000;
const MAX_ID = 256;
const ID_BYTES = 16;
const CONTENT_BYTES = 8;
/** Sums of squares of a thousand million of them are still numbers. */
const LARGEST = 1e100;

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);

/**
 * Records of one call; what is wrong is said of the record it is about.
 * @throws PilotfishError `USAGE`, `NOT_FINITE`, `MISSING` for a variant there is not.
 */
export function checkedRecords(plan: Plan, records: readonly ExperimentRecord[]): CheckedRecord[] {
  return records.map((record, at) => {
    need(isObject(record), 'a record is an object: give { unit, values: { accuracy: 0.95 } }');
    try {
      return checkedRecord(plan, record);
    } catch (error) {
      if (records.length === 1 || !(error instanceof PilotfishError)) throw error;
      const name = String(record.id ?? record.unit ?? at).slice(0, MAX_ID);
      throw new PilotfishError(error.code, `record ${name}: ${error.message}`, { cause: error });
    }
  });
}

function checkedRecord(plan: Plan, record: ExperimentRecord): CheckedRecord {
  const { id, unit, modelId, values, fellBack } = record;
  if (id !== undefined && (typeof id !== 'string' || id === '' || id.length > MAX_ID || !id.isWellFormed()))
    throw usage(`the id of a record is a text of 1 to ${MAX_ID} characters`);
  if (fellBack !== undefined && typeof fellBack !== 'boolean') throw usage('fellBack is true or false');
  const arm = armOf(plan, { unit, modelId });
  const contributions = contributionsOf(plan, values);
  if (fellBack !== undefined)
    contributions.push({ metric: plan.fallback, numerator: fellBack ? 1 : 0, denominator: 1 });
  if (contributions.length === 0) throw usage('the record has no value of a metric: give one');
  const content = JSON.stringify([unit, arm, contributions]);
  return {
    id: id === undefined ? undefined : hashed(id, ID_BYTES),
    content: hashed(content, CONTENT_BYTES),
    unit: unit === undefined ? undefined : plan.unitHash(unit),
    ...{ arm, served: fellBack === true ? plan.control : arm, contributions },
  };
}

const hashed = (text: string, bytes: number): Uint8Array => sha256(Buffer.from(text)).subarray(0, bytes);

function armOf(plan: Plan, { unit, modelId }: Pick<ExperimentRecord, 'unit' | 'modelId'>): number {
  const { arms, definition } = plan;
  const named = modelId === undefined ? -1 : arms.findIndex((each) => each.modelId === modelId);
  if (modelId !== undefined && named < 0) {
    const known = arms.map((each) => each.modelId).join(', ');
    throw new PilotfishError('MISSING', `${definition.id} has no variant ${modelId}: it has ${known}`);
  }
  if (unit === undefined) {
    if (named < 0)
      throw usage('the record names neither a unit nor, without one, the modelId of its arm: give one');
    return named;
  }
  const arm = plan.assigner.armOf(unit);
  if (named >= 0 && arm >= 0 && named !== arm) {
    const { modelId: own } = arms[arm] as { modelId: string };
    throw usage(`unit ${unit} is in arm ${own}, not ${modelId}: say fellBack where another way served it`);
  }
  return arm;
}

function contributionsOf(plan: Plan, values: Readonly<Record<string, number>>): Contribution[] {
  need(isObject(values), 'values are numbers by metric: give { accuracy: 0.95 }');
  for (const [name, value] of Object.entries(values)) {
    if (!plan.names.has(name)) {
      const known = [...plan.names].join(', ');
      throw usage(`${name} is no metric of ${plan.definition.id}: it was created with ${known}`);
    }
    if (Math.abs(finite(name, value)) > LARGEST) throw usage(`${name} is ${value}: rescale it`);
  }
  const found: Contribution[] = [];
  for (const [metric, { name, value = name, denominator: per, quantile }] of plan.metrics.entries()) {
    const numerator = Object.hasOwn(values, value) ? values[value] : undefined;
    if (numerator === undefined) continue;
    const denominator = per === undefined ? 1 : values[per];
    if (denominator === undefined || !(denominator > 0))
      throw usage(`${name} is measured by ${per}: give it with the record, above 0`);
    found.push({
      metric,
      numerator,
      denominator,
      ...(quantile === undefined ? {} : { bin: binOf(numerator) }),
    });
  }
  return found;
}
