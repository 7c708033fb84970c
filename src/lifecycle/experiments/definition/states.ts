import { PilotfishError } from '../../../base/index.ts';

/** The life of an experiment: where it may go from where. */
const EXPERIMENT_TRANSITIONS = {
  draft: ['running', 'archived'],
  running: ['paused', 'complete'],
  paused: ['running', 'complete'],
  complete: ['archived'],
  archived: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ExperimentStatus = keyof typeof EXPERIMENT_TRANSITIONS;
export const EXPERIMENT_STATUSES = Object.keys(EXPERIMENT_TRANSITIONS) as readonly ExperimentStatus[];

/** @throws PilotfishError `REFUSED` for a step there is not, naming those there are. */
export function checkTransition(id: string, from: ExperimentStatus, to: ExperimentStatus): void {
  const next: readonly string[] = EXPERIMENT_TRANSITIONS[from];
  if (next.includes(to)) return;
  const ways = next.length === 0 ? 'it stays so' : `it can become ${next.join(' or ')}`;
  throw new PilotfishError('REFUSED', `experiment ${id} is ${from} and cannot become ${to}: ${ways}`);
}
