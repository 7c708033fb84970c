import { type Clock, type ErrorCode, hasCode, PilotfishError } from '../../../base/index.ts';
import type { ModelRegistry, RegistryChange, RegistryState } from '../../registry/index.ts';
import { type AlertAction, type AlertPolicy, checkAlertPolicy, DEFAULT_ALERT_POLICY } from './policy.ts';
import { AlertRecords, type OpenRecord } from './records.ts';

/** An alert that someone found. */
export type Alert = {
  /** The same for the same alert, whenever it is told. */
  readonly fingerprint: string;
  readonly name: string;
  readonly isFiring: boolean;
  /** When it began, in milliseconds since the epoch. */
  readonly startsMs: number;
  /** What it is about. */
  readonly model: string | undefined;
  readonly summary: string;
};

/** What became of it. */
export type AlertOutcome = {
  readonly fingerprint: string;
  readonly alert: string;
  readonly model: string | undefined;
  readonly action: AlertAction | undefined;
  /** `done` and `refused` stay so, however often the same alert comes; `ignored`: nothing was to be done. */
  readonly state: 'done' | 'refused' | 'ignored';
  readonly detail: string;
  /** Whether it was told before. */
  readonly isRepeated: boolean;
};

/** A training that an alert asks for. */
export type TrainingRequest = {
  readonly model: string;
  readonly reason: string;
  readonly actor: string | undefined;
  /** Asked twice under one key, it is one training. */
  readonly key: string;
  /** What the policy says it learns from. */
  readonly dataset: string | undefined;
};

export type AlertDeskPorts = {
  readonly state: RegistryState;
  readonly registry: Pick<ModelRegistry, 'rollbackModel' | 'transitions' | 'audit'>;
  readonly clock: Clock;
  /** Queues a training. @returns the number of the job */
  readonly queueTraining?: ((request: TrainingRequest) => Promise<string>) | undefined;
};

type Asked = {
  readonly startsMs: number;
  /** The version in production. */
  readonly production: string | undefined;
  readonly dataset: string | undefined;
};

/** What another try may mend; after any other error it is over. */
const PASSING: readonly ErrorCode[] = ['LOCKED', 'LIMIT', 'IO', 'NO_SPACE', 'INTERRUPTED', 'INTERNAL'];
const MAX_REASON = 500;
const MINUTE_MS = 60_000;

/**
 * Does what a policy says follows an alert: one step back to the version before, or a training. The same alert
 * (fingerprint and start) is acted upon once, however often and by how many it is told, and also when the process was
 * killed between the deed and its record. A version that came into production after the alert began is not rolled back.
 *
 * @example
 * const desk = new AlertDesk({ state, registry, clock, queueTraining });
 * await desk.receive(alert, { actor: 'alertmanager' });
 */
export class AlertDesk {
  readonly #ports: AlertDeskPorts;
  readonly #records: AlertRecords;
  #policy: AlertPolicy = DEFAULT_ALERT_POLICY;
  /** One after the other: what was begun by one is not begun by the next. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: AlertDeskPorts) {
    this.#ports = ports;
    this.#records = new AlertRecords(ports);
  }

  get policy(): AlertPolicy {
    return this.#policy;
  }

  /** @throws PilotfishError `USAGE`; then the old one stays. */
  setPolicy(policy: AlertPolicy): void {
    this.#policy = checkAlertPolicy(policy);
  }

  /**
   * @param change.actor whom the audit log names
   * @throws PilotfishError `LOCKED`, `LIMIT`, `IO`, `NO_SPACE` when it could not be done now: tell it again.
   */
  receive(alert: Alert, change: RegistryChange = {}): Promise<AlertOutcome> {
    const outcome = this.#last.then(() => this.#act(alert, change));
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  async #act(alert: Alert, change: RegistryChange): Promise<AlertOutcome> {
    const { fingerprint, name, model } = alert;
    const rule = Object.hasOwn(this.#policy, name) ? this.#policy[name] : undefined;
    const told = { fingerprint, alert: name, model, action: rule?.action };
    const ignored = (detail: string): AlertOutcome => ({
      ...{ ...told, state: 'ignored', detail, isRepeated: false },
    });
    if (!alert.isFiring) return ignored('it is over');
    if (rule === undefined) return ignored('nothing follows this alert: see the policy');
    if (model === undefined) return ignored('it names no model: give it the label model');
    const production = await this.#productionOf(model);
    const begun = await this.#records.begin({
      ...{ fingerprint, startsMs: alert.startsMs, alert: name, model, action: rule.action },
      ...{ version: production, pauseMs: rule.pauseMinutes * MINUTE_MS },
    });
    if (begun.state === 'paused') return ignored(begun.detail);
    if (begun.state !== 'open') return { ...told, ...begun, isRepeated: true };
    const reason = `alert ${name}: ${alert.summary}`.slice(0, MAX_REASON).toWellFormed();
    const asked = { startsMs: alert.startsMs, production, dataset: rule.dataset };
    const result = await this.#try(begun, asked, { ...change, reason });
    await this.#records.end(begun, result, { ...change, reason });
    return { ...told, ...result, isRepeated: begun.isResumed };
  }

  async #try(
    record: OpenRecord,
    asked: Asked,
    change: RegistryChange,
  ): Promise<Pick<AlertOutcome, 'detail'> & { readonly state: 'done' | 'refused' }> {
    try {
      const detail =
        record.action === 'train'
          ? await this.#train(record, asked, change)
          : await this.#rollback(record, asked, change);
      return { state: 'done', detail };
    } catch (error) {
      if (!hasCode(error) || PASSING.includes(error.code)) throw error;
      return { state: 'refused', detail: error.message };
    }
  }

  async #rollback(
    { model, version }: OpenRecord,
    { startsMs, production }: Asked,
    change: RegistryChange,
  ): Promise<string> {
    // Begun before a kill, and done: what was in production then is so no more.
    if (version !== production) return `${model} is at version ${production ?? 'none'} already`;
    if (production !== undefined && (await this.#enteredMs(model, production)) > startsMs) {
      throw new PilotfishError(
        'REFUSED',
        `${model}/${production} came into production after the alert began: it is not what the alert is about`,
      );
    }
    const restored = await this.#ports.registry.rollbackModel(model, change);
    return `${model} is back at version ${restored.number}`;
  }

  async #train({ model, key }: OpenRecord, { dataset }: Asked, change: RegistryChange): Promise<string> {
    const { queueTraining } = this.#ports;
    if (queueTraining === undefined) throw new PilotfishError('UNSUPPORTED', 'nobody trains models here');
    const { actor, reason = '' } = change;
    return `training ${await queueTraining({ model, reason, actor, key, dataset })} is queued`;
  }

  /** The number of the version in production. */
  async #productionOf(model: string): Promise<string | undefined> {
    const version = await this.#ports.registry.transitions.productionOf(model);
    return version === undefined ? undefined : String(version.number);
  }

  /** When a version came into production, as the audit log has it. */
  async #enteredMs(model: string, version: string): Promise<number> {
    const entries = await this.#ports.registry.audit.entries({ subject: `${model}/${version}` });
    return entries.findLast(({ action }) => action === 'version.transition')?.timeMs ?? 0;
  }
}
