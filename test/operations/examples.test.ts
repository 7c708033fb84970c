// What lies in examples/ for Prometheus, Grafana and systemd.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DRIFT_METRICS, MODEL_METRICS } from '../../src/lifecycle/index.ts';
import { root } from '../support.ts';

const read = (path: string): string => readFileSync(join(root, 'examples', path), 'utf8');

const NAMES = new Set<string>(
  [...Object.values(MODEL_METRICS), ...Object.values(DRIFT_METRICS)].flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

/** Every metric of ours that is named in a text. */
const named = (text: string): string[] => [...text.matchAll(/pilotfish_[a-z_]+/g)].map(([name]) => name);

type Panel = {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
  }[];
};
type Dashboard = {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};

test('the dashboard asks for metrics that exist, by room', () => {
  const { panels, templating } = JSON.parse(read('grafana/pilotfish-models.json')) as Dashboard;
  assert.deepEqual(
    panels.map(({ title }) => title),
    ['Latency by room', 'Accuracy against the oracle', 'Gain over the rule', 'Age of the model'],
  );
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
    const asked = named(expr);
    assert.ok(asked.length > 0, expr);
    for (const name of asked) assert.ok(NAMES.has(name), name);
    assert.match(expr, /by \(room\b/);
    assert.match(expr, /room=~"\$room"/);
    assert.ok(legendFormat.startsWith('{{room}}'));
  }
  assert.deepEqual(
    panels[0]?.targets.map(({ expr }) => /histogram_quantile\(([0-9.]+)/.exec(expr)?.[1]),
    ['0.5', '0.95', '0.99'],
  );
  const room = templating.list.find(({ name }) => name === 'room');
  const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(room?.definition ?? '') ?? [];
  const definition = Object.values(MODEL_METRICS).find(({ name }) => name === metric);
  assert.ok(definition?.labels.some((each) => each === label));
});

test('the alert rules ask for metrics that exist, and each has a test', () => {
  const [rules, tests] = [read('prometheus/alerts.yml'), read('prometheus/alerts.test.yml')];
  for (const name of [...named(rules), ...named(tests)]) assert.ok(NAMES.has(name), name);
  const alerts = Array.from(rules.matchAll(/^ {6}- alert: (\w+)$/gm), ([, alert = '']) => alert);
  assert.deepEqual(alerts, [
    'PilotfishModelAccuracyDropped',
    'PilotfishPredictionSlow',
    'PilotfishModelOld',
    'PilotfishBreakerOpen',
    'PilotfishDriftCritical',
  ]);
  for (const alert of alerts) {
    const [, afterwards = ''] = tests.split(new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n`));
    assert.match(afterwards, /^ +- exp_labels: \{ ?severity: \w+, (model|feature): \w+/, alert);
  }
});

test('the unit names each setting once, in its section, and starts the server with its own data directory', () => {
  const lines = read('systemd/pilotfish.service')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(
    lines.filter((line) => line.startsWith('[')),
    ['[Unit]', '[Service]', '[Install]'],
  );
  const settings = lines.filter((line) => !line.startsWith('['));
  for (const line of settings) assert.match(line, /^[A-Z][A-Za-z]+=/);
  const keys = settings.map((line) => line.slice(0, line.indexOf('=')));
  const repeated = keys.filter((key, at) => keys.indexOf(key) !== at);
  assert.deepEqual(repeated, ['SystemCallFilter']);
  const has = (line: string): boolean => settings.includes(line);
  const state = settings.find((line) => line.startsWith('StateDirectory='))?.slice('StateDirectory='.length);
  const start = settings.find((line) => line.startsWith('ExecStart=')) ?? '';
  assert.ok(start.includes(`pilotfish serve --data /var/lib/${state} `));
  assert.ok(['NoNewPrivileges=yes', 'ProtectSystem=strict', 'DynamicUser=yes', 'UMask=0077'].every(has));
});
