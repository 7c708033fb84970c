import { hasCode, isObject, type Log, need, PilotfishError } from '../../../base/index.ts';
import {
  DRIFT_SEVERITIES,
  type DriftAction,
  type DriftAlert,
  type DriftResponse,
  type DriftSeverity,
} from '../types.ts';

/** What follows an alarm, by its severity. */
export type DriftPolicy = Readonly<Partial<Record<DriftSeverity, DriftResponse>>>;

/** Does what a policy says, to one model. @returns what was done, in words */
export type DriftResponder = (
  response: DriftResponse,
  request: { readonly model: string; readonly alert: DriftAlert },
) => Promise<string>;

export const DRIFT_RESPONSES: readonly DriftResponse[] = ['rollback', 'retrain', 'notify'];

/** @throws PilotfishError `USAGE` for what is no policy. */
export function checkPolicy(policy: DriftPolicy): DriftPolicy {
  need(isObject(policy), "policy is what follows by severity: give { critical: 'rollback' }");
  for (const [severity, response] of Object.entries(policy)) {
    if (!(DRIFT_SEVERITIES as readonly string[]).includes(severity))
      throw new PilotfishError('USAGE', `${severity} is no severity: give ${DRIFT_SEVERITIES.join(', ')}`);
    if (!DRIFT_RESPONSES.includes(response))
      throw new PilotfishError('USAGE', `${response} is no response: give ${DRIFT_RESPONSES.join(', ')}`);
  }
  return policy;
}

/** Does what follows an alarm to every model that reads the feature; what fails for one is no hindrance for the next. */
export async function respondTo(
  alert: DriftAlert,
  {
    policy,
    respond,
    log,
  }: { readonly policy: DriftPolicy; readonly respond: DriftResponder; readonly log: Log },
): Promise<DriftAction[]> {
  const response = policy[alert.severity];
  if (response === undefined) return [];
  const actions: DriftAction[] = [];
  for (const model of alert.models) {
    try {
      const detail = await respond(response, { model, alert });
      actions.push({ model, response, state: 'done', detail });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      log.write('error', `drift: ${response} of ${model} failed: ${detail}`, { alert: alert.id });
      actions.push({
        model,
        response,
        state: 'failed',
        detail: hasCode(error) ? detail : 'an unexpected error: see the log',
      });
    }
  }
  return actions;
}
