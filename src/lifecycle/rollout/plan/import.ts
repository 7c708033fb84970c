import { PilotfishError } from '../../../base/index.ts';
import { checkPlan } from './check.ts';
import { type RolloutPlan, type RolloutStep, STANDARD_PLAN } from './plan.ts';

/** What neither vocabulary says: the rest of the plan. */
export type ImportOptions = Partial<Omit<RolloutPlan, 'steps'>> & {
  readonly minEvidence?: RolloutStep['minEvidence'];
};

/** Steps of `spec.strategy.canary` of an Argo Rollout. */
export type ArgoCanary = { readonly steps: readonly Readonly<Record<string, unknown>>[] };

/** `spec.analysis` of a Flagger Canary. */
export type FlaggerAnalysis = {
  readonly interval: string;
  readonly threshold?: number;
  readonly iterations?: number;
  readonly maxWeight?: number;
  readonly stepWeight?: number;
  readonly stepWeights?: readonly number[];
  readonly mirror?: boolean;
};

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const DEFAULT_EVIDENCE = { model: 500, rule: 100 };
const PERCENT = 100;
const MAX_IMPORTED = 50;

const unusable = (what: string): PilotfishError =>
  new PilotfishError('USAGE', `the canary cannot be imported: ${what}`);

/** Seconds as a number, or Go's durations such as `90s`, `1h30m`. */
function durationMs(given: unknown): number {
  if (typeof given === 'number' && given >= 0 && given < Infinity) return given * 1000;
  const text = String(given);
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  if (/^([0-9]{1,6}[smh])+$/.test(text)) {
    return [...text.matchAll(/([0-9]+)([smh])/g)].reduce(
      (sum, [, digits, unit]) => sum + Number(digits) * (UNIT_MS[unit ?? ''] as number),
      0,
    );
  }
  throw unusable(`${text} is no duration such as 30s, 5m or 1h30m`);
}

function shareOf(weight: unknown): number {
  if (typeof weight === 'number' && weight >= 0 && weight <= PERCENT) return weight / PERCENT;
  throw unusable(`a weight of ${String(weight)} is no percentage from 0 to 100`);
}

/** The plan of these steps, up to everyone. @throws PilotfishError `USAGE`. */
function planOf(name: string, steps: RolloutStep[], options: ImportOptions): RolloutPlan {
  const { minEvidence = DEFAULT_EVIDENCE, ...rest } = options;
  // Both serve everyone when their steps are over.
  if (steps.at(-1)?.share !== 1) steps.push({ share: 1, durationMs: 0, minEvidence });
  const plan = { ...STANDARD_PLAN, name, ...rest, steps };
  checkPlan(plan);
  return plan;
}

/**
 * The plan of an Argo Rollouts canary: `setWeight`, `pause` (without a duration until someone promotes) and
 * `setMirrorRoute`, which is our shadow. @throws PilotfishError `USAGE`; `UNSUPPORTED` for other steps.
 */
export function planFromArgo({ steps }: ArgoCanary, options: ImportOptions = {}): RolloutPlan {
  const { minEvidence = DEFAULT_EVIDENCE } = options;
  if (!Array.isArray(steps) || steps.length > MAX_IMPORTED)
    throw unusable(`give at most ${MAX_IMPORTED} steps`);
  const out: RolloutStep[] = [];
  for (const step of steps as ArgoCanary['steps']) {
    const [[word = '', value] = []] = Object.entries(step);
    if (word === 'setWeight') out.push({ share: shareOf(value), durationMs: 0, minEvidence });
    else if (word === 'setMirrorRoute') out.push({ share: 0, durationMs: 0, minEvidence });
    else if (word === 'pause') {
      const last = out.pop() ?? { share: 0, durationMs: 0, minEvidence };
      const given = (value as { duration?: unknown } | null)?.duration;
      out.push(
        given === undefined
          ? { ...last, needsApproval: true }
          : { ...last, durationMs: last.durationMs + durationMs(given) },
      );
    } else {
      throw new PilotfishError(
        'UNSUPPORTED',
        `${word} has no counterpart here: leave it out, or pause in its place`,
      );
    }
  }
  return planOf('argo', out, options);
}

/**
 * The plan of a Flagger canary: weights grow by `stepWeight` up to `maxWeight`, or along `stepWeights`, one `interval`
 * each, then everyone; `mirror` or `iterations` begin with a shadow. @throws PilotfishError `USAGE`.
 */
export function planFromFlagger(analysis: FlaggerAnalysis, options: ImportOptions = {}): RolloutPlan {
  const { interval, threshold, iterations = 0, mirror = false, stepWeights } = analysis;
  const { minEvidence = DEFAULT_EVIDENCE } = options;
  const ms = durationMs(interval);
  const weights = stepWeights ?? weightsOf(analysis);
  if (weights.length > MAX_IMPORTED) throw unusable(`more than ${MAX_IMPORTED} weights`);
  const shadowed = Math.max(iterations, mirror ? 1 : 0);
  const steps: RolloutStep[] = shadowed > 0 ? [{ share: 0, durationMs: shadowed * ms, minEvidence }] : [];
  for (const weight of weights) steps.push({ share: shareOf(weight), durationMs: ms, minEvidence });
  const more = threshold === undefined ? {} : { hookThreshold: threshold };
  return planOf('flagger', steps, { ...more, ...options });
}

function weightsOf({ stepWeight, maxWeight = PERCENT }: FlaggerAnalysis): number[] {
  if (stepWeight === undefined) return [];
  if (!(stepWeight > 0 && stepWeight <= PERCENT && maxWeight > 0 && maxWeight <= PERCENT)) {
    throw unusable('stepWeight and maxWeight are percentages');
  }
  if (maxWeight / stepWeight > MAX_IMPORTED) throw unusable(`more than ${MAX_IMPORTED} weights`);
  const weights: number[] = [];
  for (let weight = stepWeight; weight < maxWeight; weight += stepWeight) weights.push(weight);
  return [...weights, maxWeight];
}
