import { PilotfishError } from '../../../base/index.ts';

/** The states of a version, as document 003 names them. */
export const ModelStatus = {
  Draft: 'draft',
  Testing: 'testing',
  Staging: 'staging',
  Production: 'production',
  Archived: 'archived',
} as const;

export type ModelStatus = (typeof ModelStatus)[keyof typeof ModelStatus];

/** All of them, youngest first. */
export const MODEL_STATUSES: readonly ModelStatus[] = Object.values(ModelStatus);

/** MLflow's stages. */
export type Stage = 'None' | 'Staging' | 'Production' | 'Archived';

/** A transition that is allowed, and the kinds of evidence that must have been passed for it. */
export type Transition = {
  readonly from: ModelStatus;
  readonly to: ModelStatus;
  readonly evidence: readonly string[];
};

/** A life cycle as data. */
export type LifeCycle = {
  readonly transitions: readonly Transition[];
  /** Whether a version that enters production archives the one that is there. */
  readonly hasOneProduction: boolean;
};

/** How strictly the life cycle of a name is kept. */
export type PolicyName = 'guarded' | 'open';

const step = (from: ModelStatus, to: ModelStatus, ...evidence: readonly string[]): Transition => ({
  from,
  to,
  evidence,
});

/**
 * Document 003: tested offline before staging, tried on real traffic before production, archived in place of deleted.
 * Steps forward need evidence, steps back do not.
 */
export const GUARDED: LifeCycle = {
  transitions: [
    step('draft', 'testing'),
    step('draft', 'archived'),
    step('testing', 'staging', 'evaluation'),
    step('testing', 'draft'),
    step('testing', 'archived'),
    step('staging', 'production', 'experiment'),
    step('staging', 'testing'),
    step('staging', 'archived'),
    step('production', 'archived'),
    step('archived', 'testing'),
  ],
  hasOneProduction: true,
};

/** MLflow: statuses are labels. */
export const OPEN: LifeCycle = {
  transitions: MODEL_STATUSES.flatMap((from) => MODEL_STATUSES.map((to) => step(from, to))),
  hasOneProduction: false,
};

/**
 * The transition from one status to another.
 * @throws PilotfishError `REFUSED` when there is none, with the steps that lead there.
 */
export function transitionOf(cycle: LifeCycle, from: ModelStatus, to: ModelStatus): Transition {
  const found = cycle.transitions.find((item) => item.from === from && item.to === to);
  if (found !== undefined) return found;
  const steps = stepsBetween(cycle, from, to);
  const advice =
    steps === undefined || steps.length === 0
      ? 'there is no way there'
      : `go ${steps.map(({ to: next, evidence }) => `${next}${needs(evidence)}`).join(', then ')}`;
  throw new PilotfishError('REFUSED', `a version in ${from} cannot go to ${to} at once: ${advice}`);
}

/** The shortest way from one status to another; undefined when there is none. */
export function stepsBetween(cycle: LifeCycle, from: ModelStatus, to: ModelStatus): Transition[] | undefined {
  const ways: Transition[][] = [[]];
  const seen = new Set<ModelStatus>([from]);
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const at = way.at(-1)?.to ?? from;
    if (at === to) return way;
    for (const next of cycle.transitions) {
      if (next.from !== at || seen.has(next.to)) continue;
      seen.add(next.to);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

const needs = (evidence: readonly string[]): string =>
  evidence.length === 0 ? '' : ` (needs passed evidence: ${evidence.join(', ')})`;

/** The stage MLflow shows for a status. */
export function stageOf(status: ModelStatus): Stage {
  if (status === 'staging') return 'Staging';
  if (status === 'production') return 'Production';
  return status === 'archived' ? 'Archived' : 'None';
}

/** The status a stage means, in any case. @throws PilotfishError `USAGE`. */
export function statusOfStage(stage: string): ModelStatus {
  const status = {
    none: 'draft',
    staging: 'staging',
    production: 'production',
    archived: 'archived',
  } as const;
  const key = stage.toLowerCase();
  const found = Object.hasOwn(status, key) ? status[key as keyof typeof status] : undefined;
  if (found !== undefined) return found;
  throw new PilotfishError(
    'USAGE',
    `Invalid Model Version stage: ${stage}. Value must be one of None, Staging, Production, Archived.`,
  );
}
