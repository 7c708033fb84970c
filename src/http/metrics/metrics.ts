import type { FastifyInstance } from 'fastify';
import type { Log } from '../../base/index.ts';
import {
  type ABTestManager,
  type CollectedMetric,
  type DriftDetector,
  documentDriftMetrics,
  documentExperimentMetrics,
  documentMetricsPage,
  documentOnlineMetrics,
  driftMetrics,
  experimentMetrics,
  exposition,
  lastEvent,
  type ModelMonitor,
  type OnlineLearner,
  onlineMetrics,
  type RegistryDirectory,
  type RolloutManager,
  rolloutMetrics,
} from '../../lifecycle/index.ts';
import type { HttpMetrics } from './http-metrics.ts';

export type MetricsOptions = {
  readonly directory: RegistryDirectory;
  readonly monitor: ModelMonitor;
  readonly drift: DriftDetector;
  readonly online: OnlineLearner;
  readonly experiments: ABTestManager;
  readonly rollouts: RolloutManager;
  readonly http: HttpMetrics;
  readonly log: Log;
  /** Names of the models in production. */
  readonly production: () => readonly string[];
  readonly version: string;
};

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const US_PER_SECOND = 1e6;

/**
 * Adds `/metrics`: the models, the registry, the requests and the process, in the text format of Prometheus; and
 * `/metrics/documents` with the names of document 003, for dashboards that were made for those.
 */
export function addMetrics(app: FastifyInstance, options: MetricsOptions): void {
  app.get('/metrics', { config: { role: 'viewer' } }, async (_request, reply) => {
    const rooms = await found(options.log, [
      () => registryMetrics(options),
      () => driftMetrics(options.drift),
      () => experimentMetrics(options.experiments),
      () => onlineMetrics(options.online),
      () => rolloutMetrics(options.rollouts),
    ]);
    const own = [...rooms, ...options.http.collect(), ...processMetrics(options.version)];
    return reply.type(TYPE).send(`${options.monitor.exportPrometheusMetrics()}${exposition(own)}`);
  });
  app.get('/metrics/documents', { config: { role: 'viewer' } }, async (_request, reply) =>
    reply
      .type(TYPE)
      .send(
        await documentMetricsPage(
          options.directory.registry,
          await found(options.log, [
            () => documentDriftMetrics(options.drift),
            () => documentExperimentMetrics(options.experiments),
            () => documentOnlineMetrics(options.online),
          ]),
        ),
      ),
  );
}

/** The metrics of all rooms that can say theirs: one that is damaged must not blind whoever watches the others. */
async function found(
  log: Log,
  rooms: readonly (() => Promise<CollectedMetric[]>)[],
): Promise<CollectedMetric[]> {
  const all: CollectedMetric[] = [];
  for (const room of rooms) {
    try {
      all.push(...(await room()));
    } catch (error) {
      log.write('error', `metrics: ${String(error)}`);
    }
  }
  return all;
}

async function registryMetrics({ directory, production }: MetricsOptions): Promise<CollectedMetric[]> {
  const names = production();
  return [
    {
      name: 'pilotfish_registry_events_total',
      help: 'Changes of models and versions since the registry was made.',
      type: 'counter',
      values: [{ labels: {}, value: await lastEvent(directory.state) }],
    },
    {
      name: 'pilotfish_registry_production_models',
      help: 'Models with a version in production that can be served.',
      type: 'gauge',
      values: [{ labels: {}, value: names.length }],
    },
  ];
}

/** By the names that dashboards for any program look for. */
function processMetrics(version: string): CollectedMetric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const one = (name: string, type: 'counter' | 'gauge', help: string, value: number): CollectedMetric => ({
    ...{ name, type, help },
    values: [{ labels: {}, value }],
  });
  return [
    one('process_cpu_seconds_total', 'counter', 'CPU time of the process.', (user + system) / US_PER_SECOND),
    one('process_resident_memory_bytes', 'gauge', 'Memory of the process that is resident.', rss),
    one('nodejs_heap_used_bytes', 'gauge', 'Bytes of the heap in use.', heapUsed),
    one('process_uptime_seconds', 'gauge', 'Time since the process started.', process.uptime()),
    {
      name: 'pilotfish_build_info',
      help: 'The version of this program.',
      type: 'gauge',
      values: [{ labels: { version, node: process.version }, value: 1 }],
    },
  ];
}
