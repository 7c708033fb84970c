import { PilotfishError } from '../../base/index.ts';
import type { StudySettings } from './settings.ts';
import type { ParameterValues } from './space.ts';

/** How a trial ended. */
export type TrialState = 'complete' | 'pruned' | 'failed';

/**
 * One line of a study's journal: plain JSON, appended and never changed. The first says what the study is; the
 * others what happened, in order. The order of the names in a space counts: what sorts keys makes it another study.
 */
export type JournalRecord =
  | { readonly type: 'study'; readonly version: 1; readonly settings: StudySettings }
  | { readonly type: 'ask'; readonly trial: number; readonly parameters: ParameterValues }
  | { readonly type: 'report'; readonly trial: number; readonly step: number; readonly value: number }
  | { readonly type: 'tell'; readonly trial: number; readonly state: TrialState; readonly value?: number }
  | { readonly type: 'requeue'; readonly trial: number };

/** A complete trial and its value. */
export type CompleteTrial = { readonly parameters: ParameterValues; readonly value: number };

/** The complete trials of a journal, in the order they were told: what `parameterImportance` needs. */
export function completeTrials(records: Iterable<JournalRecord>): CompleteTrial[] {
  const asked = new Map<number, ParameterValues>();
  const complete: CompleteTrial[] = [];
  for (const record of records) {
    if (record.type === 'ask') asked.set(record.trial, record.parameters);
    if (record.type !== 'tell') continue;
    const parameters = asked.get(record.trial);
    asked.delete(record.trial);
    if (record.state === 'complete' && parameters !== undefined && record.value !== undefined) {
      complete.push({ parameters, value: record.value });
    }
  }
  return complete;
}

/** The error for line `index` of a journal. */
export function damagedRecord(index: number, cause: unknown): PilotfishError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PilotfishError(
    'DAMAGED',
    `record ${index} of the journal does not fit (${reason}): cut it off there`,
    {
      cause,
    },
  );
}
