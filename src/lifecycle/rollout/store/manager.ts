import {
  areObjects,
  type Clock,
  need,
  PilotfishError,
  type RandomSource,
  secureBytes,
  systemClock,
} from '../../../base/index.ts';
import type { ModelRegistry, RegistryChange, RegistryState, Sql } from '../../registry/index.ts';
import { Rollout } from '../machine/rollout.ts';
import { isEnded, type Measure, type RolloutEvent, type RolloutHooks } from '../machine/types.ts';
import { checkPlan } from '../plan/check.ts';
import { STANDARD_PLAN } from '../plan/plan.ts';
import { LiveRollout } from './live.ts';
import { tellRegistry } from './outcome.ts';
import {
  eventsOf,
  insertRollout,
  noteBatch,
  rolloutAt,
  rolloutsOf,
  type StoredRollout,
  type StorePorts,
  updateRollout,
} from './rows.ts';
import type { Observation, RolloutDraft, RolloutStatus } from './types.ts';

export type RolloutManagerOptions = {
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly hooks?: RolloutHooks;
  readonly measure?: Measure;
};

const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_BATCH = 100_000;
const RETRIES = 5;
/** How long one that no process feeds is left alone. */
const LOOK_MS = 60_000;

/**
 * Rollouts that outlive the process: each with its plan, where it stands, what was observed, and what happened, which is
 * also in the audit log and told as an event. How one ends is told to the registry.
 *
 * @example
 * const rollouts = new RolloutManager(directory.state, directory.registry);
 * const { id } = await rollouts.start({ model: { name: 'codec', version: 3 }, plan: DOCUMENT_PLAN });
 * const live = await rollouts.attach(id);
 */
export class RolloutManager {
  readonly #state: RegistryState;
  readonly #ports: StorePorts;
  readonly #options: RolloutManagerOptions;

  constructor(state: RegistryState, registry: ModelRegistry, options: RolloutManagerOptions = {}) {
    const { clock = systemClock, random = secureBytes } = options;
    this.#state = state;
    this.#ports = { registry, clock, random };
    this.#options = options;
  }

  /**
   * Starts the rollout of a version; its first look asks the hooks and begins.
   * @throws PilotfishError `USAGE` for a plan that makes no sense; `MISSING`; `REFUSED` for a version that is neither in
   * staging nor in production; `EXISTS` while another rollout of the model is under way, or for an id that is taken.
   */
  async start(draft: RolloutDraft, change: RegistryChange = {}): Promise<RolloutStatus> {
    const { plan = STANDARD_PLAN } = draft;
    checkPlan(plan);
    const { registry, clock, random } = this.#ports;
    const found = await registry.versions.get(draft.model);
    const { name: model, number: version, status } = found;
    if (status !== 'staging' && status !== 'production') {
      throw new PilotfishError(
        'REFUSED',
        `${model}/${version} is in ${status}, and only what is in staging is rolled out: promote it first`,
      );
    }
    const id = draft.id ?? `${model}-${version}-${random(3).toString('hex')}`;
    if (!WORD.test(id)) {
      throw new PilotfishError('USAGE', 'the id of a rollout has letters, digits, `.`, `_` and `-`');
    }
    const rollout = new Rollout(plan, { clock });
    const nowMs = clock.nowMs();
    const stored: StoredRollout = {
      ...{ id, model, version, plan, phase: rollout.phase, control: rollout.control(), told: '' },
      ...{ evidence: rollout.evidence(), revision: 1, token: 0, isAttached: false },
      ...{ salt: random(16).toString('hex'), createdMs: nowMs, updatedMs: nowMs },
    };
    await this.#state.write(async (sql) => {
      for (const other of await rolloutsOf(sql, model)) {
        if (isEnded(other.phase)) continue;
        throw new PilotfishError('EXISTS', `${other.id} is under way: let it end, or abort it`);
      }
      if ((await sql.get('SELECT id FROM rollouts WHERE id = ?', id)) !== undefined) {
        throw new PilotfishError('EXISTS', `there was a rollout ${id} already: choose another id`);
      }
      await insertRollout(sql, stored);
      const after = { rollout: id, plan: plan.name };
      const drafted = { action: 'rollout.created', subject: `${model}/${version}`, before: null, after };
      await registry.audit.append(sql, drafted, change);
    });
    return this.get(id);
  }

  /** @throws PilotfishError `MISSING`. */
  async get(id: string): Promise<RolloutStatus> {
    return this.#statusOf(await this.#state.read((sql) => rolloutAt(sql, id)));
  }

  /** Newest first. */
  async list({ model }: { readonly model?: string } = {}): Promise<RolloutStatus[]> {
    const found = await this.#state.read((sql) => rolloutsOf(sql, model));
    return found.map((stored) => this.#statusOf(stored));
  }

  /** What happened, oldest first. @throws PilotfishError `MISSING`. */
  events(id: string, after = 0): Promise<(RolloutEvent & { readonly seq: number })[]> {
    return this.#state.read(async (sql) => {
      await rolloutAt(sql, id);
      return eventsOf(sql, id, after);
    });
  }

  /**
   * Takes a rollout over to feed it from this process, with what was kept of it; whoever fed it before hears `LOCKED` at
   * its next checkpoint, and its decisions are the rule's from then on. @throws PilotfishError `MISSING`.
   */
  async attach(id: string, change: RegistryChange = {}): Promise<LiveRollout> {
    const stored = await this.#state.write(async (sql) => {
      await rolloutAt(sql, id);
      await sql.run('UPDATE rollouts SET token = token + 1, is_attached = 1 WHERE id = ?', id);
      return rolloutAt(sql, id);
    });
    const { token, revision } = stored;
    return new LiveRollout({
      ...{ id, token, revision, change, state: this.#state, ports: this.#ports },
      // Numbers of decisions begin anew in each process, and must not bring the same arms each time.
      key: `${stored.salt}/${token}`,
      open: (onEvent) => this.#restore(stored, onEvent, true),
    });
  }

  /** Looks at a rollout that no process feeds. @throws PilotfishError `MISSING`, `LOCKED`, `CHANGED`. */
  async advance(id: string, change: RegistryChange = {}): Promise<RolloutStatus> {
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      const stored = await this.#state.read((sql) => rolloutAt(sql, id));
      refuseAttached(stored);
      const [rollout, events] = this.#open(stored, true);
      await rollout.advance();
      const isKept = await this.#state.write(async (sql) => {
        const now = await rolloutAt(sql, id);
        if (now.revision !== stored.revision) return false;
        const update = { control: rollout.control(), evidence: rollout.evidence(), events, change };
        await updateRollout(sql, stored, { ...update, ports: this.#ports });
        return true;
      });
      if (isKept) return this.#end(id, change);
    }
    throw new PilotfishError('LOCKED', `others change the rollout ${id} all the time: try again`);
  }

  /**
   * Looks at all that are under way and were left alone for a minute, and tells the registry what it was not told yet:
   * also of those that a process feeds, which may have been killed before it could.
   */
  async lookDue(): Promise<void> {
    const dueMs = this.#ports.clock.nowMs() - LOOK_MS;
    const rows = await this.#state.read((sql) =>
      sql.all(
        `SELECT id, is_attached FROM rollouts WHERE updated_ms <= ? AND ((is_attached = 0 AND phase IN ('pending', 'running'))
           OR (phase IN ('succeeded', 'rolled-back') AND phase <> told))`,
        dueMs,
      ),
    );
    const change = { actor: 'pilotfish' };
    const looks = rows.map(({ id, is_attached: isAttached }) =>
      isAttached === 1 ? this.#end(String(id), change) : this.advance(String(id), change),
    );
    const failed = (await Promise.allSettled(looks)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /**
   * Decisions that were made elsewhere, all of them or none; a batch with a name is counted once, within 30 days.
   * @throws PilotfishError `MISSING`; `LOCKED` while a process feeds it; `EXISTS` for a batch that was counted; `USAGE`,
   * `NOT_FINITE`, `LIMIT`.
   */
  async record(
    id: string,
    observations: readonly Observation[],
    { batch, ...change }: RegistryChange & { readonly batch?: string } = {},
  ): Promise<RolloutStatus> {
    const isNamed = batch === undefined || WORD.test(batch);
    need(isNamed, 'the name of a batch has letters, digits, `.`, `_` and `-`');
    need(areObjects(observations), 'give a list of observations');
    need(
      observations.every(({ arm }) => arm === 'model' || arm === 'rule'),
      "an observation says whose decision it was: 'model' or 'rule'",
    );
    if (observations.length > MAX_BATCH) {
      throw new PilotfishError('LIMIT', `at most ${MAX_BATCH} observations at once: send several batches`);
    }
    return this.#command(id, change, async (rollout, stored, sql) => {
      refuseAttached(stored);
      if (batch !== undefined) await noteBatch(sql, id, batch, this.#ports.clock.nowMs());
      if (rollout.phase === 'pending')
        throw new PilotfishError('REFUSED', `${id} has not begun: look at it first`);
      for (const { region = 'default', metric, arm, propensity, value } of observations) {
        const track = rollout.region(region);
        track.observe(track.metric(metric), arm === 'model', propensity, value);
      }
    });
  }

  /** As `Rollout.pause`. */
  pause(id: string, change: RegistryChange = {}): Promise<RolloutStatus> {
    return this.#command(id, change, (rollout) => rollout.pause(change.reason ?? 'paused by hand'));
  }

  /** As `Rollout.resume`. */
  resume(id: string, change: RegistryChange = {}): Promise<RolloutStatus> {
    return this.#command(id, change, (rollout) => rollout.resume(change.reason));
  }

  /** As `Rollout.promote`; in all regions unless some are named. */
  promote(id: string, change: RegistryChange = {}, regions?: readonly string[]): Promise<RolloutStatus> {
    return this.#command(id, change, (rollout) => rollout.promote(change.reason, regions));
  }

  /** Ends one that is under way. @throws PilotfishError `REFUSED` for one that ended. */
  abort(id: string, change: RegistryChange = {}): Promise<RolloutStatus> {
    return this.#command(id, change, (rollout) => {
      if (rollout.isEnded) throw new PilotfishError('REFUSED', `${id} ended already: it is ${rollout.phase}`);
      rollout.rollBack(change.reason ?? 'aborted by hand');
    });
  }

  /** Takes the model back, also when it succeeded before. @throws PilotfishError `REFUSED` when it is rolled back. */
  rollback(id: string, change: RegistryChange = {}): Promise<RolloutStatus> {
    return this.#command(id, change, (rollout) => {
      if (rollout.phase === 'rolled-back')
        throw new PilotfishError('REFUSED', `${id} is rolled back already`);
      rollout.rollBack(change.reason ?? 'rolled back by hand');
    });
  }

  async #command(
    id: string,
    change: RegistryChange,
    work: (rollout: Rollout, stored: StoredRollout, sql: Sql) => void | Promise<void>,
  ): Promise<RolloutStatus> {
    await this.#state.write(async (sql) => {
      const stored = await rolloutAt(sql, id);
      const [rollout, events] = this.#open(stored);
      await work(rollout, stored, sql);
      const update = { control: rollout.control(), evidence: rollout.evidence(), events, change };
      await updateRollout(sql, stored, { ...update, ports: this.#ports });
    });
    return this.#end(id, change);
  }

  async #end(id: string, change: RegistryChange): Promise<RolloutStatus> {
    await tellRegistry({ state: this.#state, registry: this.#ports.registry }, id, change);
    return this.get(id);
  }

  /** The rollout as it is kept, and where its events go. */
  #open(stored: StoredRollout, asksHooks = false): [Rollout, RolloutEvent[]] {
    const events: RolloutEvent[] = [];
    return [this.#restore(stored, (event) => events.push(event), asksHooks), events];
  }

  #restore(
    { plan, control, evidence }: StoredRollout,
    onEvent: (event: RolloutEvent) => void,
    asksHooks: boolean,
  ): Rollout {
    const { hooks, measure } = this.#options;
    return Rollout.restore(plan, [control, evidence], {
      ...{ clock: this.#ports.clock, onEvent },
      ...(asksHooks && hooks !== undefined ? { hooks } : {}),
      ...(asksHooks && measure !== undefined ? { measure } : {}),
    });
  }

  #statusOf(stored: StoredRollout): RolloutStatus {
    const { id, model, version, createdMs, updatedMs, isAttached } = stored;
    const [rollout] = this.#open(stored);
    return { ...{ id, model, version, createdMs, updatedMs, isAttached }, ...rollout.report() };
  }
}

function refuseAttached({ id, isAttached }: StoredRollout): void {
  if (!isAttached) return;
  throw new PilotfishError('LOCKED', `a process feeds the rollout ${id}: it looks and records itself`);
}
