import type { RolloutEvent, RolloutObservation, RolloutPlan, RolloutStatus } from '../../lifecycle/index.ts';
import { type ClientVersionRef, pathOf, type Transport } from './transport.ts';

/** A rollout as it is asked for. */
export type ClientRolloutDraft = {
  readonly id?: string;
  /** The candidate, in staging or production. */
  readonly model: ClientVersionRef;
  /** A plan, or the name of one that ships. `standard`. */
  readonly plan?: RolloutPlan | string;
  /** In place of those of the plan. */
  readonly regions?: readonly string[];
};

/** Models on their way to everyone, on a server; as `RolloutManager`. */
export class RolloutsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first. */
  async list(filter: { readonly model?: string } = {}): Promise<RolloutStatus[]> {
    type Listed = { rollouts: RolloutStatus[] };
    return (await this.#transport.json<Listed>('GET', 'rollouts', { query: filter })).rollouts;
  }

  /** Where it stands, and what happened. @throws PilotfishError `MISSING`. */
  show(id: string): Promise<{ rollout: RolloutStatus; events: (RolloutEvent & { readonly seq: number })[] }> {
    return this.#transport.json('GET', pathOf('rollouts', id));
  }

  /** @throws PilotfishError `USAGE`, `MISSING`, `EXISTS`; `REFUSED` for a version neither in staging nor in production. */
  start({ model, ...draft }: ClientRolloutDraft, reason?: string): Promise<RolloutStatus> {
    const body = { ...draft, model: model.name, version: String(model.version), reason };
    return this.#transport.json('POST', 'rollouts', { body });
  }

  /** Looks at one that no process feeds, and takes the steps that are due. @throws PilotfishError `MISSING`, `LOCKED`. */
  advance(id: string, reason?: string): Promise<RolloutStatus> {
    return this.#command(id, 'advance', reason);
  }

  /** Stays at the present shares. @throws PilotfishError `MISSING`, `REFUSED`. */
  pause(id: string, reason?: string): Promise<RolloutStatus> {
    return this.#command(id, 'pause', reason);
  }

  /** Goes on. @throws PilotfishError `MISSING`, `REFUSED`. */
  resume(id: string, reason?: string): Promise<RolloutStatus> {
    return this.#command(id, 'resume', reason);
  }

  /** Ends the present step before its time; not without its evidence. @throws PilotfishError `MISSING`, `REFUSED`. */
  promote(id: string, reason?: string): Promise<RolloutStatus> {
    return this.#command(id, 'promote', reason);
  }

  /** Ends one that is under way. @throws PilotfishError `MISSING`, `REFUSED`. */
  abort(id: string, reason?: string): Promise<RolloutStatus> {
    return this.#command(id, 'abort', reason);
  }

  /** Takes the model back, also after it succeeded. @throws PilotfishError `MISSING`, `REFUSED`. */
  rollback(id: string, reason?: string): Promise<RolloutStatus> {
    return this.#command(id, 'rollback', reason);
  }

  /**
   * What decisions came to that were made elsewhere; all of them or none. A batch with a name is counted once.
   * @throws PilotfishError `MISSING`, `LOCKED`, `USAGE`; `EXISTS` for a batch that was counted.
   */
  record(id: string, observations: readonly RolloutObservation[], batch?: string): Promise<RolloutStatus> {
    const body = { observations, batch };
    return this.#transport.json('POST', pathOf('rollouts', id, 'observations'), { body });
  }

  #command(id: string, command: string, reason: string | undefined): Promise<RolloutStatus> {
    return this.#transport.json('POST', pathOf('rollouts', id, command), { body: { reason } });
  }
}
