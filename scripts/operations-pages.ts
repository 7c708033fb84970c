// node scripts/operations-pages.ts: writes the pages of docs/operations that are made from the code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CAUSES } from '../src/cli/index.ts';
import { DOCUMENT_METRICS, type MetricDefinition, MODEL_METRICS } from '../src/lifecycle/index.ts';
import { root } from './process.ts';
import { servedMetrics } from './served-metrics.ts';

/** Pages by path within the project. */
export const OPERATIONS_PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/operations/metrics.md': metricsPage,
  'docs/operations/troubleshooting.md': troubleshootingPage,
};

async function metricsPage(): Promise<string> {
  const models = Object.values<MetricDefinition>(MODEL_METRICS);
  const isOfModels = (name: string): boolean => models.some((metric) => metric.name === name);
  const others = (await servedMetrics()).filter(({ name }) => !isOfModels(name));
  return `# Metrics

Made by \`node scripts/operations-pages.ts\` from the definitions in the code.

Every model that is served is counted by a \`ModelMonitor\`: \`exportPrometheusMetrics()\` answers the text that Prometheus
reads, \`join(register)\` adds the same to a register of the program's own, such as prom-client's, and \`/metrics\` of
\`pilotfish serve\` shows them, and those of the server below.

## Served models
${table(models)}

Accuracy, gain and the breaker are known to whoever judges decisions, who tells them by \`recordQuality\` and
\`recordBreaker\`; until then they are left out. The room of a model is a label of \`${MODEL_METRICS.version.name}\` alone; other
metrics get it by \`* on (job, instance, model) group_left (room) ${MODEL_METRICS.version.name}\`.

Alert rules with their tests: [examples/prometheus](../../examples/prometheus/alerts.yml). A dashboard:
[examples/grafana](../../examples/grafana/pilotfish-models.json).

## The server
${table(others)}

## The documents' names
\`documentMetricsPage(registry)\` renders them, for dashboards that were made for document 003. They break today's rules for
names, so they are a page of their own, and no part of \`/metrics\`.

${table(Object.values(DOCUMENT_METRICS))}
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
