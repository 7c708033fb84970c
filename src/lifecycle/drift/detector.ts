import { areObjects, areTexts, need, PilotfishError } from '../../base/index.ts';
import type { RegistryState } from '../registry/index.ts';
import { type BaselineOptions, checkType, madeBaselines } from './baselines.ts';
import {
  type CheckedOptions,
  checkOptions,
  DRIFT_THRESHOLD,
  DRIFT_WINDOW_SIZE,
  type DriftOptions,
} from './options.ts';
import { type DriftExplanation, type DriftStatus, explain, statusOf } from './status.ts';
import type { DriftAlert, DriftSeverity, DriftType } from './types.ts';
import { DriftWatch } from './watch.ts';
import { type DriftStream, notFinite } from './windows/stream.ts';

const FEATURE_NAMES = "names is a list of features: give ['request_size', …]";

/** Takes one value of each of several streams, in the order they were named. */
export type RowRecorder = (row: ArrayLike<number>) => void;

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
  readonly #watch: DriftWatch;

  /** @throws PilotfishError `USAGE` for an option out of range. */
  constructor(
    state: RegistryState,
    threshold: number = DRIFT_THRESHOLD,
    windowSize: number = DRIFT_WINDOW_SIZE,
    options: DriftOptions = {},
  ) {
    this.#options = checkOptions(threshold, windowSize, options);
    this.#watch = new DriftWatch(state, this.#options);
  }

  /** Takes up the baselines and windows that an earlier process left. Calls that wait for anything do so first. */
  load(): Promise<void> {
    return this.#watch.load();
  }

  /**
   * Sets what streams were when the models learnt, by name: values in any order, at least 20, of which 10 000 drawn at
   * random are kept. Windows of these streams begin anew; other streams stay. Best at least four windows of values.
   * @throws PilotfishError `USAGE`, `EMPTY`, `NOT_FINITE` or `LIMIT`, and then nothing was changed; as the state.
   */
  async setBaseline(
    samples: Readonly<Record<string, ArrayLike<number>>>,
    options: BaselineOptions = {},
  ): Promise<void> {
    const made = madeBaselines(samples, options);
    await this.load();
    const { actor, reason } = options;
    await this.#watch.replace(made, { actor, reason });
  }

  /** Forgets streams, their baselines and windows; their alarms stay. @throws PilotfishError `MISSING`. */
  async forget(
    names: readonly string[],
    { type = 'feature', actor, reason }: BaselineOptions = {},
  ): Promise<void> {
    need(areTexts(names), FEATURE_NAMES);
    checkType(type);
    await this.load();
    await this.#watch.forget(names, type, { actor, reason });
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
    need(areObjects(rows), 'rows are values by the name of their feature: give [{ request_size: 1024 }]');
    checkType(type);
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
    need(areTexts(names), FEATURE_NAMES);
    checkType(type);
    const streams = names.map((name) => this.#find(type, name));
    return (row) => {
      if (row.length !== streams.length)
        throw new PilotfishError('SHAPE', `a row has ${streams.length} values, not ${row.length}`);
      for (let i = 0; i < streams.length; i += 1) {
        if (!Number.isFinite(row[i])) throw notFinite(names[i] as string, row[i] as number);
      }
      for (let i = 0; i < streams.length; i += 1) {
        const finding = (streams[i] as DriftStream).put(row[i] as number);
        if (finding !== undefined) this.#watch.wait(finding);
      }
    };
  }

  /** Called with every alarm when it is told; one that throws is logged. */
  setAlertCallback(callback: (alert: DriftAlert) => void): void {
    this.#watch.callback = callback;
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
    return this.#watch.check();
  }

  /** Alarms since a moment that are still kept, oldest first; what was found by now is told first. */
  async getDriftReports(since: Date): Promise<DriftAlert[]> {
    need(since instanceof Date && !Number.isNaN(since.getTime()), 'since is no date: give a Date');
    await this.check();
    const { clock, keptMs } = this.#options;
    return this.#watch.store.alerts(Math.max(since.getTime(), clock.nowMs() - keptMs));
  }

  /** Alarms since the registry was made. */
  totals(): Promise<Partial<Record<DriftSeverity, number>>> {
    return this.#watch.store.totals();
  }

  /** Every stream and how it does. */
  async status(): Promise<DriftStatus[]> {
    await this.load();
    return this.#watch.streams.all().map(({ stream, models }) => statusOf(stream, models));
  }

  /** Why a stream alarms as often as it does, and what would change that. @throws PilotfishError `MISSING`. */
  async explain(name: string, type: DriftType = 'feature'): Promise<DriftExplanation> {
    checkType(type);
    await this.load();
    const { floor, budget } = this.#options;
    return explain(this.#watch.find(type, name), { floor, ...budget, streams: this.#watch.streams.count });
  }

  #find(type: DriftType, name: string): DriftStream {
    return this.#watch.find(type, name).stream;
  }

  #record(stream: DriftStream, value: number): void {
    const finding = stream.add(value);
    if (finding !== undefined) this.#watch.wait(finding);
  }
}
