import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../../base/index.ts';
import { heapChange } from '../../../learn/kernels/testing/heap-change.ts';
import { MODEL_METRICS } from './definitions.ts';
import type { RegisteredMetric } from './exposition.ts';
import { ModelMonitor } from './monitor.ts';

const latencies = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

test('quantiles are those of the sorted latencies, off by at most 1 % of their value; counts are exact', () => {
  fc.assert(
    fc.property(latencies, (all) => {
      const monitor = new ModelMonitor({ clock: new ManualClock() });
      for (const [i, latencyMs] of all.entries())
        monitor.recordPrediction('a', { success: i % 3 !== 0, latencyMs });
      const metrics = monitor.getMetrics('a');
      const sorted = all.toSorted((x, y) => x - y);
      const exact = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] as number;
      const near = (got: number, want: number): void =>
        assert.ok(Math.abs(got - want) <= 0.01 * want + 1e-9, `${got} where ${want}`);
      near(metrics.latencyP50, exact(0.5));
      near(metrics.latencyP95, exact(0.95));
      near(metrics.latencyP99, exact(0.99));
      assert.equal(metrics.latencyMax, sorted.at(-1));
      assert.equal(metrics.count, all.length);
      assert.equal(metrics.failures, Math.ceil(all.length / 3));
      assert.equal(metrics.successRate, (all.length - metrics.failures) / all.length);
    }),
  );
});

test('metrics forget what is older than two windows and nothing of the last one; Prometheus forgets nothing', () => {
  const clock = new ManualClock();
  const monitor = new ModelMonitor({ clock, windowMs: 1000 });
  monitor.recordPrediction('a', { success: false, latencyMs: 100 });
  clock.advance(999);
  monitor.recordPrediction('a', { success: true, latencyMs: 1 });
  assert.equal(monitor.getMetrics('a').count, 2);
  clock.advance(1);
  monitor.recordPrediction('a', { success: true, latencyMs: 1 });
  assert.equal(monitor.getMetrics('a').count, 3);
  clock.advance(1000);
  const { count, successRate, latencyMax } = monitor.getMetrics('a');
  assert.deepEqual([count, successRate, latencyMax], [1, 1, 1]);
  monitor.recordPrediction('a', { success: true, latencyMs: 1 });
  clock.advance(5000);
  const empty = monitor.getMetrics('a');
  assert.deepEqual([empty.count, empty.successRate, empty.latencyP95], [0, Number.NaN, Number.NaN]);
  assert.match(monitor.exportPrometheusMetrics(), /_duration_seconds_count\{model="a"\} 4$/m);
});

test('models beyond the limit are counted together, however many there are', () => {
  const monitor = new ModelMonitor({ clock: new ManualClock(), maxModels: 2 });
  for (let i = 0; i < 1000; i += 1) monitor.recordPrediction(`model-${i}`, { success: true, latencyMs: 1 });
  monitor.recordModel('model-7', { version: '1' });
  const text = monitor.exportPrometheusMetrics();
  const models = new Set(Array.from(text.matchAll(/model="([^"]*)"/g), ([, model]) => model));
  assert.deepEqual([...models], ['model-0', 'model-1', '(other)']);
  assert.match(text, /^pilotfish_model_predictions_folded_total 998$/m);
  assert.match(text, /predictions_total\{model="\(other\)",outcome="success"\} 998$/m);
  assert.throws(() => monitor.getMetrics('model-7'), { code: 'MISSING' });
});

test('what is no answer is refused and not counted', () => {
  const monitor = new ModelMonitor({ clock: new ManualClock() });
  for (const latencyMs of [Number.NaN, -1, Number.POSITIVE_INFINITY, undefined as never]) {
    assert.throws(() => monitor.recordPrediction('a', { success: true, latencyMs }), { code: 'USAGE' });
  }
  for (const name of ['', 'x'.repeat(129), '(other)', undefined as never]) {
    assert.throws(() => monitor.recordPrediction(name, { success: true, latencyMs: 1 }), { code: 'USAGE' });
  }
  assert.throws(() => monitor.getMetrics('a'), { code: 'MISSING' });
  assert.throws(() => new ModelMonitor({ windowMs: 0 }), { code: 'USAGE' });
  assert.throws(() => new ModelMonitor({ maxModels: 0 }), { code: 'USAGE' });
});

test('recording allocates next to nothing', () => {
  const monitor = new ModelMonitor({ clock: new ManualClock() });
  const outcome = { success: true, latencyMs: 0.25 };
  const bytes = heapChange(
    () => monitor.recordPrediction('a', outcome),
    () => process.memoryUsage().heapUsed,
  );
  // A boxed number or two.
  assert.ok(bytes <= 64, `${bytes} bytes`);
});

const recorded = (): ModelMonitor => {
  const monitor = new ModelMonitor({ clock: new ManualClock() });
  monitor.recordPrediction('a', { success: true, latencyMs: 0.5 });
  monitor.recordPrediction('a', { success: false, latencyMs: 20 });
  monitor.recordPrediction('odd "name"\\\n', { success: true, latencyMs: 1e8 });
  monitor.recordModel('a', { version: '1', createdMs: 1_700_000_000_000 });
  monitor.recordModel('a', { version: '2', createdMs: 1_700_000_060_000 });
  monitor.recordQuality('a', { accuracy: 0.5, gain: -0.25 });
  monitor.recordQuality('a', { accuracy: 0.9 });
  monitor.recordQuality('a', { gain: -0.25 });
  monitor.recordBreaker('a', { isOpen: true });
  return monitor;
};

test('the text holds every count, in base units, with labels escaped', () => {
  const text = recorded().exportPrometheusMetrics();
  for (const line of [
    'pilotfish_model_predictions_total{model="a",outcome="success"} 1',
    'pilotfish_model_predictions_total{model="a",outcome="failure"} 1',
    'pilotfish_model_predictions_total{model="odd \\"name\\"\\\\\\n",outcome="success"} 1',
    'pilotfish_model_prediction_duration_seconds_bucket{model="a",le="0.00025"} 0',
    'pilotfish_model_prediction_duration_seconds_bucket{model="a",le="0.0005"} 1',
    'pilotfish_model_prediction_duration_seconds_bucket{model="a",le="0.015"} 1',
    'pilotfish_model_prediction_duration_seconds_bucket{model="a",le="0.025"} 2',
    'pilotfish_model_prediction_duration_seconds_bucket{model="a",le="+Inf"} 2',
    'pilotfish_model_prediction_duration_seconds_sum{model="a"} 0.0205',
    'pilotfish_model_prediction_duration_seconds_count{model="a"} 2',
    'pilotfish_model_version_info{model="a",room="a",version="2"} 1',
    'pilotfish_model_version_changes_total{model="a"} 1',
    'pilotfish_model_created_timestamp_seconds{model="a"} 1700000060',
    'pilotfish_model_accuracy_ratio{model="a"} 0.9',
    'pilotfish_model_gain_ratio{model="a"} -0.25',
    'pilotfish_model_breaker_open{model="a"} 1',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
  assert.equal(
    new ModelMonitor().exportPrometheusMetrics().split('\n').length,
    4,
    'only what is never labelled',
  );
});

/** The rules of `promtool check metrics` on names, units and help. */
test('every metric is named as Prometheus wants it', () => {
  const text = recorded().exportPrometheusMetrics();
  const blocks = text.split(/^(?=# HELP )/m);
  assert.equal(blocks.length, 9);
  for (const block of blocks) {
    const [, name = ''] = /^# HELP (\S+) \S/.exec(block) ?? [];
    const [, typed, type] = /\n# TYPE (\S+) (counter|gauge|histogram)\n/.exec(block) ?? [];
    assert.equal(typed, name);
    assert.match(name, /^[a-z]+(_[a-z]+)+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /_(count|sum|bucket)$|milli|micro|_ms|_mb|counter|gauge|histogram/);
    if (/duration|timestamp/.test(name)) assert.match(name, /_seconds$/);
    for (const line of block.trimEnd().split('\n').slice(2)) {
      assert.match(
        line,
        /^[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? \S+$/,
      );
      assert.ok(line.startsWith(name), line);
    }
  }
  assert.ok(text.endsWith('\n'));
});

test('the definitions name every metric with the labels it has', () => {
  const text = recorded().exportPrometheusMetrics();
  for (const { name, help, type, labels } of Object.values(MODEL_METRICS)) {
    assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
    const [, given = ''] = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? `, 'm').exec(text) ?? [];
    assert.deepEqual(
      Array.from(given.matchAll(/(\w+)="/g), ([, label]) => label),
      [...labels],
      name,
    );
  }
});

test('a quality that is none is refused before anything is noted', () => {
  const monitor = new ModelMonitor();
  assert.throws(() => monitor.recordQuality('a', { accuracy: 1.01 }), { code: 'USAGE' });
  assert.throws(() => monitor.recordQuality('a', { gain: 2 }), { code: 'USAGE' });
  assert.throws(() => monitor.recordQuality('a', { gain: Number.NaN }), { code: 'USAGE' });
  assert.throws(() => monitor.recordBreaker('', { isOpen: true }), { code: 'USAGE' });
  assert.throws(() => monitor.getMetrics('a'), { code: 'MISSING' });
});

test('buckets only grow, and the last holds every answer', () => {
  fc.assert(
    fc.property(latencies, (all) => {
      const monitor = new ModelMonitor({ clock: new ManualClock() });
      for (const latencyMs of all) monitor.recordPrediction('a', { success: true, latencyMs });
      const text = monitor.exportPrometheusMetrics();
      const buckets = Array.from(text.matchAll(/le="([^"]+)"\} (\d+)/g), ([, le, count]) => {
        return [le === '+Inf' ? Infinity : Number(le), Number(count)] as const;
      });
      for (const [bound, count] of buckets) {
        assert.equal(count, all.filter((latencyMs) => latencyMs <= bound * 1000).length, `below ${bound}`);
      }
      assert.equal(buckets.at(-1)?.[1], all.length);
    }),
  );
});

test("a register of the caller's own is asked for its metrics whenever it is read", async () => {
  const monitor = new ModelMonitor({ clock: new ManualClock() });
  const registered: RegisteredMetric[] = [];
  monitor.join({ registerMetric: (metric) => void registered.push(metric) });
  monitor.recordPrediction('a', { success: true, latencyMs: 1 });
  const predictions = registered.find(({ name }) => name === 'pilotfish_model_predictions_total');
  assert.deepEqual([predictions?.type, predictions?.aggregator], ['counter', 'sum']);
  predictions?.reset();
  assert.deepEqual((await predictions?.get())?.values, [
    { labels: { model: 'a', outcome: 'success' }, value: 1 },
    { labels: { model: 'a', outcome: 'failure' }, value: 0 },
  ]);
  assert.equal(registered.length, 9);
});
