import { isObject, need, PilotfishError } from '../../../base/index.ts';
import type { Experiment, Guardrail, MetricSpec } from './types.ts';

/** Counted in every record that says whether the treatment fell back; nobody has to name it. */
export const FALLBACK_METRIC = 'fallback';

const NAME = /^[\p{L}_][\p{L}\p{N}_.-]{0,99}$/u;
/** Metrics whose better direction nobody should have to guess. */
const NEEDS_DIRECTION = /latency|duration|time|error|loss|cost|bytes|size|failure|miss|_ms$|Ms$/i;
const MAX_METRICS = 50;
const DEFAULT_MARGIN = 0.05;

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);

/** @throws PilotfishError `USAGE`. */
export function checkedTarget(target: Experiment['targetMetric']): MetricSpec {
  if (typeof target !== 'string') {
    need(isObject(target), 'an experiment needs a targetMetric: give its name, or { name, direction }');
    return checkedMetric(target);
  }
  if (NEEDS_DIRECTION.test(target)) {
    throw usage(
      `the target metric ${target} does not say what is better: give { name, direction: 'lower' } or 'higher'`,
    );
  }
  return checkedMetric({ name: target, direction: 'higher' });
}

/** @throws PilotfishError `USAGE`. */
export function checkedMetric({ name, direction, denominator, value, quantile }: MetricSpec): MetricSpec {
  for (const each of [name, denominator ?? name, value ?? name]) {
    if (typeof each !== 'string' || !NAME.test(each)) {
      throw usage('a metric is named by up to 100 letters, digits and _.-, with a letter first');
    }
  }
  if (direction !== 'higher' && direction !== 'lower')
    throw usage(`the direction of ${name} is 'higher' or 'lower': say what is better`);
  if (quantile !== undefined && !(quantile > 0 && quantile < 1 && denominator === undefined))
    throw usage(`the quantile of ${name} is between 0 and 1, and of a value without denominator`);
  if (denominator === (value ?? name))
    throw usage(`${name} cannot be its own denominator: name another value`);
  return {
    ...{ name, direction },
    ...(denominator === undefined ? {} : { denominator }),
    ...(value === undefined ? {} : { value }),
    ...(quantile === undefined ? {} : { quantile }),
  };
}

/** @throws PilotfishError `USAGE`. */
export function checkedGuardrail(guardrail: Guardrail): Guardrail {
  const metric = checkedMetric(guardrail);
  const { marginAbsolute, marginRelative } = guardrail;
  if (metric.name === FALLBACK_METRIC && (metric.direction === 'higher' || marginAbsolute === undefined))
    throw usage('the guardrail fallback is better when lower and has a marginAbsolute, such as 0.1');
  if (marginAbsolute !== undefined && marginRelative !== undefined)
    throw usage(`the guardrail ${guardrail.name} has two margins: give one`);
  const margin = marginAbsolute ?? marginRelative ?? DEFAULT_MARGIN;
  const most = marginAbsolute === undefined ? 1 : Number.MAX_VALUE;
  if (!(margin > 0 && margin <= most)) {
    throw usage(`the margin of ${guardrail.name} is ${margin}: give how much worse it may get, more than 0`);
  }
  return {
    ...metric,
    ...(marginAbsolute === undefined ? { marginRelative: margin } : { marginAbsolute: margin }),
  };
}

/** @throws PilotfishError `USAGE` for a name that is there twice, or too many. */
export function checkNames(metrics: readonly MetricSpec[]): void {
  if (metrics.length > MAX_METRICS) throw usage(`an experiment has at most ${MAX_METRICS} metrics`);
  const seen = new Set<string>();
  for (const { name } of metrics) {
    if (seen.has(name))
      throw usage(`the metric ${name} is named twice: a metric decides, guards or is reported`);
    seen.add(name);
  }
}
