import { posix } from 'node:path';
import { PilotfishError } from '../../../base/index.ts';
import type { MetricDraft } from './types.ts';

const NAME = /^[/\p{L}\p{N}_.\- :]*$/u;
export const MAX_METRICS_PER_BATCH = 1000;
const MAX_PARAMS_PER_BATCH = 100;
const MAX_TAGS_PER_BATCH = 100;
const MAX_ITEMS_PER_BATCH = 1000;
const MAX_KEY = 250;
const MAX_PARAM = 6000;
const MAX_RUN_TAG = 8000;
const MAX_EXPERIMENT_NAME = 500;
const MAX_EXPERIMENT_TAG = 5000;
const BAD_CHARACTERS =
  'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).';

export type KeyValue = { readonly key: string; readonly value: string };

export type LogBatch = {
  readonly metrics?: readonly MetricDraft[];
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
};

/** An error in the words of MLflow, whose clients look at them. */
export const invalid = (message: string): PilotfishError => new PilotfishError('USAGE', message);

const invalidValue = (path: string, value: unknown, why: string): PilotfishError =>
  invalid(`Invalid value ${JSON.stringify(value)} for parameter '${path}' supplied: ${why}`);

/** A key that is a path in itself: no `..`, no doubled slash. @throws PilotfishError `USAGE`. */
export function checkKey(key: string, path = 'name'): void {
  if (!NAME.test(key)) throw invalidValue(path, key, BAD_CHARACTERS);
  const normal = posix.normalize(key);
  if (normal !== key || normal === '.' || normal.startsWith('..') || normal.startsWith('/')) {
    const why =
      'Names may be treated as files in certain cases, and must not resolve to other names when treated as such.';
    throw invalidValue(path, key, `${why} This name would resolve to ${JSON.stringify(normal)}`);
  }
  checkLength(key, path, MAX_KEY);
}

function checkLength(text: string, path: string, max: number): void {
  if (text.length > max) throw invalid(`'${path}' exceeds the maximum length of ${max} characters`);
}

/** @throws PilotfishError `USAGE`. */
export function checkMetric({ key, value, timestampMs, step = 0 }: MetricDraft, path = ''): void {
  checkKey(key, `${path}name`);
  if (typeof value !== 'number')
    throw invalidValue(
      `${path}value`,
      value,
      'Please specify value as a valid double (64-bit floating point)',
    );
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0) {
    throw invalidValue(
      `${path}timestamp`,
      timestampMs,
      'Timestamp must be a nonnegative long (64-bit integer)',
    );
  }
  if (!Number.isSafeInteger(step))
    throw invalidValue(`${path}step`, step, 'Step must be a valid long (64-bit integer)');
}

/** The parameter as it is kept: a value that is too long is cut, as MLflow does. @throws PilotfishError `USAGE`. */
export function checkedParam({ key, value }: KeyValue, path = ''): KeyValue {
  checkKey(key, `${path}key`);
  return { key, value: value.slice(0, MAX_PARAM) };
}

/** The tag as it is kept. @throws PilotfishError `USAGE`. */
export function checkedRunTag({ key, value }: KeyValue, path = ''): KeyValue {
  checkKey(key, `${path}key`);
  return { key, value: value.slice(0, MAX_RUN_TAG) };
}

/** @throws PilotfishError `USAGE`. */
export function checkExperimentTag({ key, value }: KeyValue): void {
  checkKey(key, 'key');
  checkLength(value, 'value', MAX_EXPERIMENT_TAG);
}

/** @throws PilotfishError `USAGE`. */
export function checkExperimentName(name: string): string {
  if (typeof name !== 'string' || name === '') throw invalid(`Invalid experiment name: '${name}'`);
  checkLength(name, 'name', MAX_EXPERIMENT_NAME);
  return name;
}

/** Checks a batch as a whole; returns it as it is kept. @throws PilotfishError `USAGE`. */
export function checkedBatch({ metrics = [], params = [], tags = [] }: LogBatch): Required<LogBatch> {
  checkCount('metrics', metrics.length, MAX_METRICS_PER_BATCH);
  checkCount('params', params.length, MAX_PARAMS_PER_BATCH);
  checkCount('tags', tags.length, MAX_TAGS_PER_BATCH);
  checkCount('metrics, params, and tags', metrics.length + params.length + tags.length, MAX_ITEMS_PER_BATCH);
  for (const [at, metric] of metrics.entries()) checkMetric(metric, `metrics[${at}].`);
  const keptParams = params.map((param, at) => checkedParam(param, `params[${at}].`));
  const keptTags = tags.map((tag, at) => checkedRunTag(tag, `tags[${at}].`));
  const seen = new Set<string>();
  const doubled = params.filter(({ key }) => seen.size === seen.add(key).size).map(({ key }) => key);
  if (doubled.length > 0) {
    throw invalid(
      `Duplicate parameter keys have been submitted: ['${doubled.join("', '")}']. Please ensure the request contains only one param value per param key.`,
    );
  }
  return { metrics, params: keptParams, tags: keptTags };
}

function checkCount(what: string, count: number, max: number): void {
  if (count <= max) return;
  throw invalid(
    `A batch logging request can contain at most ${max} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
  );
}
