import { resolve } from 'node:path';
import { areObjects, isObject, readSmallFile } from '../../base/index.ts';
import type { Experiment } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { safeText } from '../text.ts';

const MAX_FILE_BYTES = 1_000_000;
const EXAMPLE =
  '{"targetMetric":{"name":"hits","direction":"higher"},"models":[{"modelId":"off","isControl":true},{"modelId":"on","isControl":false}]}';

const PLAIN = ['name', 'description', 'salt', 'hash', 'coverage', 'minimumSamples', 'stickyAssignment'];
const OBJECTS = ['analysis', 'namespace', 'holdout'];
const LISTS = ['models', 'guardrails', 'secondaryMetrics'];
const KEYS = ['targetMetric', ...LISTS, ...OBJECTS, ...PLAIN];

/**
 * An experiment as a file has it. A key that is none is refused: what guards an experiment must not be lost by a typing error.
 * @throws PilotfishError `USAGE`, `IO`.
 */
export function experimentOf(context: Context, id: string, path: string): Experiment {
  const value = parsed(readSmallFile(context.ports().fs, resolve(path), MAX_FILE_BYTES).toString());
  const refuse = (what: string) => usageError(`${safeText(path)} ${what}`);
  if (!isObject(value)) throw refuse(`holds no experiment as JSON: give ${EXAMPLE}`);
  const odd = Object.keys(value).find((key) => key !== 'id' && !KEYS.includes(key));
  if (odd !== undefined) throw refuse(`has ${safeText(odd)}: give ${KEYS.join(', ')}`);
  for (const [key, part] of Object.entries(value)) {
    if (LISTS.includes(key) && !areObjects(part))
      throw refuse(`has ${key} that are no list of objects: give ${EXAMPLE}`);
    if (OBJECTS.includes(key) && !isObject(part)) throw refuse(`has ${key} that is no object`);
  }
  const { targetMetric } = value;
  if (typeof targetMetric !== 'string' && !isObject(targetMetric))
    throw refuse(`has no targetMetric: give ${EXAMPLE}`);
  return { ...(value as unknown as Experiment), id };
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
