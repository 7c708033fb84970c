import { areObjects, isObject, need, PilotfishError } from '../../../base/index.ts';
import { checkedGuardrail, checkedMetric, checkedTarget, checkNames, FALLBACK_METRIC } from './metrics.ts';
import { ruleOf } from './rule.ts';
import {
  type Analysis,
  type AnalysisDraft,
  type Arm,
  type Definition,
  type Experiment,
  HASH_VERSIONS,
  type ModelVariant,
} from './types.ts';

/** What an installation settles for experiments that do not say. */
export type ExperimentDefaults = { readonly minimumSamples: number; readonly stickyAssignment: boolean };

const ID = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,127}$/u;
const MAX_TEXT = 2000;
const MAX_DEFINITION = 65_536;
const MAX_MODEL_ID = 256;
const MAX_ARMS = 10;
const MAX_SAMPLES = 1_000_000_000;
const DEFAULT_ALPHA = 0.05;
/** Divided among all arms and metrics it is still more than the tests take. */
const LEAST_ALPHA = 1e-9;
const DEFAULT_TREATMENT_PCT = 10;
const ALL_PCT = 100;
/** As written, and a little for the rounding of the sum. */
const SUM_TOLERANCE_PCT = 0.1 + 1e-9;

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);

/** Checks an experiment and fills in what it leaves open. @throws PilotfishError `USAGE`. */
export function define(experiment: Experiment, defaults: ExperimentDefaults): Definition {
  checkShape(experiment);
  const { id, name = id, description = '', salt = id, hash = 'pilotfish-1', namespace, holdout } = experiment;
  if (typeof id !== 'string' || !ID.test(id))
    throw usage('the id of an experiment is up to 128 letters, digits and ._-, with a letter or digit first');
  for (const text of [name, description, salt]) {
    if (typeof text !== 'string' || text.length > MAX_TEXT)
      throw usage(`name, description and salt of ${id} are texts of at most ${MAX_TEXT} characters`);
  }
  if (!HASH_VERSIONS.includes(hash))
    throw usage(`there is no hash ${hash}: give ${HASH_VERSIONS.join(', ')}`);
  checkPart('namespace', namespace && [namespace.name, namespace.from, namespace.to]);
  checkPart('hold-out', holdout && [holdout.name, 0, holdout.share]);
  const settled = {
    ...{ id, name, description, salt, hash },
    target: checkedTarget(experiment.targetMetric),
    arms: armsOf(experiment.models),
    stickyAssignment: experiment.stickyAssignment ?? defaults.stickyAssignment,
    minimumSamples: wholeIn('minimumSamples', experiment.minimumSamples ?? defaults.minimumSamples, 2),
    guardrails: (experiment.guardrails ?? []).map(checkedGuardrail),
    secondary: (experiment.secondaryMetrics ?? []).map(checkedMetric),
    analysis: analysisOf(experiment.analysis ?? {}),
    ...(namespace === undefined ? {} : { namespace }),
    ...(holdout === undefined ? {} : { holdout }),
  };
  const { target, guardrails, secondary, analysis, minimumSamples } = settled;
  if ((analysis.samplesPerArm ?? minimumSamples) < minimumSamples)
    throw usage(
      `samplesPerArm is below minimumSamples, ${minimumSamples}: one look before it would decide nothing`,
    );
  if ([target, ...secondary].some((metric) => metric.name === FALLBACK_METRIC))
    throw usage(`${FALLBACK_METRIC} is counted by itself: it may only be a guardrail`);
  checkNames([target, ...guardrails, ...secondary]);
  if (JSON.stringify(settled).length > MAX_DEFINITION)
    throw usage(`${id} has more than ${MAX_DEFINITION} characters as JSON: keep large values elsewhere`);
  return { ...settled, rule: ruleOf(settled) };
}

/** What no type promises of an experiment that comes from plain JavaScript, or from a file. */
function checkShape(experiment: Experiment): void {
  need(
    isObject(experiment),
    'an experiment is an object: give { id, targetMetric, models: [{ modelId, isControl }, …] }',
  );
  const {
    models,
    guardrails = [],
    secondaryMetrics = [],
    analysis = {},
    namespace = {},
    holdout = {},
  } = experiment;
  need(areObjects(models), 'models is a list: give the variants, such as { modelId: "v1", isControl: true }');
  need(areObjects(guardrails), 'guardrails is a list: give metrics, such as { name, direction: "lower" }');
  need(
    areObjects(secondaryMetrics),
    'secondaryMetrics is a list: give metrics, such as { name, direction: "higher" }',
  );
  need(isObject(analysis), 'analysis is an object: give { method: "anytime" }, or leave it out');
  need(isObject(namespace), 'namespace is an object: give { name, from, to }, or leave it out');
  need(isObject(holdout), 'holdout is an object: give { name, share }, or leave it out');
}

/** @throws PilotfishError `USAGE`. */
export function checkedCoverage(coverage: number): number {
  if (coverage > 0 && coverage <= 1) return coverage;
  throw usage(`coverage is ${coverage}: give the share of units that take part, above 0 and up to 1`);
}

function armsOf(models: readonly ModelVariant[]): Arm[] {
  if (!Array.isArray(models) || models.length < 2 || models.length > MAX_ARMS)
    throw usage(`an experiment has 2 to ${MAX_ARMS} variants`);
  const ids = models.map(({ modelId }) => modelId);
  const isId = (id: unknown): boolean => typeof id === 'string' && id.length > 0 && id.length <= MAX_MODEL_ID;
  if (!ids.every(isId)) throw usage(`a variant names its model by 1 to ${MAX_MODEL_ID} characters`);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw usage(`the model ${twice} is named by two variants: give each its own`);
  if (models.filter(({ isControl }) => isControl).length !== 1)
    throw usage('exactly one variant is the control: mark it with isControl');
  const shares = sharesOf(models);
  return models.map(({ modelId, isControl, description = '', value }, arm) => ({
    ...{ modelId, isControl, description, trafficPct: shares[arm] as number },
    ...(value === undefined ? {} : { value }),
  }));
}

/** Shares that sum to exactly 100, as near as floating point comes. */
function sharesOf(models: readonly ModelVariant[]): number[] {
  const given = models.flatMap(({ trafficPct }) => (trafficPct === undefined ? [] : [trafficPct]));
  if (given.length === 0) {
    const control = ALL_PCT - DEFAULT_TREATMENT_PCT * (models.length - 1);
    return models.map(({ isControl }) => (isControl ? control : DEFAULT_TREATMENT_PCT));
  }
  if (given.length < models.length)
    throw usage('some variants have no trafficPct: give all of them one, or none');
  const bad = given.find((share) => !(share > 0));
  if (bad !== undefined) throw usage(`a trafficPct is ${bad}: give more than 0, or leave the variant out`);
  const sum = given.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - ALL_PCT) > SUM_TOLERANCE_PCT)
    throw usage(`the traffic sums to ${+sum.toFixed(3)} %: give shares that sum to 100`);
  return given.map((share) => (share / sum) * ALL_PCT);
}

function analysisOf({ method = 'anytime', alpha = DEFAULT_ALPHA, ...rest }: AnalysisDraft): Analysis {
  if (!(alpha >= LEAST_ALPHA && alpha <= 0.5))
    throw usage(`alpha is ${alpha}: give a probability from ${LEAST_ALPHA} up to 0.5`);
  if (method === 'fixed') {
    if (rest.samplesPerArm === undefined)
      throw usage(
        'a fixed horizon needs analysis.samplesPerArm: `samplesPerArm` of the statistics computes it',
      );
    return { method, alpha, samplesPerArm: wholeIn('samplesPerArm', rest.samplesPerArm, 2) };
  }
  if (method !== 'anytime') throw usage(`there is no analysis ${String(method)}: give anytime or fixed`);
  if (rest.samplesPerArm !== undefined)
    throw usage('samplesPerArm is for the analysis `fixed`: leave it out');
  return rest.tuneCount === undefined
    ? { method, alpha }
    : { method, alpha, tuneCount: wholeIn('tuneCount', rest.tuneCount, 1) };
}

function wholeIn(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= MAX_SAMPLES) return value;
  throw usage(`${name} is ${value}: give a whole number from ${least} to ${MAX_SAMPLES}`);
}

function checkPart(what: string, part: readonly [string, number, number] | undefined): void {
  if (part === undefined) return;
  const [name, from, to] = part;
  if (
    typeof name === 'string' &&
    name !== '' &&
    name.length <= MAX_MODEL_ID &&
    from >= 0 &&
    from < to &&
    to <= 1
  )
    return;
  throw usage(`a ${what} has a name and a part of the units between 0 and 1`);
}
