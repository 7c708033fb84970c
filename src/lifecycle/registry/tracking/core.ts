import type { Clock, RandomSource } from '../../../base/index.ts';
import type { AuditLog } from '../audit/log.ts';
import type { RegistryState } from '../state/port.ts';
import type { ViewType } from './types.ts';

/** What the parts of tracking share. */
export type TrackingCore = {
  readonly state: RegistryState;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where artefacts of experiments that name no place of their own lie: `ROOT/EXPERIMENT`. */
  readonly artifactRoot: string;
};

/** The condition a view stands for, on column `lifecycle_stage` of a table. */
export function viewCondition(table: string, view: ViewType = 'ACTIVE_ONLY'): string {
  if (view === 'ALL') return '1 = 1';
  return `${table}.lifecycle_stage = '${view === 'ACTIVE_ONLY' ? 'active' : 'deleted'}'`;
}
