import { type Clock, PilotfishError, systemClock } from '../../../base/index.ts';
import { numberWithin, QuantileSketch, wholeNumber } from '../../../learn/index.ts';
import { collectedMetric, MODEL_METRICS } from './definitions.ts';
import { type CollectedMetric, exposition, joinRegister, type MetricRegister } from './exposition.ts';

/** What is known of one answer. */
export type PredictionOutcome = {
  readonly success: boolean;
  /** How long it took, in milliseconds. */
  readonly latencyMs: number;
};

/** How a model did within the window; latencies in milliseconds, off by at most 1 % of their value. */
export type ModelMetrics = {
  readonly count: number;
  readonly failures: number;
  /** 0 to 1. */
  readonly successRate: number;
  readonly latencyMean: number;
  readonly latencyP50: number;
  readonly latencyP95: number;
  readonly latencyP99: number;
  readonly latencyMax: number;
};

export type ModelMonitorOptions = {
  /** Metrics cover at least so long, and at most twice as long, in milliseconds. 300 000. */
  readonly windowMs?: number;
  /** Models that are told apart; answers of all others count as `other`. 256. */
  readonly maxModels?: number;
  readonly clock?: Clock;
};

/** Upper bounds of the histogram, in seconds: from what a net takes to what a foreign model may. */
const BOUNDS = [
  ...[0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];
/** Where models beyond the limit are counted: no model can be called so. */
const OTHER = '(other)';
const MS_PER_SECOND = 1000;
const MAX_LATENCY_MS = 1e9;
const MAX_NAME_LENGTH = 128;
/** The cost of the rule so many times over. */
const MAX_LOSS = 1e6;

/** Answers within one window. */
type Span = { readonly latencies: QuantileSketch; failures: number; sumMs: number };
const freshSpan = (): Span => ({ latencies: new QuantileSketch(), failures: 0, sumMs: 0 });

/** All that is counted of one model. */
class Series {
  readonly name: string;
  successes = 0;
  failures = 0;
  sumMs = 0;
  /** Answers by the bound they are below, the last for those beyond all. */
  readonly buckets = new Float64Array(BOUNDS.length + 1);
  version: string | undefined;
  room: string;
  createdMs: number | undefined;
  accuracy: number | undefined;
  gain: number | undefined;
  isOpen: boolean | undefined;
  changes = 0;
  #span = freshSpan();
  #before = freshSpan();
  #sinceMs: number;

  constructor(name: string, nowMs: number) {
    this.name = name;
    this.room = name;
    this.#sinceMs = nowMs;
  }

  record(success: boolean, latencyMs: number): void {
    const span = this.#span;
    if (success) this.successes += 1;
    else {
      this.failures += 1;
      span.failures += 1;
    }
    this.sumMs += latencyMs;
    span.sumMs += latencyMs;
    span.latencies.learnOne(latencyMs);
    let bucket = 0;
    while (bucket < BOUNDS.length && latencyMs > (BOUNDS[bucket] as number) * MS_PER_SECOND) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
  }

  /** Two spans take turns: what is asked for covers the present one and the one before. */
  turn(nowMs: number, windowMs: number): void {
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs < windowMs) return;
    this.#before = passedMs < 2 * windowMs ? this.#span : freshSpan();
    this.#span = freshSpan();
    this.#sinceMs = nowMs - (passedMs % windowMs);
  }

  metrics(): ModelMetrics {
    const both = new QuantileSketch();
    both.merge(this.#before.latencies);
    both.merge(this.#span.latencies);
    const { count } = both;
    const failures = this.#before.failures + this.#span.failures;
    const at = (part: number): number => (count === 0 ? Number.NaN : both.quantile(part));
    return {
      ...{ count, failures, successRate: (count - failures) / count },
      latencyMean: (this.#before.sumMs + this.#span.sumMs) / count,
      ...{ latencyP50: at(0.5), latencyP95: at(0.95), latencyP99: at(0.99), latencyMax: at(1) },
    };
  }
}

/**
 * How served models do: success rate and latency by model, for programs (`getMetrics`), for Prometheus
 * (`exportPrometheusMetrics`) and for a register the caller has already (`join`). Memory is bounded however many answers
 * and names come.
 *
 * @example
 * const monitor = new ModelMonitor();
 * monitor.recordPrediction('compression_predictor', { success: true, latencyMs: 0.5 });
 * const { successRate, latencyP95 } = monitor.getMetrics('compression_predictor');
 */
export class ModelMonitor {
  readonly #windowMs: number;
  readonly #maxModels: number;
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();
  #folded = 0;

  /** @throws PilotfishError `USAGE` for an option out of range. */
  constructor({ windowMs = 300_000, maxModels = 256, clock = systemClock }: ModelMonitorOptions = {}) {
    this.#windowMs = numberWithin('windowMs', windowMs, [1, 1e9]);
    this.#maxModels = wholeNumber('maxModels', maxModels, [1, 10_000]);
    this.#clock = clock;
  }

  /** Counts one answer. @throws PilotfishError `USAGE` for a name or a latency that is none. */
  recordPrediction(name: string, { success, latencyMs }: PredictionOutcome): void {
    if (!(latencyMs >= 0 && latencyMs <= MAX_LATENCY_MS)) {
      throw new PilotfishError('USAGE', `latencyMs is ${latencyMs}; give milliseconds from 0`);
    }
    const series = this.#seriesOf(name);
    if (series.name === OTHER) this.#folded += 1;
    series.turn(this.#clock.monotonicMs(), this.#windowMs);
    series.record(success, latencyMs);
  }

  /**
   * Notes which version of a model is current, which room it decides for (of that name unless given), and when it was
   * made, in milliseconds since the epoch.
   * @throws PilotfishError `USAGE` for a name that is none.
   */
  recordModel(
    name: string,
    model: {
      readonly version: string;
      readonly room?: string | undefined;
      readonly createdMs?: number | undefined;
    },
  ): void {
    const series = this.#seriesOf(name);
    if (series.version !== undefined && series.version !== model.version) series.changes += 1;
    series.version = model.version;
    series.room = model.room ?? name;
    series.createdMs = model.createdMs;
  }

  /**
   * Notes what whoever knows the outcomes found of a model: how often it decided as the oracle would have, 0 to 1, and
   * what it saved of the cost of the best simple rule, as a share of it, at most 1. What is not given stays.
   * @throws PilotfishError `USAGE` for a name or a number that is none.
   */
  recordQuality(
    name: string,
    { accuracy, gain }: { readonly accuracy?: number; readonly gain?: number },
  ): void {
    if (accuracy !== undefined) numberWithin('accuracy', accuracy, [0, 1]);
    if (gain !== undefined) numberWithin('gain', gain, [-MAX_LOSS, 1]);
    const series = this.#seriesOf(name);
    series.accuracy = accuracy ?? series.accuracy;
    series.gain = gain ?? series.gain;
  }

  /** Notes whether the rule answers in a model's place. @throws PilotfishError `USAGE` for a name that is none. */
  recordBreaker(name: string, { isOpen }: { readonly isOpen: boolean }): void {
    this.#seriesOf(name).isOpen = isOpen;
  }

  /**
   * How a model did within the window; rates and latencies are NaN when nothing was answered in it.
   * @throws PilotfishError `MISSING` for a model that nothing was ever recorded of.
   */
  getMetrics(name: string): ModelMetrics {
    const series = this.#series.get(name);
    if (series === undefined) {
      throw new PilotfishError('MISSING', `nothing was recorded of "${name}"; record a prediction first`);
    }
    series.turn(this.#clock.monotonicMs(), this.#windowMs);
    return series.metrics();
  }

  /** Everything in the text format of Prometheus (exposition format 0.0.4), counted from the start. */
  exportPrometheusMetrics(): string {
    return exposition(this.#collect());
  }

  /** Lets a register of the caller's own, such as prom-client's, show the same metrics. */
  join(register: MetricRegister): void {
    joinRegister(register, Object.values(MODEL_METRICS), () => Promise.resolve(this.#collect()));
  }

  #seriesOf(name: string): Series {
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    if (typeof name !== 'string' || name.length === 0 || name.length > MAX_NAME_LENGTH || name === OTHER) {
      throw new PilotfishError('USAGE', 'name the model by 1 to 128 characters');
    }
    const isFull = this.#series.size - (this.#series.has(OTHER) ? 1 : 0) >= this.#maxModels;
    const kept = isFull ? OTHER : name;
    const series = this.#series.get(kept) ?? new Series(kept, this.#clock.monotonicMs());
    this.#series.set(kept, series);
    return series;
  }

  #collect(): CollectedMetric[] {
    const all = [...this.#series.values()];
    const named = all.filter(({ version }) => version !== undefined);
    const gauge = (pick: (series: Series) => number | undefined): CollectedMetric['values'] =>
      all.flatMap((series) => {
        const value = pick(series);
        return value === undefined ? [] : [{ labels: { model: series.name }, value }];
      });
    return [
      collectedMetric(
        MODEL_METRICS.predictions,
        all.flatMap(({ name: model, successes, failures }) => [
          { labels: { model, outcome: 'success' }, value: successes },
          { labels: { model, outcome: 'failure' }, value: failures },
        ]),
      ),
      collectedMetric(MODEL_METRICS.duration, all.flatMap(histogramOf)),
      collectedMetric(
        MODEL_METRICS.version,
        named.map(({ name: model, room, version = '' }) => ({ labels: { model, room, version }, value: 1 })),
      ),
      collectedMetric(
        MODEL_METRICS.changes,
        named.map(({ name: model, changes }) => ({ labels: { model }, value: changes })),
      ),
      collectedMetric(
        MODEL_METRICS.created,
        gauge(({ createdMs }) => (createdMs === undefined ? undefined : createdMs / MS_PER_SECOND)),
      ),
      collectedMetric(
        MODEL_METRICS.accuracy,
        gauge(({ accuracy }) => accuracy),
      ),
      collectedMetric(
        MODEL_METRICS.gain,
        gauge(({ gain }) => gain),
      ),
      collectedMetric(
        MODEL_METRICS.breaker,
        gauge(({ isOpen }) => (isOpen === undefined ? undefined : Number(isOpen))),
      ),
      collectedMetric(MODEL_METRICS.folded, [{ labels: {}, value: this.#folded }]),
    ];
  }
}

function histogramOf({
  name: model,
  buckets,
  sumMs,
  successes,
  failures,
}: Series): CollectedMetric['values'] {
  const { name: metric } = MODEL_METRICS.duration;
  let below = 0;
  const counts = BOUNDS.map((bound, i) => {
    below += buckets[i] as number;
    return { metricName: `${metric}_bucket`, labels: { model, le: String(bound) }, value: below };
  });
  const count = successes + failures;
  return [
    ...counts,
    { metricName: `${metric}_bucket`, labels: { model, le: '+Inf' }, value: count },
    { metricName: `${metric}_sum`, labels: { model }, value: sumMs / MS_PER_SECOND },
    { metricName: `${metric}_count`, labels: { model }, value: count },
  ];
}
