import {
  type Clock,
  type Log,
  PilotfishError,
  type RandomSource,
  secureBytes,
  silentLog,
  systemClock,
} from '../../base/index.ts';
import { numberWithin, wholeNumber } from '../../learn/index.ts';
import type { AuditLog } from '../registry/index.ts';
import { checkPolicy, type DriftPolicy, type DriftResponder } from './respond/policy.ts';
import { type AlarmBudget, checkBudget } from './windows/budget.ts';
import type { SeverityThresholds } from './windows/finding.ts';

/** How a `DriftDetector` works; every field has a default. */
export type DriftOptions = {
  /** False alarms of the whole system. 10 of a million observations. */
  readonly budget?: AlarmBudget;
  /** Distances from which on a drift is medium (0.10), high (0.15) and critical (0.25); below it is low. */
  readonly severities?: Partial<SeverityThresholds>;
  /** How often findings are told and windows kept, in milliseconds. 300 000. */
  readonly checkIntervalMs?: number;
  /** How long alarms are kept, in days. 30. */
  readonly retentionDays?: number;
  /** Features, predictions and error streams together. 256. */
  readonly maxStreams?: number;
  /** What follows an alarm by its severity: nothing but the callback. */
  readonly policy?: DriftPolicy;
  /** Does what the policy says. */
  readonly respond?: DriftResponder;
  /** Where changes of baselines are written down; `registry.audit`. */
  readonly audit?: AuditLog | undefined;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly log?: Log;
};

const DAY_MS = 86_400_000;
export const DRIFT_THRESHOLD = 0.05;
export const DRIFT_WINDOW_SIZE = 1000;
export const DRIFT_CHECK_INTERVAL_MS = 300_000;
const WINDOW_SIZES: readonly [number, number] = [64, 100_000];

/** @throws PilotfishError `USAGE` for what is out of range. */
export function checkOptions(threshold: number, windowSize: number, options: DriftOptions) {
  const { severities = {}, policy = {}, respond } = options;
  const steps = { medium: 0.1, high: 0.15, critical: 0.25, ...severities };
  for (const [name, value] of Object.entries(steps)) numberWithin(`severities.${name}`, value, [0, 1]);
  if (!(steps.medium <= steps.high && steps.high <= steps.critical)) {
    throw new PilotfishError('USAGE', 'severities rise from medium to high to critical: put them in order');
  }
  const interval = options.checkIntervalMs ?? DRIFT_CHECK_INTERVAL_MS;
  return {
    floor: numberWithin('threshold', threshold, [0, 1]),
    // A window has two halves.
    half: Math.ceil(wholeNumber('windowSize', windowSize, WINDOW_SIZES) / 2),
    budget: checkBudget(options.budget ?? {}),
    severities: steps,
    checkIntervalMs: numberWithin('checkIntervalMs', interval, [1000, DAY_MS]),
    keptMs: numberWithin('retentionDays', options.retentionDays ?? 30, [0.01, 3650]) * DAY_MS,
    maxStreams: wholeNumber('maxStreams', options.maxStreams ?? 256, [1, 10_000]),
    policy: checkPolicy(policy),
    respond,
    audit: options.audit,
    clock: options.clock ?? systemClock,
    random: options.random ?? secureBytes,
    log: options.log ?? silentLog,
  };
}

export type CheckedOptions = ReturnType<typeof checkOptions>;
