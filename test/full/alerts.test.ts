// promtool of Debian's prometheus reads our metrics and our alert rules.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ModelMonitor } from '../../src/lifecycle/index.ts';
import { root, run, temporaryFolder } from '../support.ts';
import { absent, ensureTool } from './tools.ts';

const folder = join(root, 'examples/prometheus');

test('promtool: the alert rules are sound and do what their tests say', (t) => {
  const promtool = ensureTool('promtool', 'prometheus');
  if (promtool === null) return t.skip(absent('promtool'));
  for (const args of [
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ]) {
    const { code, stdout, stderr } = run(promtool, args, { cwd: folder });
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /SUCCESS/);
  }
});

test('promtool: the metrics of the models are named and described as it wants them', (t) => {
  const promtool = ensureTool('promtool', 'prometheus');
  if (promtool === null) return t.skip(absent('promtool'));
  const monitor = new ModelMonitor();
  monitor.recordPrediction('codec', { success: true, latencyMs: 0.5 });
  monitor.recordModel('codec', { version: '1', createdMs: 1_700_000_000_000 });
  monitor.recordQuality('codec', { accuracy: 0.9, gain: 0.1 });
  monitor.recordBreaker('codec', { isOpen: false });
  const input = monitor.exportPrometheusMetrics();
  const checked = spawnSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8', timeout: 60_000 });
  assert.equal(checked.status, 0, `${checked.stdout}${checked.stderr}`);
  assert.equal(`${checked.stdout}${checked.stderr}`, '');
});

type Dashboard = { readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[] };

/** The queries of the dashboard as Grafana asks them of all rooms. */
function queries(): string[] {
  const file = join(root, 'examples/grafana/pilotfish-models.json');
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return asked.map((expr) => expr.replaceAll('$room', '.*').replaceAll('$__rate_interval', '5m'));
}

test('promtool: the queries of the dashboard answer by room', (t) => {
  const promtool = ensureTool('promtool', 'prometheus');
  if (promtool === null) return t.skip(absent('promtool'));
  const of = (name: string, labels = ''): string =>
    `pilotfish_model_${name}{job="p",instance="i",model="compression_predictor"${labels}}`;
  const bucket = (le: string): string => of('prediction_duration_seconds_bucket', `,le="${le}"`);
  const series = [
    [of('version_info', ',room="codec",version="2"'), '1x60'],
    [bucket('0.001'), '0+100x60'],
    [bucket('+Inf'), '0+100x60'],
    [of('accuracy_ratio'), '0.9x60'],
    [of('gain_ratio'), '0.25x60'],
    [of('created_timestamp_seconds'), '0x60'],
  ];
  const values = [0.0005, 0.00095, 0.00099, 0.9, 0.25, 3600];
  const tests = {
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: series.map(([name, each]) => ({ series: name, values: each })),
        promql_expr_test: queries().map((expr, at) => ({
          ...{ expr, eval_time: '1h' },
          exp_samples: [{ labels: '{room="codec"}', value: values[at] }],
        })),
      },
    ],
  };
  // JSON is YAML.
  const file = join(temporaryFolder(t), 'dashboard.test.yml');
  writeFileSync(file, JSON.stringify(tests));
  const { code, stdout, stderr } = run(promtool, ['test', 'rules', file], { cwd: folder });
  assert.equal(code, 0, `${stdout}${stderr}`);
});
