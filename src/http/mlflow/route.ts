import type { RegistryChange } from '../../lifecycle/index.ts';
import type { Identity, Role } from '../identity.ts';
import type { Params } from './params.ts';

/** Who asks, for what the answer depends on it or the audit log names. */
export type Caller = { readonly identity: Identity | undefined; readonly change: RegistryChange };

/** A call of MLflow's interface. */
export type MlflowRoute = {
  readonly methods: readonly ('GET' | 'POST' | 'PATCH' | 'DELETE')[];
  /** Below `/api/2.0/mlflow`. */
  readonly path: string;
  readonly role: Role;
  /** The caller must be let near the model that the parameter `name` names. */
  readonly isOfModel?: true;
  readonly answer: (params: Params, caller: Caller) => Promise<object>;
};

type Answer = MlflowRoute['answer'];

/** A route that looks. */
export const read = (path: string, answer: Answer): MlflowRoute => ({
  methods: ['GET'],
  path,
  role: 'viewer',
  answer,
});

/** A route that changes something. */
export const write = (path: string, answer: Answer): MlflowRoute => ({
  ...{ methods: ['POST'], path, role: 'contributor', answer },
});

/** A route that changes a part of something. */
export const patch = (path: string, answer: Answer): MlflowRoute => ({
  ...write(path, answer),
  methods: ['PATCH'],
});

/** A route that takes something away. */
export const remove = (path: string, answer: Answer): MlflowRoute => ({
  ...write(path, answer),
  methods: ['DELETE'],
});

/** A change of what is served, or one that cannot be undone. */
export const approved = (route: MlflowRoute): MlflowRoute => ({ ...route, role: 'approver' });

/** The answer to what has none. */
export const NOTHING: object = {};

/** Runs a change that has no answer. */
export const done = async (change: Promise<unknown>): Promise<object> => {
  await change;
  return NOTHING;
};
