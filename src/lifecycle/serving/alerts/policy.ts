import { isObject, PilotfishError } from '../../../base/index.ts';
import { numberWithin } from '../../../learn/index.ts';

/** What an alert may set off: the version before goes back into production, or the model is trained again. */
const ALERT_ACTIONS = ['rollback', 'train'] as const;
export type AlertAction = (typeof ALERT_ACTIONS)[number];

/** What follows an alert. */
export type AlertRule = {
  readonly action: AlertAction;
  /** The same is not done again for the same model within so many minutes. */
  readonly pauseMinutes: number;
  /** What a training learns from: the path of a data set; the rows that were sent for the model, unless it is given. */
  readonly dataset?: string;
};

/** What follows which alert, by its name; alerts that are not in it are only answered. */
export type AlertPolicy = Readonly<Record<string, AlertRule>>;

const DAY_MINUTES = 1440;
const MAX_RULES = 100;
const MAX_NAME_LENGTH = 128;
const MAX_PAUSE_MINUTES = 365 * DAY_MINUTES;

/** For the rules of `examples/prometheus/alerts.yml`. */
export const DEFAULT_ALERT_POLICY: AlertPolicy = {
  PilotfishModelAccuracyDropped: { action: 'rollback', pauseMinutes: DAY_MINUTES },
  PilotfishModelOld: { action: 'train', pauseMinutes: DAY_MINUTES },
};

/** A policy as it comes from a file. @throws PilotfishError `USAGE`, naming what is wrong. */
export function checkAlertPolicy(value: unknown): AlertPolicy {
  if (!isObject(value)) throw usage('alerts is an object: names of alerts with what follows them');
  const entries = Object.entries(value);
  if (entries.length > MAX_RULES) throw usage(`alerts has more than ${MAX_RULES} names`);
  return Object.fromEntries(entries.map(([name, rule]) => [checkName(name), checkRule(name, rule)]));
}

function checkName(name: string): string {
  if (name.length > 0 && name.length <= MAX_NAME_LENGTH) return name;
  throw usage(`the name of an alert has 1 to ${MAX_NAME_LENGTH} characters`);
}

function checkRule(name: string, rule: unknown): AlertRule {
  const { action, pauseMinutes = DAY_MINUTES, dataset, ...rest } = isObject(rule) ? rule : {};
  const known = ALERT_ACTIONS.find((each) => each === action);
  if (known === undefined) throw usage(`alerts.${name}.action is one of ${ALERT_ACTIONS.join(', ')}`);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw usage(`alerts.${name} has no ${unknown}: give action, pauseMinutes and dataset`);
  if (dataset !== undefined && (known !== 'train' || typeof dataset !== 'string' || dataset === '')) {
    throw usage(`alerts.${name}.dataset is the path of a data set, for the action train`);
  }
  const pause = numberWithin(`alerts.${name}.pauseMinutes`, pauseMinutes as number, [0, MAX_PAUSE_MINUTES]);
  return { action: known, pauseMinutes: pause, ...(dataset === undefined ? {} : { dataset }) };
}

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
