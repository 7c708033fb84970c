import { TurnedAway } from './errors.ts';

/** What a caller may do; each may do what those before it may. */
export const ROLES = ['viewer', 'contributor', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls. */
export type Identity = {
  /** What the audit log calls them. */
  readonly actor: string;
  readonly role: Role;
  /** The only models they may touch; undefined for all. */
  readonly models: readonly string[] | undefined;
};

/** A route says what its caller must be; one that says nothing is for admins. */
export type Demand = Role | 'anyone';

/** @throws TurnedAway for a caller of a lower role. */
export function requireRole(identity: Identity | undefined, demand: Demand): void {
  if (demand === 'anyone') return;
  if (identity === undefined) {
    throw new TurnedAway(401, 'who are you? send `Authorization: Bearer KEY` with an API key of this server');
  }
  if (ROLES.indexOf(identity.role) >= ROLES.indexOf(demand)) return;
  throw new TurnedAway(
    403,
    `this needs the role ${demand}, and the key of ${identity.actor} is of a ${identity.role}`,
  );
}

/** @throws TurnedAway for a caller whose key is for other models. */
export function requireModel(identity: Identity | undefined, model: string): void {
  if (identity?.models === undefined || identity.models.includes(model)) return;
  throw new TurnedAway(403, `the key of ${identity.actor} is not for the model ${model}`);
}

/** @throws TurnedAway for a caller whose key is for some models only, where a call concerns all. */
export function requireAllModels(identity: Identity | undefined): void {
  if (identity?.models === undefined) return;
  throw new TurnedAway(403, `the key of ${identity.actor} is for ${identity.models.join(', ')} only`);
}

/** Tells who a caller is by the key they send. */
export interface KeyRing {
  /** Whether there is any key; while there is none, only `open` decides. */
  readonly isEmpty: boolean;
  /** Undefined for a key that is not, or no longer, valid. */
  find(key: string): Identity | undefined;
}
