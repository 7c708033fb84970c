import { areTexts, isObject, need, PilotfishError } from '../../../base/index.ts';
import type { ModelMetadata } from './types.ts';

const MAX_NAME = 256;
const MAX_DESCRIPTION = 100_000;
const MAX_TAG_KEY = 250;
const MAX_TAG_VALUE = 100_000;
const MAX_TAGS = 1000;
const MAX_ALIAS = 255;
const MAX_SOURCE = 5000;
const MAX_JSON = 1_000_000;
const VERSION_TEXT = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
/** What MLflow says of names and texts that are too long. */
const tooLong = (what: string, max: number): PilotfishError =>
  new PilotfishError('USAGE', `${what} has more than ${max} characters: give a shorter one`);

/** @throws PilotfishError `USAGE`. */
export function checkName(name: string): string {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new PilotfishError('USAGE', 'Registered model name cannot be empty.');
  }
  if (name.length > MAX_NAME) throw tooLong('the name of a model', MAX_NAME);
  return name;
}

/** @throws PilotfishError `USAGE`; a whole number would be taken for the number of a version. */
export function checkVersionText(version: string): string {
  if (typeof version === 'string' && VERSION_TEXT.test(version) && !/^[0-9]+$/.test(version)) return version;
  throw new PilotfishError(
    'USAGE',
    'a version is text such as v1.2.0: up to 64 letters, digits and ._+-, and no whole number',
  );
}

/** @throws PilotfishError `USAGE`. */
export function checkTag(key: string, value: string): void {
  if (key === '' || key.length > MAX_TAG_KEY)
    throw tooLong(`the tag key '${key.slice(0, 40)}…'`, MAX_TAG_KEY);
  if (value.length > MAX_TAG_VALUE) throw tooLong(`the value of tag '${key}'`, MAX_TAG_VALUE);
}

/** @throws PilotfishError `USAGE`. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  need(isObject(tags) && areTexts(Object.values(tags)), "tags are texts by name: give { team: 'threats' }");
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS) throw new PilotfishError('USAGE', `more than ${MAX_TAGS} tags: give fewer`);
  for (const [key, value] of entries) checkTag(key, value);
}

/** @throws PilotfishError `USAGE`. */
export function checkDescription(description: string | undefined): void {
  if ((description?.length ?? 0) > MAX_DESCRIPTION) throw tooLong('the description', MAX_DESCRIPTION);
}

/** @throws PilotfishError `USAGE`, in MLflow's words. */
export function checkAlias(alias: string): string {
  if (alias.toLowerCase() === 'latest') {
    throw new PilotfishError('USAGE', "'latest' alias name (case insensitive) is reserved.");
  }
  if (/^v\d+$/i.test(alias)) throw new PilotfishError('USAGE', `Version alias name '${alias}' is reserved.`);
  if (/^[A-Za-z0-9_-]+$/.test(alias) && alias.length <= MAX_ALIAS) return alias;
  throw new PilotfishError(
    'USAGE',
    `Invalid alias name: '${alias.slice(0, MAX_ALIAS)}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
  );
}

/** @throws PilotfishError `USAGE`. */
export function checkSource(source: string): string {
  if (source === '' || source.length > MAX_SOURCE) throw tooLong('the source of a version', MAX_SOURCE);
  return source;
}

/** The JSON of a part of the metadata. @throws PilotfishError `USAGE`. */
export function jsonOf(what: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (text !== undefined && text.length <= MAX_JSON) return text;
  throw new PilotfishError('USAGE', `${what} cannot be kept: give JSON of at most ${MAX_JSON} characters`);
}

/** @throws PilotfishError `USAGE`, `NOT_FINITE`. */
export function checkMetadata(metadata: ModelMetadata): void {
  need(isObject(metadata), 'metadata is an object: give { name, version, algorithm, framework }');
  checkName(metadata.name);
  checkVersionText(metadata.version);
  for (const key of ['algorithm', 'framework'] as const) {
    const text = metadata[key];
    if (typeof text !== 'string' || text === '' || text.length > MAX_NAME) {
      throw new PilotfishError('USAGE', `${key} is text of 1 to ${MAX_NAME} characters`);
    }
  }
  checkDescription(metadata.description);
  checkTags(metadata.tags ?? {});
  for (const [name, value] of Object.entries(metadata.metrics ?? {})) {
    if (!Number.isFinite(value))
      throw new PilotfishError('NOT_FINITE', `the metric ${name} is no finite number`);
  }
}
