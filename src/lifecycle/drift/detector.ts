import { FastRng, PilotfishError } from '../../base/index.ts';
import type { RegistryChange, RegistryState } from '../registry/index.ts';
import {
  type CheckedOptions,
  checkOptions,
  DRIFT_THRESHOLD,
  DRIFT_WINDOW_SIZE,
  type DriftOptions,
} from './options.ts';
import { type BaselineSource, DriftStore, type StoredBaseline, type StoredStream } from './records/store.ts';
import { alertOf } from './respond/alert.ts';
import { respondTo } from './respond/policy.ts';
import { type DriftExplanation, type DriftStatus, explain, statusOf } from './status.ts';
import type { DriftAlert, DriftSeverity, DriftType } from './types.ts';
import { DRIFT_TYPES } from './types.ts';
import { DriftBaseline } from './windows/baseline.ts';
import { MonthlyCredit } from './windows/budget.ts';
import type { DriftStream, Finding } from './windows/stream.ts';
import { notFinite } from './windows/stream.ts';
import { type KeptStream, StreamSet } from './windows/stream-set.ts';

/** What a baseline is of. */
export type BaselineOptions = RegistryChange & {
  /** `feature`. */
  readonly type?: DriftType;
  /** The models that read these features: those an alarm concerns. */
  readonly models?: readonly string[];
  readonly source?: BaselineSource;
};

/** Takes one value of each of several streams, in the order they were named. */
export type RowRecorder = (row: ArrayLike<number>) => void;

/** Codes of values fit into 16 bits. */
const MAX_BASELINE = 10_000;
const MIN_BASELINE = 20;
const MAX_GIVEN = 10_000_000;
const MAX_NAME = 256;
/** Findings that wait for a check; of more the oldest are dropped, and the log says so. */
const MAX_WAITING = 10_000;
const ID_BYTES = 8;

/**
 * Finds that features, predictions or errors are no longer what they were when a model learnt: document 003's detector.
 * A drift is told when its distance is certain within the declared budget of false alarms and at least `threshold`, the
 * floor of effect. Values are judged as they come, windows of one, two, four and eight times `windowSize`; what was found
 * is told and kept by `check`, which `monitorAllFeatures` calls again and again.
 *
 * @example
 * const detector = new DriftDetector(state, 0.05, 1000);
 * await detector.setBaseline({ request_size: trainingSizes });
 * detector.setAlertCallback((alert) => console.log(alert.severity, alert.message));
 * void detector.monitorAllFeatures({ signal });
 * detector.recordFeature('request_size', 1024);
 */
export class DriftDetector {
  readonly #options: CheckedOptions;
  readonly #store: DriftStore;
  readonly #streams: StreamSet;
  readonly #credit: MonthlyCredit | undefined;
  #waiting: Finding[] = [];
  #callback: ((alert: DriftAlert) => void) | undefined;
  #loading: Promise<void> | undefined;
  /** One after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws PilotfishError `USAGE` for an option out of range. */
  constructor(
    state: RegistryState,
    threshold: number = DRIFT_THRESHOLD,
    windowSize: number = DRIFT_WINDOW_SIZE,
    options: DriftOptions = {},
  ) {
    const checked = checkOptions(threshold, windowSize, options);
    const { clock, random, audit, half, floor, severities, budget } = checked;
    this.#options = checked;
    this.#store = new DriftStore({ state, clock, random, audit });
    const credit =
      budget.alarmsPerMonth === undefined ? undefined : new MonthlyCredit(budget.alarmsPerMonth, clock);
    this.#credit = credit;
    const spend = credit === undefined ? (share: number) => share : (share: number) => credit.spend(share);
    const judge = { half, floor, severities, nowMs: () => clock.nowMs(), spend };
    this.#streams = new StreamSet(judge, budget.alarmsPerMillion);
  }

  /** Takes up the baselines and windows that an earlier process left. Other calls that wait for anything do so first. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    for (const stored of await this.#store.streams()) this.#take(stored);
    this.#streams.share();
    const credit = await this.#store.credit();
    if (credit !== undefined) this.#credit?.restore(credit.alarms, credit.atMs);
  }

  #take(stored: StoredStream): void {
    const { type, feature, values, models, revision, windows } = stored;
    const stream = this.#streams.put(feature, {
      type,
      baseline: new DriftBaseline(values),
      models,
      revision,
    });
    if (windows !== undefined) stream.restore(windows);
    const kept = this.#streams.find(type, feature) as KeptStream;
    kept.keptCount = stream.count;
  }

  /**
   * Sets what streams were when the models learnt, by name: values in any order, at least 20, of which 10 000 drawn at
   * random are kept. Windows of these streams begin anew; other streams stay. Best at least four windows of values.
   * @throws PilotfishError `USAGE`, `EMPTY`, `NOT_FINITE` or `LIMIT`, and then nothing was changed; as the state.
   */
  async setBaseline(
    samples: Readonly<Record<string, ArrayLike<number>>>,
    { type = 'feature', models = [], source = {}, ...change }: BaselineOptions = {},
  ): Promise<void> {
    if (!DRIFT_TYPES.includes(type)) throw usage(`${type} is no type: give ${DRIFT_TYPES.join(', ')}`);
    const entries = Object.entries(samples);
    if (entries.length === 0)
      throw new PilotfishError('EMPTY', 'a baseline has at least one feature: give its values');
    const made = entries.map(([feature, values]): StoredBaseline & { baseline: DriftBaseline } => {
      const sorted = checkedValues(checkName(feature), values);
      return { type, feature, models, source, values: sorted, baseline: new DriftBaseline(sorted) };
    });
    await this.load();
    await this.#inTurn(async () => {
      const fresh = made.filter(({ feature }) => this.#streams.find(type, feature) === undefined).length;
      const { maxStreams } = this.#options;
      if (this.#streams.count + fresh > maxStreams)
        throw new PilotfishError(
          'LIMIT',
          `there may be ${maxStreams} streams: forget some, or set maxStreams`,
        );
      const revisions = await this.#store.setBaselines(made, change);
      made.forEach(({ feature, baseline }, at) => {
        this.#streams.put(feature, { type, baseline, models, revision: revisions[at] as number });
      });
      this.#streams.share();
    });
  }

  /** Forgets streams, their baselines and windows; their alarms stay. @throws PilotfishError `MISSING`. */
  async forget(
    names: readonly string[],
    { type = 'feature', ...change }: BaselineOptions = {},
  ): Promise<void> {
    await this.load();
    await this.#inTurn(async () => {
      for (const name of names) this.#find(type, name);
      await this.#store.remove(
        names.map((feature) => ({ type, feature })),
        change,
      );
      for (const name of names) this.#streams.remove(type, name);
      this.#streams.share();
    });
  }

  /** Takes a value of a feature. @throws PilotfishError `MISSING` without a baseline, `NOT_FINITE`. */
  recordFeature(name: string, value: number): void {
    this.#record(this.#find('feature', name), value);
  }

  /** Takes what a model answered: a value, or the chance or number of a class. @throws PilotfishError as `recordFeature`. */
  recordPrediction(name: string, value: number): void {
    this.#record(this.#find('prediction', name), value);
  }

  /** Takes whether an answer was wrong (0 or 1), or how wrong. Only a rise alarms. @throws PilotfishError as `recordFeature`. */
  recordError(name: string, error: number | boolean): void {
    this.#record(this.#find('concept', name), Number(error));
  }

  /** Takes rows of values by name: all, or none when one of them cannot be taken. @throws PilotfishError as `recordFeature`. */
  recordRows(rows: readonly Readonly<Record<string, number>>[], type: DriftType = 'feature'): void {
    const values = rows.flatMap((row) =>
      Object.entries(row).map(([name, value]): [DriftStream, number] => {
        if (!Number.isFinite(value)) throw notFinite(name, value);
        return [this.#find(type, name), value];
      }),
    );
    for (const [stream, value] of values) this.#record(stream, value);
  }

  /**
   * For hot paths: takes rows of values, one of each name, without looking names up; a row with a value that is not finite
   * is refused whole. Valid until the baseline of one of them is set anew.
   * @throws PilotfishError `MISSING` without a baseline of one of them.
   */
  rowRecorder(names: readonly string[], type: DriftType = 'feature'): RowRecorder {
    const streams = names.map((name) => this.#find(type, name));
    return (row) => {
      if (row.length !== streams.length)
        throw new PilotfishError('SHAPE', `a row has ${streams.length} values, not ${row.length}`);
      for (let i = 0; i < streams.length; i += 1) {
        if (!Number.isFinite(row[i])) throw notFinite(names[i] as string, row[i] as number);
      }
      for (let i = 0; i < streams.length; i += 1) {
        const finding = (streams[i] as DriftStream).put(row[i] as number);
        if (finding !== undefined) this.#wait(finding);
      }
    };
  }

  /** Called with every alarm when it is told; one that throws is logged. */
  setAlertCallback(callback: (alert: DriftAlert) => void): void {
    this.#callback = callback;
  }

  /** Checks until `signal` is aborted, every `checkIntervalMs`, and a last time then. What fails is logged, and tried again. */
  async monitorAllFeatures({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { clock, checkIntervalMs, log } = this.#options;
    const check = (): Promise<unknown> =>
      this.check().catch((error: unknown) => log.write('error', `drift: ${String(error)}`));
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
    const stop = clock.every(checkIntervalMs, () => void check());
    await promise;
    stop();
    await check();
  }

  /**
   * Keeps what was found and recorded, tells it, and does what the policy says. @returns the new alarms
   * @throws PilotfishError `LOCKED`, `NO_SPACE`, `IO`, and then what was found waits for the next check.
   */
  async check(): Promise<DriftAlert[]> {
    await this.load();
    return this.#inTurn(() => this.#check());
  }

  async #check(): Promise<DriftAlert[]> {
    const found = this.#waiting;
    this.#waiting = [];
    const alerts = found.flatMap((finding) => this.#alertOf(finding));
    const changed = this.#streams.all().filter(({ stream, keptCount }) => stream.count !== keptCount);
    if (alerts.length === 0 && changed.length === 0) return [];
    const saved = changed.map(({ stream, revision }) => ({
      ...{ type: stream.type, feature: stream.name, revision, windows: stream.snapshot() },
    }));
    const counts = changed.map(({ stream }) => stream.count);
    try {
      const isKept = await this.#store.keep(alerts, saved, {
        ...{ keptMs: this.#options.keptMs, credit: this.#credit?.left },
      });
      for (const [at, kept] of changed.entries()) {
        if (isKept[at] === true) Object.assign(kept, { revision: kept.revision + 1, keptCount: counts[at] });
        else await this.#reload(kept);
      }
    } catch (error) {
      this.#waiting = [...found, ...this.#waiting];
      throw error;
    }
    return this.#tell(alerts);
  }

  /** Another process has set the baseline anew, or records too: its stream it is. */
  async #reload({ stream: { type, name } }: KeptStream): Promise<void> {
    const stored = await this.#store.stream({ type, feature: name });
    if (stored === undefined) this.#streams.remove(type, name);
    else this.#take(stored);
    this.#streams.share();
    const message = `drift: ${type} ${name} was changed by another process: what was recorded here since the last check is left out`;
    this.#options.log.write('warn', message);
  }

  async #tell(alerts: readonly DriftAlert[]): Promise<DriftAlert[]> {
    const { policy, respond, log } = this.#options;
    const told: DriftAlert[] = [];
    for (const alert of alerts) {
      const actions = respond === undefined ? [] : await respondTo(alert, { policy, respond, log });
      const whole = { ...alert, actions };
      if (actions.length > 0) await this.#store.setActions(whole);
      try {
        this.#callback?.(whole);
      } catch (error) {
        log.write('error', `drift: the callback failed: ${String(error)}`, { alert: alert.id });
      }
      told.push(whole);
    }
    return told;
  }

  /** Alarms since a moment that are still kept, oldest first; what was found by now is told first. */
  async getDriftReports(since: Date): Promise<DriftAlert[]> {
    if (Number.isNaN(since.getTime())) throw usage('since is no date: give one');
    await this.check();
    const { clock, keptMs } = this.#options;
    return this.#store.alerts(Math.max(since.getTime(), clock.nowMs() - keptMs));
  }

  /** Alarms since the registry was made. */
  totals(): Promise<Partial<Record<DriftSeverity, number>>> {
    return this.#store.totals();
  }

  /** Every stream and how it does. */
  async status(): Promise<DriftStatus[]> {
    await this.load();
    return this.#streams.all().map(({ stream, models }) => statusOf(stream, models));
  }

  /** Why a stream alarms as often as it does, and what would change that. @throws PilotfishError `MISSING`. */
  async explain(name: string, type: DriftType = 'feature'): Promise<DriftExplanation> {
    await this.load();
    const { floor, budget } = this.#options;
    return explain(this.#kept(type, name), { floor, ...budget, streams: this.#streams.count });
  }

  #record(stream: DriftStream, value: number): void {
    const finding = stream.add(value);
    if (finding !== undefined) this.#wait(finding);
  }

  #wait(finding: Finding): void {
    this.#waiting.push(finding);
    if (this.#waiting.length <= MAX_WAITING) return;
    this.#waiting.shift();
    this.#options.log.write('warn', `drift: more than ${MAX_WAITING} findings wait: the oldest is dropped`);
  }

  #find(type: DriftType, name: string): DriftStream {
    return this.#kept(type, name).stream;
  }

  #kept(type: DriftType, name: string): KeptStream {
    const kept = this.#streams.find(type, name);
    if (kept !== undefined) return kept;
    throw new PilotfishError(
      'MISSING',
      `there is no baseline of ${type} "${name}": setBaseline first, or load() those of before`,
    );
  }

  #alertOf(finding: Finding): DriftAlert[] {
    const kept = this.#streams.find(finding.type, finding.name);
    // Forgotten meanwhile.
    if (kept === undefined) return [];
    const id = `drift_${this.#options.random(ID_BYTES).toString('hex')}`;
    return [alertOf(finding, { id, baseline: kept.stream.baseline, models: kept.models })];
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function checkName(name: string): string {
  if (name.length > 0 && name.length <= MAX_NAME && name.isWellFormed()) return name;
  throw usage(`a feature has a name of 1 to ${MAX_NAME} characters`);
}

/** The values in rising order; of many a sample, drawn the same way every time. */
function checkedValues(name: string, values: ArrayLike<number>): Float64Array {
  if (values.length < MIN_BASELINE)
    throw new PilotfishError(
      'EMPTY',
      `"${name}" has ${values.length} values: a baseline needs ${MIN_BASELINE}`,
    );
  if (values.length > MAX_GIVEN)
    throw new PilotfishError('LIMIT', `"${name}" has more than ${MAX_GIVEN} values: give a sample of them`);
  const all = Float64Array.from(values);
  for (const value of all) if (!Number.isFinite(value)) throw notFinite(name, value);
  if (all.length > MAX_BASELINE) {
    const rng = new FastRng(all.length);
    for (let i = 0; i < MAX_BASELINE; i += 1) {
      const other = i + rng.below(all.length - i);
      [all[i], all[other]] = [all[other] as number, all[i] as number];
    }
  }
  return all.slice(0, MAX_BASELINE).sort();
}

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
