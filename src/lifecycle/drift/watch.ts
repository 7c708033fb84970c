import { PilotfishError } from '../../base/index.ts';
import type { RegistryChange, RegistryState } from '../registry/index.ts';
import type { CheckedOptions } from './options.ts';
import { DriftStore, type StoredBaseline, type StoredStream } from './records/store.ts';
import { alertOf } from './respond/alert.ts';
import { respondTo } from './respond/policy.ts';
import type { DriftAlert, DriftType } from './types.ts';
import { DriftBaseline } from './windows/baseline.ts';
import { MonthlyCredit } from './windows/budget.ts';
import type { Finding } from './windows/finding.ts';
import { type KeptStream, StreamSet } from './windows/stream-set.ts';

/** Findings that wait for a check; of more the oldest are dropped, and the log says so. */
const MAX_WAITING = 10_000;
const ID_BYTES = 8;

/** Streams in memory and in the state, what was found on them, and who is told. Changes come one after the other. */
export class DriftWatch {
  readonly store: DriftStore;
  readonly streams: StreamSet;
  readonly #options: CheckedOptions;
  readonly #credit: MonthlyCredit | undefined;
  callback: ((alert: DriftAlert) => void) | undefined;
  #waiting: Finding[] = [];
  #loading: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(state: RegistryState, options: CheckedOptions) {
    const { clock, random, audit, half, floor, severities, budget } = options;
    this.#options = options;
    this.store = new DriftStore({ state, clock, random, audit });
    const { alarmsPerMillion, alarmsPerMonth } = budget;
    this.#credit = alarmsPerMonth === undefined ? undefined : new MonthlyCredit(alarmsPerMonth, clock);
    const judge = { half, floor, severities, clock, credit: this.#credit };
    this.streams = new StreamSet(judge, alarmsPerMillion);
  }

  /** Takes up what an earlier process left, once. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    for (const stored of await this.store.streams()) this.#take(stored);
    this.streams.share();
    const credit = await this.store.credit();
    if (credit !== undefined) this.#credit?.restore(credit.alarms, credit.atMs);
  }

  #take({ type, feature, values, models, revision, windows }: StoredStream): void {
    const baseline = new DriftBaseline(values);
    const stream = this.streams.put(feature, { type, baseline, models, revision });
    if (windows !== undefined) stream.restore(windows);
    this.find(type, feature).keptCount = stream.count;
  }

  /** Replaces streams, all or none. @throws PilotfishError `LIMIT`, as the state. */
  replace(
    made: readonly (StoredBaseline & { readonly baseline: DriftBaseline })[],
    change: RegistryChange,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const fresh = made.filter(({ type, feature }) => this.streams.find(type, feature) === undefined).length;
      const { maxStreams } = this.#options;
      if (this.streams.count + fresh > maxStreams)
        throw new PilotfishError(
          'LIMIT',
          `there may be ${maxStreams} streams: forget some, or set maxStreams`,
        );
      const revisions = await this.store.setBaselines(made, change);
      made.forEach(({ type, feature, baseline, models }, at) => {
        this.streams.put(feature, { type, baseline, models, revision: revisions[at] as number });
      });
      this.streams.share();
    });
  }

  /** @throws PilotfishError `MISSING`, and then none is forgotten. */
  forget(names: readonly string[], type: DriftType, change: RegistryChange): Promise<void> {
    return this.#inTurn(async () => {
      for (const name of names) this.find(type, name);
      const keys = names.map((feature) => ({ type, feature }));
      await this.store.remove(keys, change);
      for (const name of names) this.streams.remove(type, name);
      this.streams.share();
    });
  }

  /** @throws PilotfishError `MISSING`. */
  find(type: DriftType, name: string): KeptStream {
    const kept = this.streams.find(type, name);
    if (kept !== undefined) return kept;
    throw new PilotfishError(
      'MISSING',
      `there is no baseline of ${type} "${name}": set one (setBaseline, \`pilotfish drift baseline\`), or load() those of before`,
    );
  }

  /** Holds what was found until the next check. */
  wait(finding: Finding): void {
    this.#waiting.push(finding);
    if (this.#waiting.length <= MAX_WAITING) return;
    this.#waiting.shift();
    this.#options.log.write('warn', `drift: more than ${MAX_WAITING} findings wait: the oldest is dropped`);
  }

  /** Keeps what was found and recorded, then tells it. */
  check(): Promise<DriftAlert[]> {
    return this.#inTurn(async () => this.#tell(await this.#keep()));
  }

  async #keep(): Promise<DriftAlert[]> {
    const found = this.#waiting;
    this.#waiting = [];
    const alerts = found.flatMap((finding) => this.#alertOf(finding));
    const changed = this.streams.all().filter(({ stream, keptCount }) => stream.count !== keptCount);
    if (alerts.length === 0 && changed.length === 0) return [];
    const saved = changed.map(({ stream, revision }) => ({
      ...{ type: stream.type, feature: stream.name, revision, windows: stream.snapshot() },
    }));
    const counts = changed.map(({ stream }) => stream.count);
    const { keptMs } = this.#options;
    const kept = await this.store
      .keep(alerts, saved, { keptMs, credit: this.#credit?.left })
      .catch((error: unknown) => {
        this.#waiting = [...found, ...this.#waiting];
        throw error;
      });
    for (const [at, one] of changed.entries()) {
      if (kept[at] === true) Object.assign(one, { revision: one.revision + 1, keptCount: counts[at] });
      else await this.#reload(one);
    }
    return alerts;
  }

  #alertOf(finding: Finding): DriftAlert[] {
    const kept = this.streams.find(finding.type, finding.name);
    // Forgotten meanwhile.
    if (kept === undefined) return [];
    const id = `drift_${this.#options.random(ID_BYTES).toString('hex')}`;
    return [alertOf(finding, { id, baseline: kept.stream.baseline, models: kept.models })];
  }

  /** Another process has set the baseline anew, or records too: its stream it is. */
  async #reload({ stream: { type, name } }: KeptStream): Promise<void> {
    const stored = await this.store.stream({ type, feature: name });
    if (stored === undefined) this.streams.remove(type, name);
    else this.#take(stored);
    this.streams.share();
    const message = `drift: ${type} ${name} was changed by another process: what was recorded here since the last check is left out`;
    this.#options.log.write('warn', message);
  }

  async #tell(alerts: readonly DriftAlert[]): Promise<DriftAlert[]> {
    const { policy, respond, log } = this.#options;
    const told: DriftAlert[] = [];
    for (const alert of alerts) {
      const actions = respond === undefined ? [] : await respondTo(alert, { policy, respond, log });
      const whole = { ...alert, actions };
      if (actions.length > 0) await this.store.setActions(whole);
      try {
        this.callback?.(whole);
      } catch (error) {
        log.write('error', `drift: the callback failed: ${String(error)}`, { alert: alert.id });
      }
      told.push(whole);
    }
    return told;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
