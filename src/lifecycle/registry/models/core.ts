import type { Clock, RandomSource } from '../../../base/index.ts';
import type { Signer } from '../artefacts/signer.ts';
import type { ArtefactStore } from '../artefacts/store.ts';
import type { AuditLog, Change } from '../audit/log.ts';
import type { RegistryState, Sql } from '../state/port.ts';
import { type EventKind, emitEvent } from '../webhooks/outbox.ts';
import type { LifeCycle, PolicyName } from './life-cycle.ts';

/** What the parts of the registry share. */
export type Core = {
  readonly state: RegistryState;
  readonly store: ArtefactStore;
  readonly signer: Signer;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly lifeCycles: Readonly<Record<PolicyName, LifeCycle>>;
};

/** Tells webhooks and subscribers, in the transaction of the change. */
export function tell(
  core: Core,
  sql: Sql,
  kind: EventKind,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  return emitEvent(sql, { ...kind, timeMs: core.clock.nowMs(), data }, core.random);
}

/** Writes a change down, in its transaction. */
export function note(
  core: Core,
  sql: Sql,
  change: Change,
  [action, subject, before, after]: readonly [string, string, unknown, unknown],
): Promise<void> {
  return core.audit.append(sql, { action, subject, before, after }, change);
}
