// node scripts/operations-pages.ts: writes the pages of docs/operations that are made from the code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CAUSES } from '../src/cli/index.ts';
import {
  DOCUMENT_METRICS,
  DRIFT_DOCUMENT_METRICS,
  DRIFT_METRICS,
  EXPERIMENT_DOCUMENT_METRICS,
  EXPERIMENT_METRICS,
  type MetricDefinition,
  MODEL_METRICS,
  ONLINE_DOCUMENT_METRICS,
  ONLINE_METRICS,
  ROLLOUT_METRICS,
} from '../src/lifecycle/index.ts';
import { root } from './process.ts';
import { servedMetrics } from './served-metrics.ts';

/** Pages by path within the project. */
export const OPERATIONS_PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/operations/metrics.md': metricsPage,
  'docs/operations/troubleshooting.md': troubleshootingPage,
};

async function metricsPage(): Promise<string> {
  const models = Object.values<MetricDefinition>(MODEL_METRICS);
  const drift = Object.values<MetricDefinition>(DRIFT_METRICS);
  const experiments = Object.values<MetricDefinition>(EXPERIMENT_METRICS);
  const online = Object.values<MetricDefinition>(ONLINE_METRICS);
  const rollouts = Object.values<MetricDefinition>(ROLLOUT_METRICS);
  const documents = [
    ...Object.values(DOCUMENT_METRICS),
    ...Object.values(EXPERIMENT_DOCUMENT_METRICS),
    ...Object.values(DRIFT_DOCUMENT_METRICS),
    ...Object.values(ONLINE_DOCUMENT_METRICS),
  ];
  const isListed = (name: string): boolean =>
    [...models, ...experiments, ...drift, ...online, ...rollouts].some((metric) => metric.name === name);
  const others = (await servedMetrics()).filter(({ name }) => !isListed(name));
  return `# Metrics

Made by \`node scripts/operations-pages.ts\` from the definitions in the code.

Every model that is served is counted by a \`ModelMonitor\`: \`exportPrometheusMetrics()\` answers the text that Prometheus
reads, \`join(register)\` adds the same to a register of the program's own, such as prom-client's, and \`/metrics\` of
\`pilotfish serve\` shows them, and those of the server below.

## Served models
${table(models)}

In a server, accuracy and gain are those of the [outcomes that were sent](../guides/ingest.md); within a program whoever
judges decisions tells them by \`recordQuality\`. The breaker is told by \`recordBreaker\`, by the program whose decisions
it guards. Until then they are left out. The room of a model is a label of \`${MODEL_METRICS.version.name}\` alone; other
metrics get it by \`* on (job, instance, model) group_left (room) ${MODEL_METRICS.version.name}\`.

Alert rules with their tests: [examples/prometheus](../../examples/prometheus/alerts.yml). A dashboard:
[examples/grafana](../../examples/grafana/pilotfish-models.json).

## Experiments
${table(experiments)}

Of running experiments beyond the first 100 only the number is shown.

## Drift
${table(drift)}

They are told by features, predictions and errors that are watched; a drift that goes on has one value of
\`${DRIFT_METRICS.open.name}\`, at its severity.

## Online learning
${table(online)}

## Rollouts
${table(rollouts)}

## The server
${table(others)}

## The documents' names
\`documentMetricsPage(registry)\` renders them, for dashboards that were made for document 003. They break today's rules for
names, so they are a page of their own, and no part of \`/metrics\`.

${table(documents)}
`;
}

function troubleshootingPage(): string {
  const rows = CAUSES.map(
    ({ check, code, cause, remedy }) => `| \`${code}\` | ${check} | ${cause} | ${remedy} |`,
  );
  return `# Troubleshooting

Made by \`node scripts/operations-pages.ts\` from the causes that \`pilotfish doctor\` knows.

\`pilotfish doctor --data DIR\` does every check and ends with 0 when all is well; \`--json\` is for machines. It writes a small
file and deletes it, notes damage it finds in the audit log, and changes nothing else. The codes are those of
errors everywhere else.

| code | check | cause | remedy |
|---|---|---|---|
${rows.join('\n')}

Errors of commands end with what to do; with \`PILOTFISH_DEBUG=1\` they add where it happened.
`;
}

function table(metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`,
  );
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

if (import.meta.main) {
  for (const [path, page] of Object.entries(OPERATIONS_PAGES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), await page());
  }
}
